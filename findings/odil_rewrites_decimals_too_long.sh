#!/usr/bin/env bash
# A decimal string is text of at most 16 characters (PS3.5 6.2, DS), and a change of transfer syntax has no reason to touch it. odil 0.12.2
# of Debian reads it as a binary fraction and writes that with 16 digits: "0.6" becomes ".5999999999999999", which is another
# number and, with 17 characters, no decimal string any more; "120.0" becomes "120". The copy is equal to nothing that it was made of.
set -euo pipefail
command -v odil >/dev/null || { echo "needs odil: apt-get install odil"; exit 2; }
dpkg-query -W odil
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.ImagePositionPatient, ds.KVP, ds.SliceThickness = ["0.6", "-123.7", "1.1"], "120.0", "0.3"
ds.save_as("before.dcm", enforce_file_format=True)
PY
odil transcode --transfer-syntax ImplicitVRLittleEndian before.dcm after.dcm
env/bin/python -W ignore - <<'PY' | tee said.txt
from pydicom import dcmread

for name in ("before", "after"):
    ds = dcmread(name + ".dcm")
    texts = [ds.get_item(tag).value.decode().strip() for tag in (0x00200032, 0x00180060, 0x00180050)]
    print(f"{name}: {' '.join(texts)}; longest {max(len(one) for text in texts for one in text.split(chr(92)))}")
PY
diff said.txt - <<'TXT'
before: 0.6\-123.7\1.1 120.0 0.3; longest 6
after: .5999999999999999\-123.7\1.1 120 .2999999999999999; longest 17
TXT
