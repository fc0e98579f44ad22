#!/usr/bin/env bash
# A worklist key with a range of dates and a range of times means one period: 20260130-20260131 with 2200-0600 is the night, from ten in
# the evening of the first day until six in the morning of the second (PS3.4 K.6.1.2.2, remark on Scheduled Procedure Step Start
# Date). The worklist plugin of Orthanc 1.10.1 holds each against its own range: no time is after 2200 and before 0600,
# and the night has nothing to do. DCMTK's wlmscpfs, with the same files, has the two steps of it. For 30 January from 0800 to 31 January
# 1700 Orthanc leaves out what is at night just so.
set -euo pipefail
{ command -v Orthanc && command -v wlmscpfs; } >/dev/null || { echo "needs Orthanc and DCMTK: apt-get install orthanc dcmtk"; exit 2; }
dpkg-query -W orthanc dcmtk
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 pynetdicom==3.0.4
read -r dicom http dcmtk <<<"$(env/bin/python -c "
import socket
held = [socket.socket() for _ in range(3)]
for one in held: one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in held))")"
cat >o.json <<JSON
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o", "DicomAlwaysAllowFindWorklist": true,
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
 "Worklists": {"Enable": true, "Database": "lists/LIST"},
 "Plugins": ["/usr/share/orthanc/plugins/libModalityWorklists.so"]}
JSON
mkdir -p lists/LIST && touch lists/LIST/lockfile
Orthanc o.json >o.log 2>&1 & pids+=($!)
PATH=/usr/local/bin:/usr/bin:/bin wlmscpfs -dfp lists "$dcmtk" >w.log 2>&1 & pids+=($!)
cat >ask.py <<'PY'
import sys
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import ModalityWorklistInformationFind as FIND


def scheduled(**values):
    step = Dataset()
    for keyword in ("ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "Modality"):
        setattr(step, keyword, values.get(keyword, ""))
    return [step]


def write(number, stations, date, moment):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = FIND, f"2.25.{number}0"
    ds.AccessionNumber = ds.PatientID = ds.RequestedProcedureID = str(number)
    ds.PatientName, ds.StudyInstanceUID, ds.RequestedProcedureDescription = "CITIZEN^JANE", f"2.25.{number}", "CT"
    ds.ScheduledProcedureStepSequence = scheduled(
        ScheduledStationAETitle=stations, ScheduledProcedureStepStartDate=date,
        ScheduledProcedureStepStartTime=moment, Modality="CT",
    )
    step = ds.ScheduledProcedureStepSequence[0]
    step.ScheduledProcedureStepID, step.ScheduledProcedureStepDescription = str(number), "CT"
    ds.save_as(f"lists/LIST/{number}.wl", enforce_file_format=True)


entity = AE(ae_title="CT1")
entity.add_requested_context(FIND)


def found(port, title, **values):
    for _ in range(80):
        association = entity.associate("127.0.0.1", port, ae_title=title)
        if association.is_established:
            break
        time.sleep(0.25)
    key = Dataset()
    key.AccessionNumber, key.ScheduledProcedureStepSequence = "", scheduled(**values)
    answers = [one.AccessionNumber for _, one in association.send_c_find(key, FIND) if one is not None]
    association.release()
    return " ".join(sorted(answers)) or "nothing"


for number, (date, moment) in enumerate((("20260130", "120000"), ("20260130", "233000"), ("20260131", "013000"), ("20260131", "120000")), 1):
    write(number, "CT1", date, moment)
for times in ("2200-0600", "0800-1700"):
    period = {"ScheduledProcedureStepStartDate": "20260130-20260131", "ScheduledProcedureStepStartTime": times}
    print(f"Orthanc, both days, {times}: {found(int(sys.argv[1]), 'ORTHANC', **period)}")
    print(f"wlmscpfs, both days, {times}: {found(int(sys.argv[2]), 'LIST', **period)}")
PY
env/bin/python ask.py "$dicom" "$dcmtk" | tee said.txt
diff said.txt - <<'TXT'
Orthanc, both days, 2200-0600: nothing
wlmscpfs, both days, 2200-0600: 2 3
Orthanc, both days, 0800-1700: 1 4
wlmscpfs, both days, 0800-1700: 1 2 3 4
TXT
