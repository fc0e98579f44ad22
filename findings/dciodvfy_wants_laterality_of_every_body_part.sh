#!/usr/bin/env bash
# Laterality (0020,0060) is required "if the body part examined is a paired structure" (Type 2C, PS3.3 C.7.3.1).
# An object that says no body part at all cannot be known to show one, and may leave it out. dciodvfy as Debian
# 12 has it (dicom3tools 2022-06-18) calls that an Error, and exits 1 for it alone.
set -euo pipefail
command -v dciodvfy >/dev/null || { echo "needs dciodvfy: apt-get install dicom3tools"; exit 2; }
echo "dicom3tools $(dpkg-query -W -f='${Version}' dicom3tools)"
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
for keyword in (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
    "ReferringPhysicianName", "AccessionNumber", "SeriesNumber", "InstanceNumber", "PatientOrientation",
):
    setattr(ds, keyword, "")
ds.Modality, ds.ConversionType, ds.SamplesPerPixel = "OT", "SYN", 1
ds.PhotometricInterpretation, ds.Rows, ds.Columns = "MONOCHROME2", 2, 2
ds.BitsAllocated = ds.BitsStored = 8
ds.HighBit, ds.PixelRepresentation, ds.PixelData = 7, 0, b"\0\1\2\3"
ds.save_as("no_body_part.dcm", enforce_file_format=True)
PY
code=0; dciodvfy no_body_part.dcm >said 2>&1 || code=$?
grep "^Error" said
echo "exit $code"
[ "$code" = 1 ]
[ "$(grep -c '^Error' said)" = 1 ]
grep -q "Type 2C Conditional Element=<Laterality> Module=<GeneralSeries>" said
