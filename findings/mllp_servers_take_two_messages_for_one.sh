#!/usr/bin/env bash
# MLLP puts a start block before each message and an end block after it, so that messages need not come one packet each:
# two that are sent one upon the other often arrive in one read. The servers of simple-hl7 3.3.0 and @medplum/hl7 4.5.2 (npm)
# take what is in such a read for one message: its text has the end and start block of the next in the middle, one
# acknowledgement goes out, and the second message is neither handled nor answered. node-hl7-server 2.5.0 answers both,
# and gives each of its answers the same message control ID, the word ACK, where HL7 wants one that is unique (MSH-10).
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); pid=; trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --legacy-peer-deps --prefix . \
  simple-hl7@3.3.0 @medplum/hl7@4.5.2 @medplum/core@4.5.2 node-hl7-server@2.5.0 >/dev/null
cat >servers.mjs <<'JS'
import simple from "simple-hl7";
import { Hl7Server } from "@medplum/hl7";
import { Server } from "node-hl7-server";
import net from "node:net";

const free = () => new Promise((done) => {
  const one = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = one.address();
    one.close(() => done(port));
  });
});
const ports = [await free(), await free(), await free()];

const app = simple.tcp();
app.use((request, response) => response.end());
app.start(ports[0]);

const medplum = new Hl7Server((connection) => {
  connection.addEventListener("message", ({ message }) => connection.send(message.buildAck()));
});
medplum.start(ports[1]);

new Server({ bindAddress: "127.0.0.1" }).createInbound({ port: ports[2] }, async (request, response) => {
  await response.sendResponse("AA");
});
console.log(ports.join(" "));
JS
node servers.mjs >ports.txt 2>errors.txt & pid=$!
for _ in $(seq 100); do [ -s ports.txt ] && break; sleep 0.1; done
cat >send.py <<'PY'
import socket
import sys
import time


def message(number):
    segments = (
        rf"MSH|^~\&|RIS|H|PACS|H|20260130101500||ADT^A08^ADT_A01|M{number}|P|2.5.1",
        "EVN||20260130101500",
        f"PID|1||{number}^^^H^MR||A^B",
        "PV1|1|O",
    )
    return b"\x0b" + "".join(one + "\r" for one in segments).encode() + b"\x1c\r"


def connected(port):
    for _ in range(50):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("no server")


for name, port in zip(("simple-hl7 3.3.0", "@medplum/hl7 4.5.2", "node-hl7-server 2.5.0"), sys.argv[1:]):
    with connected(int(port)) as peer:
        peer.sendall(message(1) + message(2))
        peer.settimeout(3)
        came = b""
        try:
            while came.count(b"\x1c") < 2 and (more := peer.recv(4096)):
                came += more
        except TimeoutError:
            pass
    answers = [block.strip(b"\x0b\r").decode().split("\r") for block in came.split(b"\x1c") if block.strip(b"\r")]
    named = [segments[1].split("|")[2] for segments in answers]
    ids = {segments[0].split("|")[9] for segments in answers}
    print(f"{name}: answered {' and '.join(named)}" + (f", both numbered {ids.pop()}" if len(answers) - len(ids) == 1 else ""))
PY
[ -s ports.txt ] || { cat errors.txt; exit 2; }
python3 send.py $(cat ports.txt) | tee said.txt
diff said.txt - <<'TXT'
simple-hl7 3.3.0: answered M1
@medplum/hl7 4.5.2: answered M1
node-hl7-server 2.5.0: answered M1 and M2, both numbered ACK
TXT
