#!/usr/bin/env bash
# A palette says for each of the numbers from its first one on how much red, green and blue there is (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6).
# daikon 1.2.46 stretches red, green and blue each from its own least to its greatest entry, so that a dim hue is bright and what has
# the same amount everywhere is black; a palette whose first number is not 0 and numbers of 16 bits are black as a whole.
# DCMTK draws what was meant.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
npm install --silent --no-fund --no-audit --prefix . daikon@1.2.46 >/dev/null
env/bin/python - <<'PY'
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage


def write(name, cells, first, bits=8, **palette):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = UltrasoundImageStorage, "2.25.1", "US"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "PALETTE COLOR", 1, len(cells)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits, bits - 1, 0
    for colour, entries in palette.items():
        ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [len(entries), first, 16])
        ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", (np.array(entries) * 257).astype("<u2").tobytes())
    ds.add_new("PixelData", "OB" if bits == 8 else "OW", np.array(cells, f"<u{bits // 8}").tobytes())
    ds.save_as(name + ".dcm", enforce_file_format=True)


hues = dict(Red=[0, 60, 30, 0], Green=[0, 0, 100, 50], Blue=[200] * 4)
write("of_0", [0, 1, 2, 3], 0, **hues)
write("of_10", [10, 11, 12, 13], 10, **hues)
write("of_16_bits", [0, 1, 2, 3], 0, bits=16, **hues)
PY
cat >read.cjs <<'JS'
const fs = require("fs");
const daikon = require("daikon");
for (const name of ["of_0", "of_10", "of_16_bits"]) {
  const bytes = fs.readFileSync(`${name}.dcm`);
  const image = daikon.Series.parseImage(new DataView(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
  console.log("daikon, a palette", name + ":", ...image.getInterpretedData(true));
}
JS
{
  for name in of_0 of_10 of_16_bits; do
    PATH=/usr/bin:/bin dcm2pnm --write-raw-pnm $name.dcm $name.pnm
    echo "dcm2pnm, a palette $name:" $(tail -c 12 $name.pnm | od -An -tu1)
  done
  node read.cjs
} | tee said.txt
diff said.txt - <<'TXT'
dcm2pnm, a palette of_0: 0 0 200 60 0 200 30 100 200 0 50 200
dcm2pnm, a palette of_10: 0 0 200 60 0 200 30 100 200 0 50 200
dcm2pnm, a palette of_16_bits: 0 0 200 60 0 200 30 100 200 0 50 200
daikon, a palette of_0: 0 0 0 255 0 0 128 255 0 0 127 0
daikon, a palette of_10: 0 0 0 0 0 0 0 0 0 0 0 0
daikon, a palette of_16_bits: 0 0 0 0 0 0
TXT
