#!/usr/bin/env bash
# In the answer to STOW-RS, FailedSOPSequence (0008,1198) lists what was not stored (PS3.18 10.5.3). Orthanc
# 1.10.1 with its DICOMweb plugin 1.7 sends the attribute always, empty when all was stored. Whoever takes its
# presence for a failure reports every success as one.
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
for _ in range(80):
    try:
        print("Orthanc", json.load(urllib.request.urlopen(base + "/system"))["Version"])
        break
    except urllib.error.URLError:
        time.sleep(0.25)
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
file = io.BytesIO()
ds.save_as(file, enforce_file_format=True)
body = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + file.getvalue() + b"\r\n--x--\r\n"
headers = {
    "Content-Type": 'multipart/related; type="application/dicom"; boundary=x',
    "Accept": "application/dicom+json",
}
answer = urllib.request.urlopen(urllib.request.Request(base + "/dicom-web/studies", body, headers))
said = json.load(answer)
print(answer.status, json.dumps(said))
assert answer.status == 200 and "00081199" in said
failed = said["00081198"]
assert failed.get("vr") == "SQ" and not failed.get("Value"), failed
PY
