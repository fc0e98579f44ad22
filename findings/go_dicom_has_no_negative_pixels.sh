#!/usr/bin/env bash
# With PixelRepresentation 1 a pixel cell is a signed number (PS3.3 C.7.6.3.1): of a CT with an intercept of 0, as several
# makers write them, the stored value is the Hounsfield unit. github.com/suyashkumar/dicom v1.1.0 hands out every cell
# as an unsigned one, so that air of -1000 HU is 64536; whoever uses it has to know that the attribute was not looked at.
set -euo pipefail
command -v go >/dev/null || { echo "needs Go 1.22 or later"; exit 2; }
folder=$(mktemp -d); trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY'
import numpy as np
import pydicom
from pydicom.data import get_testdata_file

ds = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))  # signed already, with an intercept of -1024
ds.RescaleIntercept, ds.Rows, ds.Columns = 0, 1, 3
ds.PixelData = np.array([-1000, 0, 60], "<i2").tobytes()
del ds[0xFFFCFFFC]
ds.save_as("ct.dcm")
print("pydicom 3.0.2:", "PixelRepresentation", ds.PixelRepresentation, "values", pydicom.dcmread("ct.dcm").pixel_array.tolist())
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
	dataset, err := dicom.ParseFile("ct.dcm", nil)
	if err != nil {
		panic(err)
	}
	element, err := dataset.FindElementByTag(tag.PixelData)
	if err != nil {
		panic(err)
	}
	frame, err := dicom.MustGetPixelDataInfo(element.Value).Frames[0].GetNativeFrame()
	if err != nil {
		panic(err)
	}
	for column := 0; column < 3; column++ {
		pixel, err := frame.GetPixel(column, 0)
		if err != nil {
			panic(err)
		}
		fmt.Println(pixel[0])
	}
}
GO
go mod tidy >tidy.txt 2>&1 || { cat tidy.txt; exit 2; }
echo "suyashkumar/dicom v1.1.0:"
go run . | tee said.txt
printf '64536\n0\n60\n' | diff said.txt -
