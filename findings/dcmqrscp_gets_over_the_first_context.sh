#!/usr/bin/env bash
# A C-GET requestor that proposes MR in Implicit VR first and MR in RLE Lossless in a second context can take a
# compressed image as it is stored. DCMTK's dcmqrscp 3.6.7 (started with +xr, so that it stores and offers RLE)
# accepts both contexts, tries the first only, and answers that the sub-operation failed: it cannot convert to
# Little Endian Implicit. With the RLE context alone the image comes.
set -euo pipefail
command -v dcmqrscp >/dev/null || { echo "needs dcmqrscp: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
port=$(env/bin/python -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
mkdir kept
cat >qr.cfg <<CFG
NetworkTCPPort = $port
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
PATH=/usr/local/bin:/usr/bin:/bin
dcmqrscp +xr -c qr.cfg 2>server.log & pids+=($!)
env/bin/python - "$port" <<'PY'
import sys
import time

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET

ds = dcmread(get_testdata_file("MR_small_RLE.dcm", download=False))
syntax = ds.file_meta.TransferSyntaxUID
entity = AE(ae_title="SOMEBODY")
for _ in range(120):
    sender = entity.associate("127.0.0.1", int(sys.argv[1]), [build_context(ds.SOPClassUID, syntax)], "QRSCP")
    if sender.is_established:
        break
    time.sleep(0.25)
assert sender.send_c_store(ds).Status == 0
sender.release()
key = Dataset()
key.QueryRetrieveLevel, key.StudyInstanceUID = "STUDY", ds.StudyInstanceUID


def get(*syntaxes: str) -> tuple[int, int, list[int]]:
    came: list[str] = []
    contexts = [build_context(GET), *(build_context(ds.SOPClassUID, one) for one in syntaxes)]
    keep = (evt.EVT_C_STORE, lambda event: came.append(event.context.transfer_syntax) or 0)
    association = entity.associate(
        "127.0.0.1", int(sys.argv[1]), contexts, "QRSCP",
        ext_neg=[build_role(ds.SOPClassUID, scp_role=True)], evt_handlers=[keep],
    )
    accepted = [c.transfer_syntax[0] for c in association.accepted_contexts if c.abstract_syntax == ds.SOPClassUID]
    *_, (status, _) = association.send_c_get(key, GET)
    association.release()
    return status.Status, len(came), [one == syntax for one in accepted]


both, alone = get(ImplicitVRLittleEndian, syntax), get(syntax)
print(f"Implicit VR, then {syntax.name}: status {both[0]:04X}, {both[1]} instances, contexts accepted {len(both[2])}")
print(f"{syntax.name} alone: status {alone[0]:04X}, {alone[1]} instances")
assert both[0] != 0 and both[1] == 0 and both[2] == [False, True]
assert alone[0] == 0 and alone[1] == 1
PY
grep -m1 -i "convert" server.log || true
