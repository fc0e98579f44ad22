#!/usr/bin/env bash
# A requestor of pynetdicom (3.0.4) may lose the answer to what it asked. Its reactor counts as paused from before it
# waits until after it was let by; who asks in between goes on, and both look for the next message. Where the reactor is
# the first, it drops the answer as an unexpected message, and the asker waits until its DIMSE timeout. A busy machine
# does that now and then; here two delays stand for it, at places where any thread may be made to wait. Who has to be
# sure holds the reactor at its checkpoint for as long as anything is asked.
set -euo pipefail
command -v python3 >/dev/null || { echo "needs Python 3.10 or newer"; exit 2; }
folder=$(mktemp -d); cd "$folder"
trap 'rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet 'pynetdicom==3.0.4' 'pydicom==3.0.2'
cat >ask.py <<'PY'
import logging, threading, time
from pynetdicom import AE, __version__
from pynetdicom.sop_class import Verification

print("pynetdicom", __version__)
said = []
logging.getLogger("pynetdicom.association").addFilter(lambda one: said.append(one.getMessage()) or False)
server = AE()
server.add_supported_context(Verification)
serving = server.start_server(("127.0.0.1", 0), block=False)
asking = AE()
asking.add_requested_context(Verification)
asking.dimse_timeout = 3


class Late(threading.Event):
    """Whoever was let by is kept from the processor for a while."""

    def wait(self, timeout=None):
        passed = super().wait(timeout)
        time.sleep(self.seconds)
        return passed


def echo(delay):
    association = asking.associate(*serving.socket.getsockname())
    assert association.is_established
    event = Late()
    event.seconds = delay
    event.set()
    association._reactor_checkpoint = event
    time.sleep(0.1)
    look = association.dimse.get_msg
    association.dimse.get_msg = lambda block=False: (time.sleep(3 * delay * block), look(block))[1]
    answer = association.send_c_echo()
    association.abort()
    return getattr(answer, "Status", None)


quick, late = echo(0.0), echo(0.3)
print("status of a C-ECHO:", quick, "and where both threads had to wait:", late)
print(*said, sep="\n")
serving.shutdown()
assert quick == 0
assert late is None
assert any("unexpected C-ECHO" in one for one in said)
PY
venv/bin/python ask.py
