#!/usr/bin/env bash
# In LT, ST and UT a backslash is a character, and the element has one value (PS3.5 6.2); so it has in DICOM JSON (PS3.18 F.2.2). The metadata
# of the DICOMweb plugin 1.7 of Orthanc 1.10.1 have two values where a comment says C:\export, as if it were a list, and a reader
# that takes the first has half of the comment. An item without attributes, which is valid in a sequence (PS3.5 7.5.1),
# is left out, so that the second item becomes the first.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc orthanc-dicomweb"; exit 2; }
dpkg-query -W orthanc orthanc-dicomweb
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
read -r dicom http <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
cat >o.json <<JSON
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o",
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
 "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"]}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
cat >ask.py <<'PY'
import io
import json
import sys
import time
import urllib.error
import urllib.request

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

base = f"http://127.0.0.1:{sys.argv[1]}"
for _ in range(80):
    try:
        urllib.request.urlopen(base + "/system")
        break
    except urllib.error.URLError:
        time.sleep(0.25)
second = Dataset()
second.RequestedProcedureID = "R2"
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.ImageComments = "see C:\\export of Monday"
ds.RequestAttributesSequence = [Dataset(), second]
file = io.BytesIO()
ds.save_as(file, enforce_file_format=True)
urllib.request.urlopen(urllib.request.Request(base + "/instances", file.getvalue()))
url = base + "/dicom-web/studies/2.25.2/series/2.25.3/instances/2.25.1/metadata"
request = urllib.request.Request(url, headers={"Accept": "application/dicom+json"})
metadata = json.load(urllib.request.urlopen(request))[0]
print("written:", ds.ImageComments, "and", len(ds.RequestAttributesSequence), "items")
print("metadata:", json.dumps(metadata["00204000"]["Value"]), "and", len(metadata["00400275"]["Value"]), "items")
PY
env/bin/python ask.py "$http" | tee said.txt
diff said.txt - <<'TXT'
written: see C:\export of Monday and 2 items
metadata: ["see C:", "export of Monday"] and 1 items
TXT
