#!/usr/bin/env bash
# A worklist item of MÜLLER^ZOË whose file says ISO_IR 100 is answered by DCMTK's wlmscpfs with those bytes and
# without (0008,0005), even to a query that asks for it: its default is --return-no-char-set. By PS3.5 6.1.2.2
# all text of the answer would be ASCII then. Only --keep-char-set gives what the file says.
set -euo pipefail
command -v wlmscpfs >/dev/null || { echo "needs wlmscpfs: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
read -r plain kept <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(2)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
mkdir -p lists/WORK && touch lists/WORK/lockfile
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

step = Dataset()
step.Modality, step.ScheduledStationAETitle, step.ScheduledProcedureStepID = "CT", "CT1", "S1"
step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20260131", "0930"
step.ScheduledPerformingPhysicianName, step.ScheduledProcedureStepDescription = "", "HEAD"
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = "1.2.276.0.7230010.3.1.0.1", "2.25.9"
ds.SpecificCharacterSet, ds.PatientName, ds.PatientID = "ISO_IR 100", "MÜLLER^ZOË", "1"
ds.AccessionNumber, ds.StudyInstanceUID, ds.RequestedProcedureID = "A1", "2.25.2", "R1"
ds.RequestedProcedureDescription, ds.PatientBirthDate, ds.PatientSex = "CT HEAD", "", "F"
ds.ScheduledProcedureStepSequence = [step]
ds.save_as("lists/WORK/one.wl", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin
wlmscpfs -dfp lists "$plain" & pids+=($!)
wlmscpfs -csk -dfp lists "$kept" & pids+=($!)
env/bin/python - "$plain" "$kept" <<'PY'
import sys
import time

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import ModalityWorklistInformationFind as FIND

key = Dataset()
key.SpecificCharacterSet, key.PatientName, key.PatientID = "ISO_IR 100", "", "1"
key.ScheduledProcedureStepSequence = [Dataset()]
key.ScheduledProcedureStepSequence[0].Modality = ""
entity = AE(ae_title="CT1")
entity.add_requested_context(FIND)
seen = []
for port in map(int, sys.argv[1:]):
    for _ in range(120):
        association = entity.associate("127.0.0.1", port, ae_title="WORK")
        if association.is_established:
            break
        time.sleep(0.25)
    matches = [match for _, match in association.send_c_find(key, FIND) if match]
    association.release()
    assert len(matches) == 1
    raw = matches[0].PatientName.original_string
    seen.append((matches[0].get("SpecificCharacterSet"), raw))
print("as installed:   ", seen[0])
print("--keep-char-set:", seen[1])
assert not seen[0][0] and seen[0][1] == "MÜLLER^ZOË".encode("latin-1")
assert seen[1] == ("ISO_IR 100", "MÜLLER^ZOË".encode("latin-1"))
PY
