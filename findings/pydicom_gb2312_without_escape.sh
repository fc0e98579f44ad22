#!/usr/bin/env bash
# pydicom 3.0.2 writes a Chinese name declared as "ISO 2022 IR 58" in the bytes of GB 2312, but without the
# escape sequence ESC $ ) A that has to designate the set in each component group (PS3.3 Table C.12-4, PS3.5
# annex K). Korean (ISO 2022 IR 149) through the same call gets its ESC $ ) C. So a reader that goes by the
# Standard sees ASCII with the eighth bit set.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset


def name_bytes(term: str, name: str) -> bytes:
    ds = Dataset()
    ds.SpecificCharacterSet = ["", term]
    ds.PatientName = name
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, ds)
    return buffer.getvalue().partition(b"PN")[2][2:]


chinese = name_bytes("ISO 2022 IR 58", "Zhang^XiaoDong=张^小东")
korean = name_bytes("ISO 2022 IR 149", "Hong^Gildong=洪^吉洞")
print("pydicom", pydicom.__version__)
print("ISO 2022 IR 58: ", chinese)
print("ISO 2022 IR 149:", korean)
assert b"\x1b$)C" in korean, "Korean has lost its escape sequence"
assert b"\x1b" not in chinese, "Chinese has an escape sequence now"
assert "张".encode("gb2312") in chinese
PY
