#!/usr/bin/env bash
# Latin-9 (ISO_IR 203, with the euro and the French oe) is a defined term of SpecificCharacterSet
# (PS3.3 Table C.12-2). pydicom 3.0.2 does not know it: it warns about an unknown encoding, writes "?" for
# the very letters the set was added for, and reads bytes of a right file as other letters of Latin-1.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import warnings

import pydicom
from pydicom.charset import decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

ds = Dataset()
ds.SpecificCharacterSet = "ISO_IR 203"
ds.StudyDescription = "cœur, 25 €"
buffer = DicomBytesIO()
buffer.is_little_endian, buffer.is_implicit_VR = True, False
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    write_dataset(buffer, ds)
value = buffer.getvalue().partition(b"LO")[2][2:]
print("pydicom", pydicom.__version__, "wrote", value)
print("right is", "cœur, 25 €".encode("iso8859_15"))
for one in told:
    print("it said:", one.message)
assert "ISO_IR 203" not in python_encoding
assert value == b"c?ur, 25 ?"
assert told, "it is silent now"
PY
