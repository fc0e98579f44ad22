#!/usr/bin/env bash
# A patient has an identifier of the hospital and one of the insurance or the country: PID-3 repeats (HL7 v2.5.1 chapter 3), and a repetition is divided
# from the next by the second character of MSH-2 (chapter 2, message delimiters). tiny-hl7 1.0.7 and nodehl7 2.0.0 of npm do not look at it:
# two identifiers are one, with the number of the second in the name of its authority, and the second's authority as the day from
# which it holds (CX.7); nothing is said. nodehl7 also reads \F\, the escape of the field separator, as a caret. ts-hl7 1.0.0 has both.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --ignore-scripts --prefix . tiny-hl7@1.0.7 nodehl7@2.0.0 ts-hl7@1.0.0 >/dev/null
cat >read.cjs <<'JS'
const segments = [
  "MSH|^~\\&|RIS|HOSPITAL|PACS|HOSPITAL|20260101120000||ORM^O01^ORM_O01|1|P|2.5.1",
  "PID|1||4711^^^HOSPITAL~123456^^^INSURANCE||CITIZEN^JANE",
  "OBR|1|77||CHEST^Chest|||||||||left\\F\\right",
];
const message = segments.join("\r") + "\r";
const said = (value) => JSON.stringify(value);
(async () => {
  const [, tinyPid, tinyObr] = require("tiny-hl7").parse(message);
  console.log("tiny-hl7:", said(Object.entries(tinyPid).filter(([key]) => key.startsWith("PID.3"))), said(tinyObr["OBR.13"]));
  const Parser = require("nodehl7");
  const read = await new (Parser.default ?? Parser)().parse(message, "1");
  console.log("nodehl7:", said(read.get("PID").parts[2]), said(read.get("OBR").parts[12]));
  const Message = require("ts-hl7");
  const [, [, pid]] = new (Message.default ?? Message)(message).raw();
  console.log("ts-hl7:", said(pid[3]));
})();
JS
node read.cjs | tee said.txt
diff said.txt - <<'TXT'
tiny-hl7: [["PID.3.1","4711"],["PID.3.2",""],["PID.3.3",""],["PID.3.4","HOSPITAL~123456"],["PID.3.5",""],["PID.3.6",""],["PID.3.7","INSURANCE"]] "left|right"
nodehl7: ["4711","","","HOSPITAL~123456","","","INSURANCE"] "left^right"
ts-hl7: [{"rep":true},["4711",null,null,"HOSPITAL"],["123456",null,null,"INSURANCE"]]
TXT
