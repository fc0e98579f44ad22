#!/usr/bin/env bash
# Orthanc 1.10.1 answers C-FIND in its DefaultEncoding (Latin1 when nothing is configured), whatever character
# set the query came in and the study is stored in. Letters that this set lacks are not in the answer: a study of
# ЛЮКСЕМБУРГ^ИВАН stored in UTF-8, asked for in UTF-8, is answered as "^" in ISO_IR 100, with status FF00. QIDO-RS
# of its DICOMweb plugin 1.7, whose JSON is UTF-8, says "^" as well; WADO-RS metadata have the whole name.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc orthanc-dicomweb"; exit 2; }
dpkg-query -W orthanc orthanc-dicomweb
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
read -r dicom http <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
cat >o.json <<JSON
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o",
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false, "DicomAet": "ORTHANC",
 "DicomModalities": {"me": ["SOMEBODY", "127.0.0.1", 11119]},
 "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"]}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
env/bin/python - "$dicom" "$http" <<'PY'
import json
import sys
import time
import urllib.request

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SpecificCharacterSet = "ISO_IR 192"
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.PatientID, ds.PatientName = "1", "ЛЮКСЕМБУРГ^ИВАН"
entity = AE(ae_title="SOMEBODY")
entity.add_requested_context(FIND)
entity.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
for _ in range(120):
    association = entity.associate("127.0.0.1", int(sys.argv[1]), ae_title="ORTHANC")
    if association.is_established:
        break
    time.sleep(0.25)
assert association.send_c_store(ds).Status == 0
key = Dataset()
key.SpecificCharacterSet, key.QueryRetrieveLevel = "ISO_IR 192", "STUDY"
key.StudyInstanceUID, key.PatientName = "2.25.2", ""
(status, match), (final, _) = association.send_c_find(key, FIND)
association.release()
print(f"C-FIND: {status.Status:04X} {match.SpecificCharacterSet} {str(match.PatientName)!r}")
names = []
for path in ("studies?StudyInstanceUID=2.25.2", "studies/2.25.2/metadata"):
    url = f"http://127.0.0.1:{sys.argv[2]}/dicom-web/{path}"
    asked = urllib.request.Request(url, headers={"Accept": "application/dicom+json"})
    found = json.load(urllib.request.urlopen(asked))
    names.append(found[0]["00100010"]["Value"][0]["Alphabetic"])
print("QIDO-RS and WADO-RS:", names)
assert status.Status == 0xFF00 and final.Status == 0
assert match.SpecificCharacterSet == "ISO_IR 100" and str(match.PatientName) == "^"
assert names == ["^", "ЛЮКСЕМБУРГ^ИВАН"]
PY
