#!/usr/bin/env bash
# RT Dose may have cells of 32 bits (PS3.3 C.8.8.3), as most planning systems write it. dicomsdl 0.109.4 hands out a slice of the right size, made of words
# of 16 bits: each cell as its lower and then its upper half, so that the picture is the upper half of the slice, stretched, with nothing
# in every other column. The type of the array says 16 bits; nothing else does.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicomsdl==0.109.4 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import dicomsdl
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTDoseStorage

cells = np.array([[70000, 2, 3, 4], [5, 6, 7, 8]], "<u4")
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = RTDoseStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.Modality, ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.DoseGridScaling = "RTDOSE", "GY", "PHYSICAL", "PLAN", "0.001"
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 2, 4
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, 0
ds.PixelData = cells.tobytes()
ds.save_as("dose.dcm", enforce_file_format=True)
read = dicomsdl.open("dose.dcm").pixelData(storedvalue=True)
print("written:", cells.dtype, cells.tolist())
print("dicomsdl:", read.dtype, read.tolist())
PY
diff said.txt - <<'TXT'
written: uint32 [[70000, 2, 3, 4], [5, 6, 7, 8]]
dicomsdl: uint16 [[4464, 1, 2, 0], [3, 0, 4, 0]]
TXT
