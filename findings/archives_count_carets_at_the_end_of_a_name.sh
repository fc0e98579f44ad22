#!/usr/bin/env bash
# CITIZEN^JANE^^^ is the name CITIZEN^JANE: empty components at the end, with their carets, may be left out (PS3.5 6.2.1.1), and many a
# modality writes all five. Orthanc 1.10.1 and DCMTK's dcmqrscp compare them as letters: who asks for CITIZEN^JANE does not find the
# study stored with the carets, nor who asks with carets the one without; with CITIZEN^JANE* both are found, and CITIZEN^JANET.
set -euo pipefail
{ command -v Orthanc && command -v dcmqrscp; } >/dev/null || { echo "needs Orthanc and DCMTK: apt-get install orthanc dcmtk"; exit 2; }
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
{"DicomPort": $dicom, "HttpPort": $http, "StorageDirectory": "o", "IndexDirectory": "o", "DicomAlwaysAllowFind": true,
 "RemoteAccessAllowed": false, "AuthenticationEnabled": false}
JSON
Orthanc o.json >o.log 2>&1 & pids+=($!)
mkdir kept
cat >qr.cfg <<CFG
NetworkTCPPort = $dcmtk
MaxPDUSize = 16384
MaxAssociations = 4
HostTable BEGIN
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP $folder/kept RW (10, 1gb) ANY
AETable END
CFG
PATH=/usr/local/bin:/usr/bin:/bin dcmqrscp -c qr.cfg & pids+=($!)
cat >ask.py <<'PY'
import sys
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

entity = AE(ae_title="SOMEBODY")
entity.add_requested_context(FIND)
entity.add_requested_context(SecondaryCaptureImageStorage, ExplicitVRLittleEndian)
for title, port in zip(("ORTHANC", "QRSCP"), map(int, sys.argv[1:])):
    for _ in range(80):
        association = entity.associate("127.0.0.1", port, ae_title=title)
        if association.is_established:
            break
        time.sleep(0.25)
    for number, name in enumerate(("CITIZEN^JANE", "CITIZEN^JANE^^^", "CITIZEN^JANET"), 1):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, f"2.25.{number}1"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"2.25.{number}", f"2.25.{number}2"
        ds.PatientID, ds.PatientName = str(number), name
        assert association.send_c_store(ds).Status == 0
    for text in ("CITIZEN^JANE", "CITIZEN^JANE^^^", "CITIZEN^JANE*"):
        key = Dataset()
        key.QueryRetrieveLevel, key.StudyInstanceUID, key.PatientName = "STUDY", "", text
        answers = [str(one.PatientName) for _, one in association.send_c_find(key, FIND) if one is not None]
        print(f"{title}, {text}: {' '.join(sorted(answers))}")
    association.release()
PY
env/bin/python ask.py "$dicom" "$dcmtk" | tee said.txt
diff said.txt - <<'TXT'
ORTHANC, CITIZEN^JANE: CITIZEN^JANE
ORTHANC, CITIZEN^JANE^^^: CITIZEN^JANE^^^
ORTHANC, CITIZEN^JANE*: CITIZEN^JANE CITIZEN^JANET CITIZEN^JANE^^^
QRSCP, CITIZEN^JANE: CITIZEN^JANE
QRSCP, CITIZEN^JANE^^^: CITIZEN^JANE^^^
QRSCP, CITIZEN^JANE*: CITIZEN^JANE CITIZEN^JANET CITIZEN^JANE^^^
TXT
