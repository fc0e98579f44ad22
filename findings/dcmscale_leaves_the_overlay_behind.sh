#!/usr/bin/env bash
# An overlay of as many rows and columns as the image lies on it pixel for pixel (PS3.3 C.9.2), and Imager Pixel Spacing is the
# distance of pixels at the detector (PS3.3 C.8.11.4). dcmscale of DCMTK 3.6.7 doubles the image and halves Pixel Spacing, and
# leaves both as they were, without a word: the frame drawn around the whole image lies around its upper left quarter, and
# whoever measures at the detector gets twice the length.
set -euo pipefail
command -v dcmscale >/dev/null || { echo "needs dcmscale: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, DigitalXRayImageStorageForPresentation

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.Modality, ds.ImagerPixelSpacing, ds.PixelSpacing = "DX", [0.2, 0.2], [0.16, 0.16]
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 8, 8
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
ds.PixelData = bytes(range(64))
for element, vr, value in (
    (0x10, "US", 8), (0x11, "US", 8), (0x40, "CS", "G"), (0x50, "SS", [1, 1]), (0x100, "US", 1), (0x102, "US", 0),
    (0x3000, "OW", bytes([255, 129, 129, 129, 129, 129, 129, 255])),
):
    ds.add_new((0x6000, element), vr, value)
ds.save_as("dx.dcm", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin dcmscale +Sxv 16 dx.dcm twice.dcm
env/bin/python - <<'PY' | tee said.txt
from pydicom import dcmread

for name in ("dx", "twice"):
    ds = dcmread(name + ".dcm")
    overlay = (ds[0x6000, 0x10].value, ds[0x6000, 0x11].value)
    spacings = float(ds.PixelSpacing[0]), float(ds.ImagerPixelSpacing[0])
    print(f"{name}: image {(ds.Rows, ds.Columns)} overlay {overlay} PixelSpacing {spacings[0]} ImagerPixelSpacing {spacings[1]}")
PY
diff said.txt - <<'TXT'
dx: image (8, 8) overlay (8, 8) PixelSpacing 0.16 ImagerPixelSpacing 0.2
twice: image (16, 16) overlay (8, 8) PixelSpacing 0.08 ImagerPixelSpacing 0.2
TXT
