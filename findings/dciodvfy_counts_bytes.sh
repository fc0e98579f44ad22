#!/usr/bin/env bash
# The limits of SH (16), LO (64) and PN (64 a group) are counted in characters (PS3.5 6.2). dciodvfy as Debian 12
# has it (dicom3tools 2022-06-18) counts bytes: a station name of six Japanese characters in UTF-8 is an "Error,
# length invalid for this VR = 18, expected <= 16".
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
ds.SpecificCharacterSet = "ISO_IR 192"
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.StationName = "測定室番号七"
ds.save_as("station.dcm", enforce_file_format=True)
PY
dciodvfy station.dcm >said 2>&1 || true
grep "Station Name" said
grep -q "SH Station Name.*Length invalid for this VR = 18, expected <= 16" said
