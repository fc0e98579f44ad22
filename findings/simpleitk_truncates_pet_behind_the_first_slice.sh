#!/usr/bin/env bash
# Each slice of PET has its own Rescale Slope, which uses the whole range of its pixels (PS3.3 C.8.9.4). SimpleITK 2.5.7 gives a series
# the pixel type of its first file: if that has slope 1, whole numbers, and of all slices behind it, whatever their slope, the
# fractions are cut off without a word. 0.25, 0.5 and 0.75 Bq/ml are nothing. Read by itself, each slice is right, and so is the series in
# another order.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import SimpleITK as sitk
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage

for number, slope in ((1, "1"), (2, "0.25")):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = PositronEmissionTomographyImageStorage, f"2.25.1{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
    ds.PatientID, ds.Modality, ds.Units, ds.InstanceNumber = "1", "PT", "BQML", number
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 3 * number], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [2, 2], 3
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 2, 5
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.RescaleIntercept, ds.RescaleSlope = "0", slope
    ds.PixelData = np.array([[1, 2, 3, 4, 5]] * 2, "<u2").tobytes()
    ds.save_as(f"{number}.dcm", enforce_file_format=True)


def told(image):
    values = sitk.GetArrayFromImage(image)[:, 0]
    return f"{image.GetPixelIDTypeAsString()}: " + "; ".join(" ".join(f"{one:g}" for one in row) for row in values)


print("second slice alone,", told(sitk.ReadImage("2.dcm")))
print("series,", told(sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames("."))))
print("the other way round,", told(sitk.ReadImage(["2.dcm", "1.dcm"])))
PY
diff said.txt - <<'TXT'
second slice alone, 64-bit float: 0.25 0.5 0.75 1 1.25
series, 16-bit unsigned integer: 1 2 3 4 5; 0 0 0 1 1
the other way round, 64-bit float: 0.25 0.5 0.75 1 1.25; 1 2 3 4 5
TXT
