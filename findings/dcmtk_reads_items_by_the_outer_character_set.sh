#!/usr/bin/env bash
# An item may have a Specific Character Set of its own, which holds for the item (PS3.3 C.12.1.1.2): a procedure
# step from a worklist in UTF-8 within an object in Latin-1. dcm2json and dcmdump +U8 of DCMTK 3.6.7 read the item by the
# set of the data set: "für" becomes "fÃ¼r", though the item beside it says ISO_IR 192. Without a conversion the bytes are right.
set -euo pipefail
command -v dcm2json >/dev/null || { echo "needs dcm2json: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
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
step = item(SpecificCharacterSet="ISO_IR 192", ScheduledProcedureStepDescription="CT für Łódź")
plain = item(ScheduledProcedureStepDescription="CT für uns")
ds.RequestAttributesSequence = [step, plain]
ds.save_as("order.dcm", enforce_file_format=True)
read = [one.ScheduledProcedureStepDescription for one in ds.RequestAttributesSequence]
print("written:", ds.PatientName, *read, sep=" | ")
PY
PATH=/usr/local/bin:/usr/bin:/bin
dcm2json order.dcm order.json
env/bin/python - <<'PY' | tee said.txt
import json
from pathlib import Path

read = json.loads(Path("order.json").read_text(encoding="utf-8"))
items = read["00400275"]["Value"]
print("dcm2json:", read["00100010"]["Value"][0]["Alphabetic"], *(one["00400007"]["Value"][0] for one in items), sep=" | ")
PY
dcmdump +U8 +P 0040,0007 order.dcm | sed 's/.*\[\(.*\)\].*/dcmdump +U8: | \1/' | tee -a said.txt
env/bin/python - <<'PY'
from pathlib import Path

wrong = "CT für Łódź".encode().decode("latin-1")
said = Path("said.txt").read_text(encoding="utf-8").splitlines()
assert said == [
    f"dcm2json: | Müller^Jörg | {wrong} | CT für uns", f"dcmdump +U8: | {wrong}", "dcmdump +U8: | CT für uns"
], said
PY
