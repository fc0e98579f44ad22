#!/usr/bin/env bash
# ImagingStudy.status has a required binding (registered, available, cancelled, entered-in-error, unknown). The models
# of fhir.resources 8.3.0 do not hold values to bindings: status "banana" is a valid ImagingStudy. And the models at the
# top of the package are R5's: they refuse an R4 ImagingStudy, whose modality is a list of codings, not of concepts. R4
# itself is not there; R4B's model takes it.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet fhir.resources==8.3.0
env/bin/python - <<'PY'
import importlib.metadata

from fhir.resources.imagingstudy import ImagingStudy
from fhir.resources.R4B.imagingstudy import ImagingStudy as R4BImagingStudy

print("fhir.resources", importlib.metadata.version("fhir.resources"))
study = {"resourceType": "ImagingStudy", "status": "banana", "subject": {"reference": "Patient/1"}}
print("status:", ImagingStudy(**study).status)
release_4 = {**study, "status": "available", "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}]}
print("R4B takes R4:", R4BImagingStudy(**release_4).modality[0].code)
try:
    ImagingStudy(**release_4)
except ValueError as error:
    print("the default model:", len(error.errors()), "errors")
else:
    raise SystemExit("the default model takes R4 now")
assert ImagingStudy(**study).status == "banana"
PY
