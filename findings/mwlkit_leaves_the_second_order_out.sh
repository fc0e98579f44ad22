#!/usr/bin/env bash
# A message ORM^O01 may hold several orders, each an ORC with its OBR: the group ORDER repeats (HL7 v2.5.1 chapter 4.4.1), as when a patient is
# registered for head and chest at once. hl7kit 0.2.0 and mwlkit 0.1.0, which make a worklist item of such a message, have the first one,
# and warn of other things: the second examination never comes to the scanner. All its segments were read.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet hl7kit==0.2.0 mwlkit==0.1.0 pydicom==3.0.2
env/bin/python - <<'PY' | tee said.txt
import hl7kit
import mwlkit

segments = ["MSH|^~\\&|RIS|H|PACS|H|20260130101500||ORM^O01^ORM_O01|1|P|2.5.1",
            "PID|1||7^^^H^MR||CITIZEN^JANE||19700101|F", "PV1|1|O"]
for number, text in ((1, "CT Head"), (2, "CT Chest")):
    obr = [""] * 28
    obr[0:5] = "OBR", str(number), f"P{number}", f"F{number}", f"C{number}^{text}^L"
    obr[18:21], obr[24], obr[27] = [f"ACC{number}", f"RP{number}", f"SPS{number}"], "CT", "^^^202601301015"
    segments += [f"ORC|NW|P{number}|F{number}||||^^^202601301015", "|".join(obr), f"ZDS|2.25.{number}^H^Application^DICOM"]
message = hl7kit.parse(("\r".join(segments) + "\r").encode())
item = mwlkit.worklist_item(message, default_station_ae="CT1")
made = mwlkit.to_pydicom(item)
steps = [one.ScheduledProcedureStepDescription for one in made.ScheduledProcedureStepSequence]
print("orders sent: ACC1, ACC2")
print(f"worklist: {made.AccessionNumber}, steps {steps}")
for warning in [*message.warnings, *item.warnings]:
    print("warning:", warning)
PY
diff said.txt - <<'TXT'
orders sent: ACC1, ACC2
worklist: ACC1, steps ['CT Head']
warning: MSH-18 absent; ISO_IR 192 assumed
warning: no Scheduled Station AE Title in the message (IPC-9); "CT1" was assumed
TXT
