#!/usr/bin/env bash
# A primitive element without a value says why in its extension, beside it under the name with an underscore (R4 2.6.2.3):
# `_started` with data-absent-reason is an imaging study whose beginning is known to be unknown. fhirclient 4.4.0 (Python) reads
# that and writes it back no more; so do the models for Go of samply v0.3.2, which lose what is `contained` too. The reference `#p`
# that is left points at nothing, and a program that reads, changes one element and writes by PUT takes it from the server.
set -euo pipefail
command -v go >/dev/null || { echo "needs Go 1.22 or later"; exit 2; }
folder=$(mktemp -d); trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet fhirclient==4.4.0
cat >study.json <<'JSON'
{"resourceType": "ImagingStudy", "status": "available", "subject": {"reference": "#p"},
 "contained": [{"resourceType": "Patient", "id": "p", "birthDate": "1970"}],
 "_started": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}}
JSON
cat >go.mod <<'MOD'
module findings
go 1.22
require github.com/samply/golang-fhir-models/fhir-models v0.3.2
MOD
cat >main.go <<'GO'
package main

import (
	"os"

	"github.com/samply/golang-fhir-models/fhir-models/fhir"
)

func main() {
	text, err := os.ReadFile("study.json")
	if err != nil {
		panic(err)
	}
	study, err := fhir.UnmarshalImagingStudy(text)
	if err != nil {
		panic(err)
	}
	text, err = study.MarshalJSON()
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile("go.json", text, 0o600); err != nil {
		panic(err)
	}
}
GO
go mod tidy >tidy.txt 2>&1 || { cat tidy.txt; exit 2; }
go run .
env/bin/python - <<'PY' | tee said.txt
import json

from fhirclient.models.imagingstudy import ImagingStudy

study = json.load(open("study.json"))
print("written:", *sorted(study))
print("fhirclient:", *sorted(ImagingStudy(study).as_json()))
print("samply, Go:", *sorted(json.load(open("go.json"))))
PY
diff said.txt - <<'TXT'
written: _started contained resourceType status subject
fhirclient: contained resourceType status subject
samply, Go: resourceType status subject
TXT
