#!/usr/bin/env bash
# A data set in Deflated Explicit VR Little Endian has to be compressed as a whole (PS3.5 A.5). dcmjs-dimse 0.3.3
# proposes that transfer syntax in a context of its own, and over the accepted context sends the data set plain, as
# Explicit VR Little Endian. A receiver that keeps what comes keeps a file that nobody can inflate.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pynetdicom==3.0.4 pydicom==3.0.2
npm install --silent --no-fund --no-audit --prefix . dcmjs-dimse@0.3.3 >/dev/null
cat >send.mjs <<'JS'
import dimse from "dcmjs-dimse";
const { Client, Dataset, requests, log } = dimse;
log.setLevel("error");
const elements = {
  SOPClassUID: "1.2.840.10008.5.1.4.1.1.7", SOPInstanceUID: "2.25.1", StudyInstanceUID: "2.25.2",
  SeriesInstanceUID: "2.25.3", PatientID: "1", PatientName: "A^B",
};
const request = new requests.CStoreRequest(new Dataset(elements, "1.2.840.10008.1.2.1.99"));
const client = new Client();
client.addRequest(request);
client.send("127.0.0.1", Number(process.argv[2]), "SENDER", "ANY");
JS
env/bin/python - <<'PY'
import subprocess
import zlib

from pydicom.uid import DeflatedExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE, evt

came: list[tuple[str, bytes]] = []


def keep(event: evt.Event) -> int:
    came.append((event.context.transfer_syntax, event.request.DataSet.getvalue()))
    return 0


entity = AE()
entity.add_supported_context(SecondaryCaptureImageStorage, DeflatedExplicitVRLittleEndian)
server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
port = server.socket.getsockname()[1]
subprocess.run(["node", "send.mjs", str(port)], timeout=60, check=True, stdout=subprocess.DEVNULL)
server.shutdown()
syntax, data = came[0]
print("over", syntax, "came", data[:24])
assert syntax == DeflatedExplicitVRLittleEndian
assert data.startswith(b"\x08\x00\x16\x00UI")
try:
    zlib.decompress(data, -15)
except zlib.error as error:
    print("inflating it:", error)
else:
    raise SystemExit("it is deflated now")
PY
