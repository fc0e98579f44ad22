#!/usr/bin/env bash
# After a patient is renumbered, one Study Instance UID can lie under two Patient IDs. Orthanc 1.10.1 keeps both
# as studies of their own. Its DICOMweb plugin 1.7 then finds two studies of that UID by QIDO-RS, and answers 404
# when the study's metadata are fetched by WADO-RS, although it answers those of each of its instances.
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
env/bin/python - "$http" <<'PY'
import io
import json
import sys
import time
import urllib.error
import urllib.request

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

base = f"http://127.0.0.1:{sys.argv[1]}"


def get(path: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(base + path, headers={"Accept": "application/dicom+json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


for _ in range(120):
    try:
        get("/system")
        break
    except urllib.error.URLError:
        time.sleep(0.25)
for number, patient in enumerate(("OLD1", "NEW1"), 1):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, f"2.25.1{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", f"2.25.3{number}", patient
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    urllib.request.urlopen(urllib.request.Request(base + "/instances", file.getvalue()))
found = json.loads(get("/dicom-web/studies?StudyInstanceUID=2.25.2")[1])
print("QIDO-RS:", [one["00100020"]["Value"][0] for one in found])
whole = get("/dicom-web/studies/2.25.2/metadata")[0]
one = get("/dicom-web/studies/2.25.2/series/2.25.31/instances/2.25.11/metadata")[0]
print("WADO-RS metadata of the study:", whole, " of one instance:", one)
assert len(found) == 2
assert whole == 404 and one == 200
PY
