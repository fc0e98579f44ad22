#!/usr/bin/env bash
# A note with a line break, "one\.br\two" (HL7 v2.5.1 2.7.6), read and written again by hl7apy 1.3.5 says
# "one\E\.br\E\two": the escape character was escaped, and the next reader shows the break as text. Reading and
# writing that again changes nothing more.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet hl7apy==1.3.5
env/bin/python - <<'PY'
import importlib.metadata

from hl7apy.parser import parse_message

segments = [
    "MSH|^~\\&|RIS|H|PACS|H|20260101||ORM^O01|1|P|2.5", "PID|||1||A^B", "ORC|NW|1", "OBR|1|1||X",
    "NTE|1||one\\.br\\two",
]
print("hl7apy", importlib.metadata.version("hl7apy"))
text = "\r".join(segments) + "\r"
notes = []
for _ in range(2):
    text = parse_message(text, find_groups=False).to_er7()
    notes.append(next(line for line in text.split("\r") if line.startswith("NTE")))
    print(notes[-1])
assert notes[0] == "NTE|1||one\\E\\.br\\E\\two"
assert notes[1] == notes[0]
PY
