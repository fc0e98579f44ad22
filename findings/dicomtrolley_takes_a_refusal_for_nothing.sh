#!/usr/bin/env bash
# A query below study level names one value for the unique key above it, unless relational queries were negotiated (PS3.4
# C.4.1.2.2.1). dicomtrolley 4.1.0, asked for the series of a patient by C-FIND, neither names one nor negotiates; and
# when the archive refuses the query as it should (A900), or fails (C001), the answer of dicomtrolley is an empty list, like
# that of an archive without such a patient. A client by this rule deletes or sends again what is there.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicomtrolley==4.1.0 pynetdicom==3.0.4 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
from dicomtrolley.core import Query, QueryLevels
from dicomtrolley.dicom_qr import DICOMQR
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind

status = 0xA900
asked: list[Dataset] = []
negotiated: list[object] = []


def find(event):
    asked.append(event.identifier)
    negotiated.extend(event.assoc.requestor.sop_class_extended.items())
    yield status, None


entity = AE()
entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])
client = DICOMQR(host="127.0.0.1", port=server.socket.getsockname()[1], aet="ME", aec="ARCHIVE")
print("dicomtrolley 4.1.0")
for status in (0xA900, 0xC001, 0x0000):
    found = client.find_studies(Query(PatientName="A^B", query_level=QueryLevels.SERIES))
    print(f"{status:04X}: {found}")
key = asked[0].get("StudyInstanceUID")
print("level:", asked[0].QueryRetrieveLevel, "study named:", bool(key), "relational negotiated:", bool(negotiated))
server.shutdown()
PY
diff said.txt - <<'TXT'
dicomtrolley 4.1.0
A900: []
C001: []
0000: []
level: SERIES study named: False relational negotiated: False
TXT
