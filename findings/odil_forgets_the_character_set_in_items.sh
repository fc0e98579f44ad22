#!/usr/bin/env bash
# Specific Character Set of the data set holds for its items too, unless they have their own (PS3.3 C.12.1.1.2). odil 0.12.2 of Debian,
# making JSON, reads items without one as if they had none to inherit: the name of the patient is right, and in the description of
# the procedure step one level below the letters beyond ASCII are lost (U+FFFD), exit code 0.
set -euo pipefail
command -v odil >/dev/null || { echo "needs odil: apt-get install odil"; exit 2; }
dpkg-query -W odil
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage


def item(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 100", "Müller^Jörg"
ds.RequestAttributesSequence = [item(ScheduledProcedureStepDescription="CT für uns")]
ds.save_as("order.dcm", enforce_file_format=True)
PY
odil transcode --format json order.dcm order.json
env/bin/python - <<'PY' | tee said.txt
import json

read = json.load(open("order.json"))
name, text = read["00100010"]["Value"][0]["Alphabetic"], read["00400275"]["Value"][0]["00400007"]["Value"][0]
print(f"{name} | {text}".replace("\ufffd", "U+FFFD"))
PY
diff said.txt - <<'TXT'
Müller^Jörg | CT fU+FFFDr uns
TXT
