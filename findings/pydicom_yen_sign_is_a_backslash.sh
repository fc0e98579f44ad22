#!/usr/bin/env bash
# In ISO_IR 13 (JIS X 0201) the code 5C is a yen sign and 7E an overline (PS3.3 Table C.12-2). pydicom 3.0.2 writes
# them so and reads them as backslash and tilde: a Short Text "¥100" comes back as "\100".
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

data = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 13 \x08\x00\x81\x00ST\x04\x00\x5c100"
ds = read_dataset(DicomBytesIO(data), is_implicit_VR=False, is_little_endian=True)
read = ds.InstitutionAddress
other = Dataset()
other.SpecificCharacterSet, other.InstitutionAddress = "ISO_IR 13", "¥100"
buffer = DicomBytesIO()
buffer.is_little_endian, buffer.is_implicit_VR = True, False
write_dataset(buffer, other)
written = buffer.getvalue().partition(b"ST")[2][2:]
print("pydicom", pydicom.__version__, "writes", written, "and reads", repr(read))
assert written == b"\x5c100" and read == "\\100"
PY
