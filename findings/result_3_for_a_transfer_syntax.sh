#!/usr/bin/env bash
# PS3.8 Table 9-18 has two refusals of a presentation context: 3, abstract syntax not supported, and 4, transfer
# syntaxes not supported. Asked for CT Image Storage in HTJ2K (which none of the three takes), DCMTK's
# storescp answers 4. DCMTK's dcmqrscp and Orthanc answer 3, as if they stored no CT at all, though on the same
# association they accept CT in Explicit VR. So result 3 says nothing about the class.
set -euo pipefail
for program in storescp dcmqrscp Orthanc; do
  command -v $program >/dev/null || { echo "needs $program: apt-get install dcmtk orthanc"; exit 2; }
done
dpkg-query -W dcmtk orthanc
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
read -r p1 p2 p3 p4 <<<"$(env/bin/python - <<'PY'
import socket
held = [socket.socket() for _ in range(4)]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))
PY
)"
mkdir kept
cat >qr.cfg <<CFG
NetworkTCPPort = $p2
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP $folder/kept RW (10, 1gb) ANY
AETable END
CFG
echo "{\"DicomPort\": $p3, \"HttpPort\": $p4, \"DicomAet\": \"ORTHANC\", \"StorageDirectory\": \"o\", \"IndexDirectory\": \"o\", \"RemoteAccessAllowed\": false}" >o.json
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin
storescp -od "$folder" "$p1" & pids+=($!)
dcmqrscp -c qr.cfg & pids+=($!)
Orthanc o.json >o.log 2>&1 & pids+=($!)
env/bin/python - "$p1" "$p2" "$p3" <<'PY'
import sys
import time

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, HTJ2KLossless
from pynetdicom import AE, build_context

seen = {}
for name, title, port in zip(
    ("storescp", "dcmqrscp", "Orthanc"), ("ANY", "QRSCP", "ORTHANC"), sys.argv[1:], strict=True
):
    entity = AE(ae_title="SOMEBODY")
    proposed = [build_context(CTImageStorage, syntax) for syntax in (ExplicitVRLittleEndian, HTJ2KLossless)]
    for _ in range(120):
        association = entity.associate("127.0.0.1", int(port), proposed, title)
        if association.is_established:
            break
        time.sleep(0.25)
    results = {c.context_id: c.result for c in association.accepted_contexts + association.rejected_contexts}
    association.release()
    seen[name] = [results[key] for key in sorted(results)]
    print(f"{name:9} CT in Explicit VR: result {seen[name][0]}, CT in HTJ2K: result {seen[name][1]}")
assert seen == {"storescp": [0, 4], "dcmqrscp": [0, 3], "Orthanc": [0, 3]}, seen
PY
