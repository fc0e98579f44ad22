#!/usr/bin/env bash
# pynetdicom's qrscp (3.0.4) answers a C-FIND whose StudyInstanceUID is a list of two UIDs (PS3.4 C.2.2.2.2) with
# C320, and a C-GET with C413: its query hands the multiple value to the database as it is, which takes none such.
# One UID is found. Who lists UIDs there has to ask for one after the other.
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
import sys, time
from pydicom import Dataset
from pynetdicom import AE, __version__
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET

print("pynetdicom", __version__)
ae = AE()
ae.add_requested_context(FIND)
ae.add_requested_context(GET)
for _ in range(80):
    association = ae.associate("127.0.0.1", int(sys.argv[1]))
    if association.is_established:
        break
    time.sleep(0.25)
last = {}
for name, uids in (("one", "2.25.1"), ("two", ["2.25.1", "2.25.2"])):
    keys = Dataset()
    keys.QueryRetrieveLevel, keys.StudyInstanceUID = "STUDY", uids
    last[name, "C-FIND"] = [status.Status for status, _ in association.send_c_find(keys, FIND)][-1]
    last[name, "C-GET"] = [status.Status for status, _ in association.send_c_get(keys, GET)][-1]
association.release()
for (name, service), status in last.items():
    print(f"{service} with {name} UID: {status:04X}")
assert last["one", "C-FIND"] == last["one", "C-GET"] == 0
assert (last["two", "C-FIND"], last["two", "C-GET"]) == (0xC320, 0xC413)
PY
venv/bin/python ask.py "$port"
