#!/usr/bin/env bash
# Debian's DCMTK 3.6.7 converts text with the C library, which has no name for two of DICOM's Japanese sets: kanji of
# ISO 2022 IR 87 or IR 159, that is nearly every object of a Japanese hospital, cannot be converted. dcm2json makes no JSON
# of them at all, dcmdump +U8 shows nothing of them, dcm2xml writes the bytes as character references; Korean is
# converted. The files are examples of pydicom's.
set -euo pipefail
command -v dcm2json >/dev/null || { echo "needs dcm2json (Debian: dcmtk)"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import shutil

from pydicom.data import get_charset_files

for name in ("chrH31.dcm", "chrI2.dcm"):
    shutil.copy(get_charset_files(name)[0], name)
PY
dcm2json --version >version.txt && head -1 version.txt
for name in chrH31 chrI2; do
  for how in "dcm2json" "dcmdump +U8 +P PatientName"; do
    if $how $name.dcm >out.txt 2>err.txt; then answer=converted; else answer="nothing, exit code $?"; fi
    echo "$name ${how%% *}: $answer"
    grep -m1 "not supported" err.txt || true
  done
done | tee said.txt
grep -q "^chrH31 dcm2json: nothing" said.txt && grep -q "^chrH31 dcmdump: nothing" said.txt
grep -q "^chrI2 dcm2json: converted" said.txt && grep -q "^chrI2 dcmdump: converted" said.txt
