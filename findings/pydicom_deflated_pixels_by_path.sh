#!/usr/bin/env bash
# pydicom 3.0.2 has two ways to the pixels of a file: dcmread(path).pixel_array and, quicker, pixel_array(path). On a
# deflated file, one of its own examples, the first gives the image and the second says there is no pixel data.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY'
import pydicom
from pydicom.data import get_testdata_file
from pydicom.pixels import pixel_array

path = get_testdata_file("image_dfl.dcm", download=False)
ds = pydicom.dcmread(path)
print("pydicom", pydicom.__version__, ds.file_meta.TransferSyntaxUID.name)
print("dcmread(path).pixel_array:", ds.pixel_array.shape)
try:
    pixel_array(path)
except AttributeError as error:
    print("pixel_array(path):", error)
else:
    raise SystemExit("pixel_array(path) takes it now")
PY
