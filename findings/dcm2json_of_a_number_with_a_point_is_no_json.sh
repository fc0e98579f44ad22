#!/usr/bin/env bash
# A decimal string may end with its point: "5." is a number of VR DS (PS3.5 6.2, fixed point), and programs in Fortran and C write it.
# A number of JSON may not (RFC 8259 6), so the DICOM JSON Model has 5 or 5.0 (PS3.18 F.2.3). dcm2json of DCMTK 3.6.7
# takes care of "+5" and ".5", and writes "5." as it stands: its output cannot be parsed, exit code 0.
set -euo pipefail
command -v dcm2json >/dev/null || { echo "needs dcm2json: apt-get install dcmtk"; exit 2; }
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
ds.PixelSpacing, ds.SliceThickness = [".5", "+0.5"], "5"
ds.save_as("point.dcm", enforce_file_format=True)
ds.SliceThickness = "5."
ds.save_as("points.dcm", enforce_file_format=True)
PY
for name in point points; do
  PATH=/usr/local/bin:/usr/bin:/bin dcm2json $name.dcm $name.json && echo "$name.dcm: dcm2json ends with 0"
  env/bin/python - $name <<'PY'
import json
import sys
from pathlib import Path

text = Path(sys.argv[1] + ".json").read_text()
try:
    read = json.loads(text)
    print("JSON:", read["00280030"]["Value"], read["00180050"]["Value"])
except json.JSONDecodeError as error:
    print("no JSON, because of:", text.splitlines()[error.lineno - 1].strip())
PY
done | tee said.txt
diff said.txt - <<'TXT'
point.dcm: dcm2json ends with 0
JSON: [0.5, 0.5] [5]
points.dcm: dcm2json ends with 0
no JSON, because of: 5.
TXT
