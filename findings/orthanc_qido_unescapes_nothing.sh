#!/usr/bin/env bash
# A space, a caret, brackets and letters beyond ASCII have no place in a URL: they are written as % and two digits, and mean the
# character (RFC 3986 2.1; the values of QIDO-RS are no exception, PS3.18 8.3.4.1). The DICOMweb plugin 1.7 of Orthanc 1.10.1
# takes the three characters as they stand. A study is found by "CT*" and, against the RFC, by a naked caret; by "CT%20Head" or
# CITIZEN%5EJANE it is not, with 200 and an empty list. dicomweb-client 0.61.2 asks as it should, and finds nobody.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc orthanc-dicomweb"; exit 2; }
dpkg-query -W orthanc orthanc-dicomweb
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 dicomweb-client==0.61.2
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
import http.client
import io
import json
import sys
import time
import urllib.error
import urllib.request

from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

port = int(sys.argv[1])
base = f"http://127.0.0.1:{port}"
for _ in range(80):
    try:
        urllib.request.urlopen(base + "/system")
        break
    except urllib.error.URLError:
        time.sleep(0.25)
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.PatientName, ds.PatientID, ds.StudyDescription = "CITIZEN^JANE", "7", "CT Head"
file = io.BytesIO()
ds.save_as(file, enforce_file_format=True)
urllib.request.urlopen(urllib.request.Request(base + "/instances", file.getvalue()))


def found(query):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/dicom-web/studies?" + query, headers={"Accept": "application/dicom+json"})
    answer = connection.getresponse()
    return f"{answer.status}, {len(json.loads(answer.read()))} found"


for query in ("StudyDescription=CT*", "StudyDescription=CT%20Head", "PatientName=CITIZEN^JANE",
              "PatientName=CITIZEN%5EJANE", "PatientID=7", "PatientID=%37"):
    print(f"{query}: {found(query)}")
client = DICOMwebClient(base + "/dicom-web")
matches = client.search_for_studies(search_filters={"PatientName": "CITIZEN^JANE"})
print(f"dicomweb-client, PatientName CITIZEN^JANE: {len(matches)} found")
PY
env/bin/python ask.py "$http" | tee said.txt
diff said.txt - <<'TXT'
StudyDescription=CT*: 200, 1 found
StudyDescription=CT%20Head: 200, 0 found
PatientName=CITIZEN^JANE: 200, 1 found
PatientName=CITIZEN%5EJANE: 200, 0 found
PatientID=7: 200, 1 found
PatientID=%37: 200, 0 found
dicomweb-client, PatientName CITIZEN^JANE: 0 found
TXT
