#!/usr/bin/env bash
# A compressed frame may be in several fragments, and the Basic Offset Table, which says where each frame begins, may be empty: of an
# object of one frame all fragments are that frame (PS3.5 A.4). dcmjs 0.52.2 hands out as many frames as there are fragments, and
# writes them back with an offset table of as many entries, so that the copy of a file of one frame cannot be decoded; with a table it
# puts the fragments together. github.com/suyashkumar/dicom v1.1.0 hands out fragments for frames in either case. pydicom 3.0.2, SimpleITK 2.5.7
# and dcmdjpeg of DCMTK have the image.
set -euo pipefail
command -v go >/dev/null || { echo "needs Go 1.22 or later"; exit 2; }
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
command -v dcmdjpeg >/dev/null || { echo "needs dcmtk: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6 pillow==12.0.0 SimpleITK==2.5.7
npm install --silent --no-fund --no-audit --prefix . dcmjs@0.52.2 >/dev/null
env/bin/python - <<'PY'
import io

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, MultiFrameGrayscaleByteSecondaryCaptureImageStorage


def write(name, frames, table):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.SOPClassUID, ds.SOPInstanceUID = MultiFrameGrayscaleByteSecondaryCaptureImageStorage, "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.Modality = "2.25.2", "2.25.3", "1", "OT"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 64, 64
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.NumberOfFrames = 8, 8, 7, 0, frames
    compressed = []
    for number in range(frames):
        image = np.add.outer(np.arange(64), np.arange(64)) + 40 * number + np.random.default_rng(1).integers(0, 9, (64, 64))
        Image.fromarray(image.astype("u1")).save(place := io.BytesIO(), "jpeg", quality=90)
        compressed.append(place.getvalue())
    ds.PixelData = encapsulate(compressed, fragments_per_frame=2, has_bot=table)
    ds["PixelData"].VR = "OB"
    ds.save_as(name + ".dcm", enforce_file_format=True)


write("one", 1, table=False)
write("two", 2, table=True)
PY
cat >read.cjs <<'JS'
const fs = require("fs");
const dcmjs = require("dcmjs");
for (const name of ["one", "two"]) {
  const bytes = fs.readFileSync(`${name}.dcm`);
  const file = dcmjs.data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  console.log(`${name}, dcmjs:`, file.dict["7FE00010"].Value.length, "frames");
  fs.writeFileSync(`${name}_dcmjs.dcm`, Buffer.from(file.write()));
}
JS
cat >read.py <<'PY'
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.encaps import parse_basic_offsets

sitk.ProcessObject.SetGlobalWarningDisplay(False)
for name in ("one", "two", "one_dcmjs", "two_dcmjs"):
    ds = dcmread(name + ".dcm")
    try:
        seen = f"{len(ds.pixel_array.reshape(-1, 64, 64))} frames"
    except RuntimeError:
        seen = "no image"
    print(f"{name}, pydicom:", seen, "by an offset table of", len(parse_basic_offsets(ds.PixelData)))
for name in ("one", "two"):
    image = sitk.GetArrayFromImage(sitk.ReadImage(name + ".dcm"))
    print(f"{name}, SimpleITK:", len(image.reshape(-1, 64, 64)), "frames")
PY
cat >go.mod <<'MOD'
module findings
go 1.22
require github.com/suyashkumar/dicom v1.1.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

func main() {
	for _, name := range []string{"one", "two"} {
		dataset, err := dicom.ParseFile(name+".dcm", nil)
		if err != nil {
			panic(err)
		}
		element, err := dataset.FindElementByTag(tag.PixelData)
		if err != nil {
			panic(err)
		}
		fmt.Println(name+", Go:", len(dicom.MustGetPixelDataInfo(element.Value).Frames), "frames")
	}
}
GO
go mod tidy >tidy.txt 2>&1 || { cat tidy.txt; exit 2; }
PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin
{
  node read.cjs
  go run .
  for name in one two; do
    dcmdjpeg $name.dcm plain.dcm
    echo "$name, dcmdjpeg:" $(($(dcmdump +P PixelData plain.dcm | sed 's/.*# *\([0-9]*\),.*/\1/') / 4096)) "frames"
  done
  env/bin/python -W ignore read.py 2>/dev/null
} | tee said.txt
diff said.txt - <<'TXT'
one, dcmjs: 2 frames
two, dcmjs: 2 frames
one, Go: 2 frames
two, Go: 4 frames
one, dcmdjpeg: 1 frames
two, dcmdjpeg: 2 frames
one, pydicom: 1 frames by an offset table of 0
two, pydicom: 2 frames by an offset table of 2
one_dcmjs, pydicom: no image by an offset table of 2
two_dcmjs, pydicom: 2 frames by an offset table of 2
one, SimpleITK: 1 frames
two, SimpleITK: 2 frames
TXT
