#!/usr/bin/env bash
# Frames in High-Throughput JPEG 2000 have a media type of their own in DICOMweb, image/jphc (PS3.18 8.7.3.3.2). dicomweb-client
# 0.61.2 refuses to ask for it, or for the transfer syntax by its UID, before anything is sent; the JPEG 2000 before it is
# asked for. It takes such frames by */* or image/*, where the service is free to send something else.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicomweb-client==0.61.2 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from dicomweb_client import DICOMwebClient

FRAME = b"a frame!"
asked = []


class Service(BaseHTTPRequestHandler):
    """Answers any request for frames with one that is in High-Throughput JPEG 2000."""

    def do_GET(self):
        asked.append(self.headers["Accept"])
        part = b"--x\r\nContent-Type: image/jphc\r\n\r\n" + FRAME + b"\r\n--x--\r\n"
        self.send_response(200)
        self.send_header("Content-Type", 'multipart/related; type="image/jphc"; boundary=x')
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = DICOMwebClient(f"http://127.0.0.1:{server.server_port}")
print("dicomweb-client 0.61.2")
for media_type in (
    ("image/jp2", "1.2.840.10008.1.2.4.90"),
    "image/jphc",
    ("image/jphc", "1.2.840.10008.1.2.4.201"),
    ("application/octet-stream", "1.2.840.10008.1.2.4.201"),
    "*/*",
):
    asked.clear()
    try:
        frames = client.retrieve_instance_frames("1.2", "1.3", "1.4", [1], media_types=(media_type,))
    except Exception as error:
        print(media_type, "asked" if asked else "not asked", type(error).__name__)
    else:
        print(media_type, "asked", len(frames), "frame")
server.shutdown()
PY
diff said.txt - <<'TXT'
dicomweb-client 0.61.2
('image/jp2', '1.2.840.10008.1.2.4.90') asked 1 frame
image/jphc not asked ValueError
('image/jphc', '1.2.840.10008.1.2.4.201') not asked ValueError
('application/octet-stream', '1.2.840.10008.1.2.4.201') not asked ValueError
*/* asked 1 frame
TXT
