#!/usr/bin/env bash
# Of several values one may be empty (PS3.5 6.4), which says that it is not known: of two focal spots, the second. odil
# 0.12.2 of Debian writes 0 for it whenever it copies an object, to another transfer syntax or to JSON, where null stands for no value
# (PS3.18 F.2.5): of an unknown length one of nothing. DCMTK's dcmconv leaves it empty.
set -euo pipefail
command -v odil >/dev/null || { echo "needs odil: apt-get install odil"; exit 2; }
dpkg-query -W odil
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.FocalSpots, ds.FrameTimeVector = ["0.5", ""], ["", "40", "40"]
ds.save_as("spots.dcm", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin
odil transcode --transfer-syntax ImplicitVRLittleEndian spots.dcm odil.dcm
odil transcode --format json spots.dcm odil.json
dcmconv +ti spots.dcm dcmconv.dcm
env/bin/python - <<'PY' | tee said.txt
import json

from pydicom import dcmread

for name in ("spots", "dcmconv", "odil"):
    ds = dcmread(name + ".dcm")
    print(f"{name}:", *(ds.get_item(tag).value.decode().strip() for tag in (0x00181190, 0x00181065)))
read = json.load(open("odil.json"))
print("odil, JSON:", read["00181190"]["Value"], read["00181065"]["Value"])
PY
diff said.txt - <<'TXT'
spots: 0.5\ \40\40
dcmconv: 0.5\ \40\40
odil: .5\0 0\40\40
odil, JSON: [0.5, 0.0] [0.0, 40.0, 40.0]
TXT
