#!/usr/bin/env bash
# The window of an enhanced object stands in its functional groups (PS3.3 C.7.6.16.2.10), like the rescale slope and
# intercept. dcmjs-imaging 0.2.5 looks for either at the top of the data set only, and stretches what is stored from its
# least to its greatest value: with a window from -160 to 240, fat, water and muscle have the grey of lung beside a piece
# of metal. The same slice as a CT Image is drawn by its window.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
npm install --silent --no-fund --no-audit --prefix . dcmjs-imaging@0.2.5 dcmjs@0.52.2 >/dev/null
PYTHONPATH=$here env/bin/python - <<'PY'
import numpy as np
from enhanced_ct import enhanced_ct
from pydicom.uid import CTImageStorage

row = [-1000, -100, 0, 60, 240, 3000]  # air, fat, water, muscle, the end of the window, metal
ds = enhanced_ct(1, np.array([[row] * 2]))
ds.save_as("enhanced.dcm", enforce_file_format=True)
shared = ds.SharedFunctionalGroupsSequence[0]
del ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames
del ds.DimensionIndexSequence, ds.DimensionOrganizationSequence
ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
for part in ("PixelMeasuresSequence", "PlaneOrientationSequence", "PixelValueTransformationSequence", "FrameVOILUTSequence"):
    ds.update(shared[part][0])
ds.ImagePositionPatient = [0, 0, 1]
ds.ImageType, ds.KVP = ["DERIVED", "PRIMARY", "AXIAL"], "120"
ds.save_as("classic.dcm", enforce_file_format=True)
PY
cat >draw.cjs <<'JS'
const fs = require("fs");
const { DicomImage } = require("dcmjs-imaging");
require("dcmjs").log.setLevel("silent");
for (const name of ["classic", "enhanced"]) {
  const bytes = fs.readFileSync(`${name}.dcm`);
  const image = new DicomImage(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const drawn = new Uint8Array(image.render().pixels);
  console.log(name, [0, 1, 2, 3, 4, 5].map((column) => drawn[column * 4]).join(" "));
}
JS
node draw.cjs 2>/dev/null | tee said.txt
diff said.txt - <<'TXT'
classic 0 38 102 140 255 255
enhanced 0 57 63 67 79 255
TXT
