#!/usr/bin/env bash
# A carriage return ends every segment of HL7 v2, the last one too (chapter 2, message delimiters). Two parsers of npm have
# it otherwise: hl7parser 1.0.1 reads a message without the last one and cannot parse it with it, and hl7-standard 1.0.4
# ends segments with CR and LF where it writes what it read, has none after the last, and adds an empty field to each.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --prefix . hl7parser@1.0.1 hl7-standard@1.0.4 >/dev/null
cat >read.cjs <<'JS'
const parser = require("hl7parser");
const Standard = require("hl7-standard");
const segments = ["MSH|^~\\&|RIS|H|PACS|H|20260130101500||ADT^A08^ADT_A01|1|P|2.5.1", "PID|1||1^^^H^MR||A^B"];
const message = segments.map((segment) => segment + "\r").join("");
for (const [how, text] of [["without the last CR", message.slice(0, -1)], ["as it should be", message]]) {
  let said;
  try {
    said = `the family name is ${parser.create(text).get("PID.5.1")}`;
  } catch (error) {
    said = `refused (${error.message})`;
  }
  console.log(`hl7parser 1.0.1, ${how}: ${said}`);
}
const standard = new Standard(message);
standard.transform();
console.log("hl7-standard 1.0.4 writes it as", JSON.stringify(standard.build().slice(-40)));
JS
node read.cjs | tee said.txt
diff said.txt - <<'TXT'
hl7parser 1.0.1, without the last CR: the family name is A
hl7parser 1.0.1, as it should be: refused (Segment must have a name.)
hl7-standard 1.0.4 writes it as "DT_A01|1|P|2.5.1|\r\nPID|1||1^^^H^MR||A^B|"
TXT
