#!/usr/bin/env bash
# A moment of HL7 v2 is as precise as it has digits (2.5.1 chapter 2A.77): 1948 is a birthday of which the year alone is
# known. hl7v2 1.9.0 of npm reads 1948 as the first of January of that year, and a month as its first day, and writes
# them so; a full minute loses its seconds; and an offset west of Greenwich loses its
# sign, so that what is written is no moment: 202601011200000800.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --legacy-peer-deps --prefix . hl7v2@1.9.0 hl7v2-dictionary@1.8.0 >/dev/null
cat >read.mjs <<'JS'
import { HL7Message } from "hl7v2";
const header = "MSH|^~\\&|RIS|H|PACS|H|20260130101530||ADT^A08^ADT_A01|1|P|2.5\r";
for (const moment of ["1948", "194802", "20260101120000", "20260101120030-0800", "20260101120030+0800"]) {
  const message = HL7Message.parse(`${header}PID|1||1^^^H^MR||A^B||${moment}|F\r`);
  const written = message.toHL7String().split("\r")[1].split("|")[7];
  console.log(`hl7v2 1.9.0: ${moment} becomes ${written}`);
}
JS
node read.mjs | tee said.txt
diff said.txt - <<'TXT'
hl7v2 1.9.0: 1948 becomes 19480101
hl7v2 1.9.0: 194802 becomes 19480201
hl7v2 1.9.0: 20260101120000 becomes 202601011200
hl7v2 1.9.0: 20260101120030-0800 becomes 202601011200300800
hl7v2 1.9.0: 20260101120030+0800 becomes 20260101120030+0800
TXT
