#!/usr/bin/env bash
# The command set of a C-GET response has the elements of PS3.7 Table 9.3-8. When no sub-operation can be done (the
# requestor offers no context for the stored class), Orthanc 1.10.1 answers C000 with FailedSOPInstanceUIDList
# (0008,0058), which belongs into the identifier, inside the command set, with a group length for group 0008.
# A reader that takes only what the table has loses the status with it.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc"; exit 2; }
dpkg-query -W orthanc
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
read -r dicom http <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
cat >o.json <<JSON
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o", "DicomAet": "ORTHANC",
 "RemoteAccessAllowed": false, "DicomModalities": {"me": ["SOMEBODY", "127.0.0.1", 11119]}}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
env/bin/python - "$dicom" <<'PY'
import sys
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, SecondaryCaptureImageStorage
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
commands: list[Dataset] = []
entity = AE(ae_title="SOMEBODY")
contexts = [build_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)]
for _ in range(120):
    association = entity.associate("127.0.0.1", int(sys.argv[1]), contexts, "ORTHANC")
    if association.is_established:
        break
    time.sleep(0.25)
assert association.send_c_store(ds).Status == 0
association.release()
contexts = [build_context(GET), build_context(MRImageStorage, ExplicitVRLittleEndian)]
keep = (evt.EVT_DIMSE_RECV, lambda event: commands.append(event.message.command_set))
association = entity.associate(
    "127.0.0.1", int(sys.argv[1]), contexts, "ORTHANC",
    ext_neg=[build_role(MRImageStorage, scp_role=True)], evt_handlers=[keep],
)
key = Dataset()
key.QueryRetrieveLevel, key.StudyInstanceUID = "STUDY", "2.25.2"
list(association.send_c_get(key, GET))
association.release()
final = commands[-1]
print(final)
assert final.Status == 0xC000
assert 0x00080000 in final and 0x00080058 in final
PY
