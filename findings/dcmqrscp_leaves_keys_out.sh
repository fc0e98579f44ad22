#!/usr/bin/env bash
# A C-FIND key that an SCP does not support may be answered empty (PS3.4 C.4.1.1.4), with status FF01 to say so.
# DCMTK's dcmqrscp keeps a fixed set of attributes: asked for ModalitiesInStudy = CT, it returns an MR study with
# status FF00 and without the key, as it does for InstitutionName and NumberOfStudyRelatedInstances. A client
# that trusts the match takes the MR study for a CT study.
set -euo pipefail
command -v dcmqrscp >/dev/null || { echo "needs dcmqrscp: apt-get install dcmtk"; exit 2; }
dpkg-query -W dcmtk
folder=$(mktemp -d); cd "$folder"; pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
port=$(env/bin/python -c "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])")
mkdir kept
cat >qr.cfg <<CFG
NetworkTCPPort = $port
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
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin
dcmqrscp -c qr.cfg & pids+=($!)
env/bin/python - "$port" <<'PY'
import sys
import time

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
ds.PatientID, ds.PatientName, ds.Modality, ds.InstitutionName = "1", "A^B", "MR", "NORTH"
entity = AE(ae_title="SOMEBODY")
entity.add_requested_context(FIND)
entity.add_requested_context(MRImageStorage, ExplicitVRLittleEndian)
for _ in range(120):
    association = entity.associate("127.0.0.1", int(sys.argv[1]), ae_title="QRSCP")
    if association.is_established:
        break
    time.sleep(0.25)
assert association.send_c_store(ds).Status == 0
key = Dataset()
key.QueryRetrieveLevel, key.StudyInstanceUID = "STUDY", ""
key.ModalitiesInStudy, key.InstitutionName, key.NumberOfStudyRelatedInstances = "CT", "SOUTH", ""
answers = [(s.Status, d) for s, d in association.send_c_find(key, FIND)]
association.release()
status, match = answers[0]
print(f"asked for CT at SOUTH; status {status:04X}, answered:")
print(match)
assert status == 0xFF00 and match.StudyInstanceUID == "2.25.2"
for keyword in ("ModalitiesInStudy", "InstitutionName", "NumberOfStudyRelatedInstances"):
    assert keyword not in match, keyword
PY
