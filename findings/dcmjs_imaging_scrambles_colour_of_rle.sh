#!/usr/bin/env bash
# RLE Lossless keeps the three planes of an RGB frame apart, in segments, and PlanarConfiguration may be 0 or 1 (PS3.5
# table 8.2.2-1). dcmjs-imaging 0.2.5 draws such an image wrong with either value, without a word; one of pydicom's
# examples has a red bar at its top, which comes out black. The same image drawn from native pixels is right, and so is
# what dcmjs-codecs 0.0.8, on which it is built, makes of the RLE file.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
npm install --silent --no-fund --no-audit --prefix . dcmjs-imaging@0.2.5 dcmjs-codecs@0.0.8 dcmjs@0.52.2 >/dev/null
env/bin/python - <<'PY'
import pydicom
from pydicom.data import get_testdata_file

ds = pydicom.dcmread(get_testdata_file("SC_rgb_rle.dcm", download=False))
for planar in (0, 1):
    ds.PlanarConfiguration = planar
    ds.save_as(f"rle-{planar}.dcm")
ds.decompress()
ds.save_as("native.dcm")
print("pydicom 3.0.2: the first pixel is", ds.pixel_array[0, 0].tolist())
PY
cat >draw.cjs <<'JS'
const fs = require("fs");
const { DicomImage, NativePixelDecoder } = require("dcmjs-imaging");
const { NativeCodecs, Transcoder } = require("dcmjs-codecs");
require("dcmjs").log.setLevel("silent");
const read = (name) => {
  const bytes = fs.readFileSync(name);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
};
const first = (buffer) => [...new Uint8Array(new DicomImage(buffer).render().pixels).slice(0, 3)].join(",");
(async () => {
  await NativePixelDecoder.initializeAsync({ logCodecsInfo: false });
  await NativeCodecs.initializeAsync({ logCodecsInfo: false });
  for (const name of ["native.dcm", "rle-0.dcm", "rle-1.dcm"])
    console.log(name, "drawn:", first(read(name)) === "255,0,0" ? "right" : "wrong");
  const transcoder = new Transcoder(read("rle-0.dcm"));
  transcoder.transcode("1.2.840.10008.1.2.1");
  console.log("rle-0.dcm transcoded, then drawn:", first(transcoder.getDicomPart10()) === "255,0,0" ? "right" : "wrong");
})();
JS
node draw.cjs | tee said.txt
diff said.txt - <<'TXT'
native.dcm drawn: right
rle-0.dcm drawn: wrong
rle-1.dcm drawn: wrong
rle-0.dcm transcoded, then drawn: right
TXT
