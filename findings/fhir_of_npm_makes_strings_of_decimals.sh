#!/usr/bin/env bash
# FHIR says the same in XML and in JSON, where a decimal is a number (R4 2.6.2). The package fhir 4.12.0 of npm, asked for
# JSON from the XML of an Observation, which it wrote itself, gives the value of a Quantity as a string; integers and
# booleans stay what they are. Its own validation then finds its own resource in error. And FHIRPath with a call of
# today() or now() is an exception.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --prefix . fhir@4.12.0 >/dev/null
cat >turn.cjs <<'JS'
const { Fhir } = require("fhir");
const fhir = new Fhir();
const observation = {
  resourceType: "Observation", status: "final", code: { text: "Diameter" },
  valueQuantity: { value: 27.2, unit: "mm", system: "http://unitsofmeasure.org", code: "mm" },
};
const back = fhir.xmlToObj(fhir.objToXml(observation));
console.log("before:", JSON.stringify(observation.valueQuantity.value), "valid:", fhir.validate(observation).valid);
console.log("after: ", JSON.stringify(back.valueQuantity.value), "valid:", fhir.validate(back).valid);
const study = { resourceType: "ImagingStudy", status: "available", numberOfSeries: 2, subject: { reference: "Patient/1" } };
console.log("an integer:", JSON.stringify(fhir.xmlToObj(fhir.objToXml(study)).numberOfSeries));
try {
  console.log("FHIRPath:", fhir.evaluate({ resourceType: "Patient", birthDate: "1970-01-31" }, "Patient.birthDate < today()"));
} catch (error) {
  console.log("FHIRPath:", error.name);
}
JS
node turn.cjs | tee said.txt
diff said.txt - <<'TXT'
before: 27.2 valid: true
after:  "27.2" valid: false
an integer: 2
FHIRPath: TypeError
TXT
