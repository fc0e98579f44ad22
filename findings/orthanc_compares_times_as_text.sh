#!/usr/bin/env bash
# A time may be written with less precision than another: 10, 1000 and 100000 are the same hour (PS3.5 6.2, TM), and a range is one
# of moments, its ends included (PS3.4 C.2.2.2.5). Orthanc 1.10.1 compares the letters: between 0900 and 1000 it finds what was
# acquired at 1000 but not at 100000 (more letters), and not at 09 (fewer than 0900). So what a query brings depends on
# how many digits the modality writes.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc"; exit 2; }
dpkg-query -W orthanc
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 pynetdicom==3.0.4
read -r dicom http <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
cat >o.json <<JSON
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o", "DicomAlwaysAllowFind": true,
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
cat >ask.py <<'PY'
import sys
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

entity = AE(ae_title="SOMEBODY")
entity.add_requested_context(FIND)
entity.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
for _ in range(80):
    association = entity.associate("127.0.0.1", int(sys.argv[1]), ae_title="ORTHANC")
    if association.is_established:
        break
    time.sleep(0.25)
for number, moment in enumerate(("09", "0930", "1000", "100000"), 1):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, f"2.25.{number}1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"2.25.{number}", f"2.25.{number}2"
    ds.PatientID, ds.StudyDate, ds.StudyTime = str(number), "20260101", moment
    assert association.send_c_store(ds).Status == 0
for text in ("0900-1000", "090000-100000", "080000-110000"):
    key = Dataset()
    key.QueryRetrieveLevel, key.StudyInstanceUID, key.StudyTime = "STUDY", "", text
    answers = [one.StudyTime for _, one in association.send_c_find(key, FIND) if one is not None]
    print(f"{text}: {' '.join(sorted(answers))}")
association.release()
PY
env/bin/python ask.py "$dicom" | tee said.txt
diff said.txt - <<'TXT'
0900-1000: 0930 1000
090000-100000: 0930 1000 100000
080000-110000: 09 0930 1000 100000
TXT
