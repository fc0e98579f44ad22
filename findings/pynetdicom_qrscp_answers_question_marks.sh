#!/usr/bin/env bash
# pynetdicom's qrscp (3.0.4) answers a C-FIND without SpecificCharacterSet, whatever the text is in: a name that was
# stored in UTF-8 comes back with a question mark for each Cyrillic letter, and with Latin-1 bytes for Western ones.
set -euo pipefail
command -v python3 >/dev/null || { echo "needs Python 3.10 or newer"; exit 2; }
folder=$(mktemp -d); cd "$folder"; server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet 'pynetdicom==3.0.4' 'pydicom==3.0.2' 'SQLAlchemy==2.0.43'
port=$(python3 -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
cat >qrscp.ini <<INI
[DEFAULT]
ae_title: QRSCP
port: $port
max_pdu: 16382
acse_timeout: 30
dimse_timeout: 30
network_timeout: 30
bind_address: 127.0.0.1
instance_location: $folder/instances
database_location: $folder/instances.sqlite
log_identifier: False
INI
venv/bin/python -m pynetdicom qrscp -q -c qrscp.ini 2>said & server=$!
cat >ask.py <<'PY'
import sys, time, warnings
from pydicom import Dataset
from pynetdicom import AE, __version__
from pynetdicom.sop_class import SecondaryCaptureImageStorage as IMAGE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

warnings.simplefilter("ignore")
print("pynetdicom", __version__)
ae = AE()
ae.add_requested_context(FIND)
ae.add_requested_context(IMAGE, "1.2.840.10008.1.2.1")
for _ in range(80):
    association = ae.associate("127.0.0.1", int(sys.argv[1]))
    if association.is_established:
        break
    time.sleep(0.25)
answered = {}
for number, name in enumerate(("Иванова^Анна", "Grün^Änne")):
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID, image.SOPInstanceUID = IMAGE, f"2.25.{number}1"
    image.StudyInstanceUID, image.SeriesInstanceUID = f"2.25.{number}2", f"2.25.{number}3"
    image.PatientName, image.PatientID = name, f"P{number}"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20260101", "0930", "1", "A"
    image.Modality, image.SeriesNumber, image.InstanceNumber = "OT", 1, 1
    image.ensure_file_meta()
    image.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    assert association.send_c_store(image).Status == 0
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.StudyInstanceUID, keys.PatientName = "STUDY", image.StudyInstanceUID, ""
    [found] = [answer for _, answer in association.send_c_find(keys, FIND) if answer is not None]
    assert "SpecificCharacterSet" not in found
    answered[name] = found.get_item("PatientName").value
association.release()
for name, value in answered.items():
    print(name, "is answered as", value)
assert [str(value).strip() for value in answered.values()] == ["???????^????", "Grün^Änne"]
PY
venv/bin/python ask.py "$port"
