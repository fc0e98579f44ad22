#!/usr/bin/env bash
# An imaging order, ORM^O01 with ORC and OBR, is valid: of OBR, RQD, RQ1, RXO, ODS and ODT the order detail has one
# (HL7 v2.5.1 4.4.1). hl7apy 1.3.5 parses it strictly, and its validate() then misses RQD: it takes the choice for a
# list of segments that are all required. An OMG^O19 of the same order, which has no such choice, it finds valid.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet hl7apy==1.3.5
env/bin/python - <<'PY'
import importlib.metadata

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import ValidationError
from hl7apy.parser import parse_message

print("hl7apy", importlib.metadata.version("hl7apy"))
said = {}
for kind, structure in (("ORM^O01", "ORM_O01"), ("OMG^O19", "OMG_O19")):
    segments = [
        f"MSH|^~\\&|RIS|H|PACS|H|20260101120000||{kind}^{structure}|1|P|2.5.1", "PID|1||1^^^H^MR||A^B",
        "PV1|1|O", "ORC|NW|1|2", "OBR|1|1|2|CTCH^CT chest^L",
    ]
    message = parse_message("\r".join(segments) + "\r", VALIDATION_LEVEL.STRICT)
    try:
        said[kind] = str(message.validate())
    except ValidationError as error:
        said[kind] = str(error)
    print(kind, said[kind])
assert "Missing required child" in said["ORM^O01"] and said["ORM^O01"].endswith("RQD")
assert said["OMG^O19"] == "True"
PY
