#!/usr/bin/env bash
# In the DICOM JSON Model a person name is an object with its groups (PS3.18 F.2.2), and a code has its value beside its meaning. dicom2fhir 0.1.25 converts by way
# of that model, takes the text of the object for the name and divides it at the caret: the family name of the Patient begins with a brace
# and the word "Alphabetic". Of a procedure code, system and display are there and the code itself is not. Both are valid FHIR, and nothing is said.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicom2fhir==0.1.25 fhir.resources==8.0.0 pydicom==3.0.2
env/bin/python -W ignore - <<'PY' | tee said.txt
import asyncio
import json
from pathlib import Path

from dicom2fhir.dicom2fhir import from_directory
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage


def converted(**values):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = UltrasoundImageStorage, "2.25.1", "US"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.PatientName = "2.25.2", "2.25.3", "7", "CITIZEN^JANE"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    Path("study").mkdir(exist_ok=True)
    ds.save_as("study/us.dcm", enforce_file_format=True)
    made = asyncio.run(from_directory(Path("study"), {"dicom_timezone": "Europe/Berlin"}))
    return {one["resource"]["resourceType"]: one["resource"] for one in json.loads(made.model_dump_json())["entry"]}


code = Dataset()
code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "USA", "99LOCAL", "US Abdomen"
made = converted(ProcedureCodeSequence=[code])
[name], [procedure] = made["Patient"]["name"], made["ImagingStudy"]["procedureCode"]
print("Patient.name, of CITIZEN^JANE:", json.dumps(name, sort_keys=True))
print("ImagingStudy.procedureCode, of USA:", json.dumps(procedure["coding"], sort_keys=True))
PY
cat >expected.txt <<'TXT'
Patient.name, of CITIZEN^JANE: {"family": "{\n  \"Alphabetic\": \"CITIZEN", "given": ["JANE\"\n}"]}
ImagingStudy.procedureCode, of USA: [{"display": "US Abdomen", "system": "99LOCAL"}]
TXT
diff said.txt expected.txt
