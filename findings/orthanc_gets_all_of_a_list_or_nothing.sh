#!/usr/bin/env bash
# A C-GET may name several entities of its level by a list of UIDs (PS3.4 C.4.3.1.3.1, C.2.2.2.2), and what matches any of
# them is sent. Orthanc 1.10.1 sends both of two studies that it has, but of one that it has and one that it lacks it
# sends nothing and answers C000, unable to process. dcmqrscp (DCMTK) sends the one.
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
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage as SC
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET

port, entity = int(sys.argv[1]), AE(ae_title="SOMEBODY")
for _ in range(120):
    association = entity.associate("127.0.0.1", port, [build_context(SC, ExplicitVRLittleEndian)], "ORTHANC")
    if association.is_established:
        break
    time.sleep(0.25)
for number in ("1", "2"):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SC, f"2.25.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = f"2.25.1{number}", f"2.25.2{number}", "1"
    assert association.send_c_store(ds).Status == 0
association.release()


def got(uids: list[str]) -> tuple[str, list[str]]:
    came: list[str] = []

    def take(event: evt.Event) -> int:
        came.append(str(event.dataset.SOPInstanceUID))
        return 0

    contexts = [build_context(GET), build_context(SC, ExplicitVRLittleEndian)]
    association = entity.associate(
        "127.0.0.1", port, contexts, "ORTHANC",
        ext_neg=[build_role(SC, scp_role=True)], evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    key = Dataset()
    key.QueryRetrieveLevel, key.StudyInstanceUID = "STUDY", uids
    statuses = [status.Status for status, _ in association.send_c_get(key, GET)]
    association.release()
    return f"{statuses[-1]:04X}", sorted(came)


for uids in (["2.25.11", "2.25.12"], ["2.25.11", "2.25.99"], ["2.25.11"]):
    print(uids, got(uids))
assert got(["2.25.11", "2.25.12"]) == ("0000", ["2.25.1", "2.25.2"])
assert got(["2.25.11", "2.25.99"]) == ("C000", [])
assert got(["2.25.11"]) == ("0000", ["2.25.1"])
PY
