#!/usr/bin/env bash
# LINEAR_EXACT draws black what is at centre - width/2, white what is at centre + width/2 (PS3.3 C.11.2.1.3.2), and a rendered
# resource can be asked for with it (PS3.18 8.3.5.1.4, window). With the DICOMweb plugin 1.7 of Orthanc 1.10.1, asked for
# window=400,800,linear-exact, black ends at the centre and what should be white is grey: the lower half of the window
# is gone, and 800 has the grey of 400. LINEAR with the same numbers is right.
set -euo pipefail
command -v Orthanc >/dev/null || { echo "needs Orthanc: apt-get install orthanc orthanc-dicomweb"; exit 2; }
dpkg-query -W orthanc orthanc-dicomweb
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 pillow==12.0.0
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
import struct
import sys
import time
import urllib.error
import urllib.request

from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

base = f"http://127.0.0.1:{sys.argv[1]}"
for _ in range(80):
    try:
        urllib.request.urlopen(base + "/system")
        break
    except urllib.error.URLError:
        time.sleep(0.25)
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = ComputedRadiographyImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.Modality = "2.25.2", "2.25.3", "1", "CR"
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 1, 5
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
ds.PixelData = struct.pack("<5H", 0, 200, 400, 600, 800)
file = io.BytesIO()
ds.save_as(file, enforce_file_format=True)
urllib.request.urlopen(urllib.request.Request(base + "/instances", file.getvalue()))
url = base + "/dicom-web/studies/2.25.2/series/2.25.3/instances/2.25.1/rendered?window=400,800,"
print("stored: 0 200 400 600 800")
for function in ("linear", "linear-exact"):
    request = urllib.request.Request(url + function, headers={"Accept": "image/png"})
    drawn = Image.open(io.BytesIO(urllib.request.urlopen(request).read()))
    print(f"{function}: {' '.join(str(drawn.getpixel((column, 0))) for column in range(5))}")
PY
env/bin/python ask.py "$http" | tee said.txt
diff said.txt - <<'TXT'
stored: 0 200 400 600 800
linear: 0 64 128 191 255
linear-exact: 0 0 0 64 128
TXT
