#!/usr/bin/env bash
# What a data set has as UN is in Implicit VR Little Endian, whatever its transfer syntax is (PS3.5 6.2.2). In Explicit VR
# Big Endian pydicom 3.0.2 reads it in the byte order around it: a sequence of defined length becomes one attribute that
# nobody wrote, one of undefined length is an exception. DCMTK reads the latter.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
command -v dcmdump > dcmdump.txt || { echo "needs dcmdump (Debian: dcmtk)"; exit 2; }
dcmdump --version | head -1
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import struct
import warnings

import pydicom

warnings.simplefilter("ignore")
print("pydicom", pydicom.__version__)


def short(tag, vr, value, order):
    value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return struct.pack(order + "HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


# One item with a code value, in Implicit VR Little Endian: ProcedureCodeSequence, by somebody who did not know it.
code = struct.pack("<HHI", 0x0008, 0x0100, 4) + b"C123"
item = struct.pack("<HHI", 0xFFFE, 0xE000, len(code)) + code
end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
meta = short(0x00020010, "UI", b"1.2.840.10008.1.2.2", "<")
meta = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta
for name, length, tail in (("defined", len(item), b""), ("undefined", 0xFFFFFFFF, end)):
    head = struct.pack(">HH2sHI", 0x0008, 0x1032, b"UN", 0, length)
    uid = short(0x00080018, "UI", b"1.2.3", ">")
    patient = short(0x00100020, "LO", b"PID1", ">")
    with open(f"{name}.dcm", "wb") as out:
        out.write(bytes(128) + b"DICM" + meta + uid + head + item + tail + patient)
    try:
        dataset = pydicom.dcmread(f"{name}.dcm")
        found = dataset.ProcedureCodeSequence[0].get("CodeValue")
        print(f"{name} length:", "CodeValue", found, [str(one.tag) for one in dataset.ProcedureCodeSequence[0]])
    except Exception as error:
        found = None
        print(f"{name} length:", type(error).__name__, error)
    if found == "C123":
        raise SystemExit("pydicom reads it now")
PY
dcmdump undefined.dcm 2> errors.txt | tee dump.txt | grep C123
