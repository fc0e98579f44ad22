#!/usr/bin/env bash
# Pixel Data of VR OW is a string of 16-bit words, and another byte order changes places within each word alone (PS3.5
# 6.2 and 7.3). So a pixel cell of 32 bits keeps its low word first in Explicit VR Big Endian, as dcmconv of DCMTK
# writes it. pydicom 3.0.2 reads such a cell as one long word: of dcmconv's file it gives 65536 times the values.
set -euo pipefail
command -v dcmconv >/dev/null || { echo "needs dcmconv: apt-get install dcmtk"; exit 2; }
echo "dcmtk $(dpkg-query -W -f='${Version}' dcmtk), pydicom 3.0.2"
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.3.5
cat >make.py <<'PY'
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTDoseStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = RTDoseStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
ds.Rows, ds.Columns = 1, 4
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 32, 32, 31, 0
ds.add_new(0x7FE00010, "OW", np.array([1, 2, 3, 4], "<u4").tobytes())
ds.save_as("little.dcm", enforce_file_format=True)
PY
cat >read.py <<'PY'
import sys
from pydicom import dcmread

print(dcmread(sys.argv[1]).pixel_array.ravel().tolist())
PY
env/bin/python make.py
dcmconv +tb little.dcm big.dcm
dcmconv +te big.dcm back.dcm
for name in little big back; do echo "$name $(env/bin/python read.py $name.dcm)"; done | tee seen
diff seen - <<'SEEN'
little [1, 2, 3, 4]
big [65536, 131072, 196608, 262144]
back [1, 2, 3, 4]
SEEN
