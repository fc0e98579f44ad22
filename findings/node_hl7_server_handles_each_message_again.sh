#!/usr/bin/env bash
# Several messages may go over one MLLP connection, each in a block of its own, the next one after the acknowledgement of the
# one before (HL7 MLLP release 1). node-hl7-server 2.5.0 of npm keeps what it has handled: with the second message its
# handler gets the first again, with the third the first two, and each is acknowledged again. A receiver made of it
# places an order as often as messages follow it.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm install --silent --no-fund --no-audit --prefix . node-hl7-server@2.5.0 >/dev/null
cat >talk.mjs <<'JS'
import net from "node:net";
import { once } from "node:events";
import { Server } from "node-hl7-server";

const free = net.createServer().listen(0, "127.0.0.1");
await once(free, "listening");
const { port } = free.address();
await new Promise((done) => free.close(done));

let handled = [];
const inbound = new Server({ bindAddress: "127.0.0.1" }).createInbound({ port }, async (request, response) => {
  handled.push(request.getMessage().get("MSH.10").toString());
  await response.sendResponse("AA");
});
await once(inbound, "listen");
const socket = net.connect(port, "127.0.0.1");
await once(socket, "connect");
for (const control of ["1", "2", "3"]) {
  handled = [];
  let answers = 0;
  const heard = (data) => { answers += data.filter((byte) => byte === 0x1c).length; };
  socket.on("data", heard);
  socket.write(`\x0bMSH|^~\\&|RIS|H|PACS|H|20260130101500||ADT^A08^ADT_A01|${control}|P|2.5.1\rPID|1||P1^^^H^MR||A^B\r\x1c\r`);
  while (answers === 0 || answers < handled.length) await once(socket, "data");
  socket.off("data", heard);
  console.log(`message ${control}: handled ${handled.join(" ")}, ${answers} acknowledged`);
}
process.exit(0);
JS
timeout 60 node talk.mjs | tee said.txt
diff said.txt - <<'TXT'
message 1: handled 1, 1 acknowledged
message 2: handled 1 2, 2 acknowledged
message 3: handled 1 2 3, 3 acknowledged
TXT
