#!/usr/bin/env bash
# DCMTK's getscu ends with exit code 0 and no word when the final C-GET response says success with no
# sub-operations at all: the study asked for is not there. The same with movescu. Who scripts a retrieval has to
# count what came; the exit code does not say.
set -euo pipefail
command -v getscu >/dev/null && command -v dcmqrscp >/dev/null || { echo "needs DCMTK: apt-get install dcmtk"; exit 2; }
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin
dpkg-query -W dcmtk
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
mkdir kept got
cat >qr.cfg <<CFG
NetworkTCPPort = $port
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
me = (SOMEBODY, localhost, 11119)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP $folder/kept RW (10, 1gb) ANY
AETable END
CFG
dcmqrscp -c qr.cfg & pids+=($!)
for _ in $(seq 40); do echoscu -aec QRSCP 127.0.0.1 "$port" 2>/dev/null && break; sleep 0.25; done
for program in "getscu -od got" "movescu -aem SOMEBODY"; do
  code=0
  $program -aet SOMEBODY -aec QRSCP -S -k QueryRetrieveLevel=STUDY -k StudyInstanceUID=2.25.404 127.0.0.1 "$port" >said 2>&1 || code=$?
  echo "$program: exit $code, $(wc -c <said) bytes said, $(find got -type f | wc -l) files"
  [ "$code" = 0 ]
  [ ! -s said ]
done
[ -z "$(ls got)" ]
