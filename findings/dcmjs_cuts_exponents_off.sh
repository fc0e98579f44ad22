#!/usr/bin/env bash
# A decimal string has at most 16 characters, the exponent among them (PS3.5 6.2, DS): a slope of a parametric map or of PET such as
# 2.3283064365386963e-10 has to be rounded to fit. dcmjs 0.52.2 cuts what it writes after 16 characters, and so the exponent off: 2.32830643653869,
# ten billion times as much, in a valid file. On the console it says that it is "truncating value".
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
npm install --silent --no-fund --no-audit --prefix . dcmjs@0.52.2 >/dev/null 2>&1
cat >write.cjs <<'JS'
const { DicomDict, DicomMetaDictionary } = require("dcmjs").data;
const dict = new DicomDict(
  DicomMetaDictionary.denaturalizeDataset({ TransferSyntaxUID: "1.2.840.10008.1.2.1", _vrMap: {} }));
dict.dict = DicomMetaDictionary.denaturalizeDataset({
  SOPClassUID: "1.2.840.10008.5.1.4.1.1.128", SOPInstanceUID: "2.25.1", StudyInstanceUID: "2.25.2",
  SeriesInstanceUID: "2.25.3", PatientID: "1", Modality: "PT",
  RescaleIntercept: 0, RescaleSlope: 2.3283064365386963e-10, _vrMap: {},
});
require("fs").writeFileSync("slope.dcm", Buffer.from(dict.write()));
JS
node write.cjs 2>&1 | tee said.txt
env/bin/python - <<'PY' | tee -a said.txt
from pydicom import dcmread

print("given: 2.3283064365386963e-10, written:", dcmread("slope.dcm").RescaleSlope)
PY
diff said.txt - <<'TXT'
Truncating value 2.3283064365386963e-10 of RescaleSlope because it is longer than 16
given: 2.3283064365386963e-10, written: 2.32830643653869
TXT
