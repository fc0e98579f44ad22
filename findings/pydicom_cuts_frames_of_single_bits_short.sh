#!/usr/bin/env bash
# Pixels of one bit lie one behind the other, a frame begins with the bit behind the last one of the frame before
# (PS3.5 8.1.1), and so a frame of 15 pixels may be in three bytes. pydicom 3.0.2, asked for one frame of such an object,
# reads as many bytes as 15 bits take, two, and fails; all frames at once are right. In Explicit VR Big Endian the bytes
# of each word of OW have changed places, as dcmconv of DCMTK writes it, and there all frames at once are wrong.
set -euo pipefail
command -v dcmconv >/dev/null || { echo "needs dcmconv: apt-get install dcmtk"; exit 2; }
echo "dcmtk $(dpkg-query -W -f='${Version}' dcmtk), pydicom 3.0.2"
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.3.5
cat >make.py <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SegmentationStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SegmentationStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
ds.Rows, ds.Columns, ds.NumberOfFrames = 3, 5, 3
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
ds.add_new(0x7FE00010, "OW", bytes.fromhex("6b1168e87407"))
ds.save_as("little.dcm", enforce_file_format=True)
PY
cat >read.py <<'PY'
from pydicom import dcmread
from pydicom.pixels import pixel_array

whole = dcmread("little.dcm").pixel_array
for number in range(3):
    try:
        print("frame", number, bool((pixel_array("little.dcm", index=number) == whole[number]).all()))
    except ValueError as error:
        print("frame", number, error)
print("big", bool((dcmread("big.dcm").pixel_array == whole).all()))
PY
env/bin/python make.py
dcmconv +tb little.dcm big.dcm
env/bin/python read.py | tee seen
diff seen - <<'SEEN'
frame 0 True
frame 1 cannot reshape array of size 9 into shape (3,5)
frame 2 cannot reshape array of size 10 into shape (3,5)
big False
SEEN
