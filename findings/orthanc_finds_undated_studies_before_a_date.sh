#!/usr/bin/env bash
# The key StudyDate = -20191231 is for studies of that day and earlier (PS3.4 C.2.2.2.5); StudyDate is Type 2, so a study may have
# an empty one, which no range but universal matching finds. Orthanc 1.10.1 counts "no date" as a date before all
# others, by C-FIND and by QIDO-RS: who looks for what is old enough to be deleted gets every study without a date as well.
# 20000101-20191231 does not find it.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc orthanc-dicomweb"; exit 2; }
dpkg-query -W orthanc orthanc-dicomweb
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
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
 "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"]}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
cat >ask.py <<'PY'
import json
import sys
import time
import urllib.request

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

dicom, http = map(int, sys.argv[1:])
entity = AE(ae_title="SOMEBODY")
entity.add_requested_context(FIND)
entity.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
for _ in range(80):
    association = entity.associate("127.0.0.1", dicom, ae_title="ORTHANC")
    if association.is_established:
        break
    time.sleep(0.25)
for number, date in enumerate(("20180401", "20260401", ""), 1):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, f"2.25.{number}1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"2.25.{number}", f"2.25.{number}2"
    ds.PatientID, ds.StudyDate = str(number), date
    assert association.send_c_store(ds).Status == 0
for text in ("-20191231", "20000101-20191231"):
    key = Dataset()
    key.QueryRetrieveLevel, key.StudyInstanceUID, key.StudyDate = "STUDY", "", text
    answers = [one.StudyDate or "none" for _, one in association.send_c_find(key, FIND) if one is not None]
    print(f"C-FIND {text}: dates {', '.join(sorted(answers))}")
    url = f"http://127.0.0.1:{http}/dicom-web/studies?StudyDate={text}"
    answers = [one["00080020"].get("Value", ["none"])[0] for one in json.load(urllib.request.urlopen(url))]
    print(f"QIDO-RS {text}: dates {', '.join(sorted(answers))}")
association.release()
PY
env/bin/python ask.py "$dicom" "$http" | tee said.txt
diff said.txt - <<'TXT'
C-FIND -20191231: dates 20180401, none
QIDO-RS -20191231: dates 20180401, none
C-FIND 20000101-20191231: dates 20180401
QIDO-RS 20000101-20191231: dates 20180401
TXT
