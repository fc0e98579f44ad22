#!/usr/bin/env bash
# With more than one value in SpecificCharacterSet a data set changes between character sets by escape sequences (PS3.5
# 6.1.2.5), as Japanese and Korean objects do. dcmjs 0.52.2 reads no such file at all: not the text is missing, but
# readFile throws, whatever else is in the object. Told to ignore errors it reads the rest and has the names as they
# would be in the first set, escape sequences and all. The two files are examples of pydicom's.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
npm install --silent --no-fund --no-audit --prefix . dcmjs@0.52.2 >/dev/null
env/bin/python - <<'PY' >truth.txt
import shutil

import pydicom
from pydicom.data import get_charset_files

for name in ("chrH31.dcm", "chrI2.dcm"):
    path = get_charset_files(name)[0]
    shutil.copy(path, name)
    ds = pydicom.dcmread(path)
    print(name, "pydicom 3.0.2:", "\\".join(ds.SpecificCharacterSet), str(ds.PatientName))
PY
cat truth.txt
cat >read.mjs <<'JS'
import fs from "fs";
import dcmjs from "dcmjs";
dcmjs.log.setLevel("silent");
for (const name of ["chrH31.dcm", "chrI2.dcm"]) {
  const bytes = fs.readFileSync(name);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  let said;
  try {
    dcmjs.data.DicomMessage.readFile(buffer);
    said = "read";
  } catch (error) {
    said = /multiple character sets/i.test(error.message) ? "refused for its character sets" : `refused: ${error.message}`;
  }
  const names = dcmjs.data.DicomMessage.readFile(buffer, { ignoreErrors: true }).dict["00100010"].Value;
  const escapes = JSON.stringify(names).includes("\\u001b");
  console.log(`${name} dcmjs 0.52.2: ${said}; with ignoreErrors the name has escape sequences: ${escapes}`);
}
JS
node read.mjs | tee said.txt
diff said.txt - <<'TXT'
chrH31.dcm dcmjs 0.52.2: refused for its character sets; with ignoreErrors the name has escape sequences: true
chrI2.dcm dcmjs 0.52.2: refused for its character sets; with ignoreErrors the name has escape sequences: true
TXT
