#!/usr/bin/env bash
# Rescale Slope may be any number, and of PET it usually is a small one (PS3.3 C.8.9.4): of uptake values between 0 and 1 all are
# fractions. dcmj2pnm of DCMTK 3.6.7 keeps rescaled values as whole numbers, rounded towards zero, before any window is
# applied: a slice of 0 to 0.999 is black from end to end, by any window, and one of 0 to 9.99 has ten greys. It does
# warn that "applying modality transform may create unexpected result", as it does for every PET.
set -euo pipefail
command -v dcmj2pnm >/dev/null || { echo "needs dcmj2pnm: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import struct

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = PositronEmissionTomographyImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.Modality, ds.Units = "PT", "GML"
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 1, 5
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
ds.PixelData = struct.pack("<5H", 0, 249, 500, 750, 999)
for name, slope in (("hundredths", "0.01"), ("thousandths", "0.001")):
    ds.RescaleIntercept, ds.RescaleSlope = "0", slope
    ds.save_as(name + ".dcm", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin
echo "stored: 0 249 500 750 999" | tee said.txt
for name in hundredths thousandths; do
  dcmj2pnm +Wm +op $name.dcm $name.pgm 2>told.txt
  echo "$name: $(tail -c 5 $name.pgm | od -An -tu1 | tr -s ' ')" | tee -a said.txt
done
sed -n 1p told.txt | tee -a said.txt
diff said.txt - <<'TXT'
stored: 0 249 500 750 999
hundredths:  0 56 141 198 255
thousandths:  0 0 0 0 0
W: processing PET image ... applying modality transform may create unexpected result
TXT
