#!/usr/bin/env bash
# Escapes of HL7 v2 (2.5.1 chapter 2.7) through python-hl7 0.4.5. A locally defined escape, \Z1\, is dropped with
# what it stood for. \X0D0A\ is read as two characters, but writing them again gives \.br\ and a broken \X a\.
# And \XC3A9\ in a message whose MSH-18 is UNICODE UTF-8 becomes two letters of Latin-1, for each byte is taken
# for a character. So text has to be unescaped as bytes, in the character set of the message.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet hl7==0.4.5
env/bin/python - 2>/dev/null <<'PY'
import importlib.metadata

import hl7

message = hl7.parse("MSH|^~\\&|RIS|H|PACS|H|20260101||ADT^A08|1|P|2.5|||||AUS|UNICODE UTF-8\r")
print("hl7", importlib.metadata.version("hl7"))
local = message.unescape("before\\Z1\\after")
lines = message.escape(message.unescape("\\X0D0A\\"))
letter = message.unescape("\\XC3A9\\")
print(repr(local), repr(lines), repr(letter))
assert local == "beforeafter"
assert lines == "\\.br\\\\X a\\"
assert letter == "Ã©"
PY
