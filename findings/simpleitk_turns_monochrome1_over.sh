#!/usr/bin/env bash
# MONOCHROME1 says that the least value is drawn white (PS3.3 C.7.6.3.1.2): how to show a pixel, not what it is. SimpleITK 2.5.7, asked for the
# image of a digital detector, hands out each value taken from the greatest that its bits can hold, so that what was 0 is 4095,
# and only then adds the intercept: neither the stored values nor the rescaled ones. Whoever measures pixel values, or writes them
# back beside the old attributes, has the negative. pydicom has them as they are stored.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import SimpleITK as sitk
import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

for photometric in ("MONOCHROME2", "MONOCHROME1"):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.Modality = "2.25.2", "2.25.3", "1", "DX"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, photometric, 1, 4
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = np.array([0, 1, 1000, 4095], "<u2").tobytes()
    ds.save_as("dx.dcm", enforce_file_format=True)
    print(photometric, "pydicom:", *dcmread("dx.dcm").pixel_array.ravel().tolist())
    print(photometric, "SimpleITK:", *sitk.GetArrayFromImage(sitk.ReadImage("dx.dcm")).ravel().tolist())
PY
diff said.txt - <<'TXT'
MONOCHROME2 pydicom: 0 1 1000 4095
MONOCHROME2 SimpleITK: 0 1 1000 4095
MONOCHROME1 pydicom: 0 1 1000 4095
MONOCHROME1 SimpleITK: 4095 4094 3095 0
TXT
