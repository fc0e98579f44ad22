#!/usr/bin/env bash
# WindowWidth "350\" - two values, the second empty - is legal (PS3.5 6.4) and scanners write it. pydicom 3.0.2
# reads and writes it, but Dataset.to_json raises ValueError on it, although PS3.18 F.2.5 has a form for it: null.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import pydicom
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset

element = b"\x28\x00\x51\x10DS\x04\x00350\\"
stream = DicomBytesIO(element)
ds = read_dataset(stream, is_implicit_VR=False, is_little_endian=True)
print("pydicom", pydicom.__version__, "read", repr(ds.WindowWidth))
try:
    print(ds.to_json())
except ValueError as error:
    print("to_json:", error)
else:
    raise SystemExit("to_json takes it now")
PY
