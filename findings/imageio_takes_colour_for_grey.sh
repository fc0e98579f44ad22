#!/usr/bin/env bash
# Colour has three samples a pixel (PS3.3 C.7.6.3.1.1), in ultrasound, photographs and secondary captures. imageio 2.38.1 with its own DICOM
# reader (format "DICOM") hands out an array of rows and columns with one value each: the first third of the bytes, red, green and
# blue one behind another, as if they were grey pixels. The shape is that of a grey image, and nothing is said.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet imageio==2.38.1 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import imageio.v2
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

pixels = np.zeros((6, 6, 3), "u1")
pixels[:, :3], pixels[:, 3:] = (200, 10, 0), (0, 10, 200)  # red on the left, blue on the right
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, "RGB"
ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 6, 6, 8, 8, 7, 0
ds.PixelData = pixels.tobytes()
ds.save_as("colour.dcm", enforce_file_format=True)
read = np.asarray(imageio.v2.imread("colour.dcm", format="DICOM"))
print("written:", pixels.shape, "first row", pixels[0, ::3].tolist())
print("imageio:", read.shape, "first row", read[0].tolist())
PY
diff said.txt - <<'TXT'
written: (6, 6, 3) first row [[200, 10, 0], [0, 10, 200]]
imageio: (6, 6) first row [200, 10, 0, 200, 10, 0]
TXT
