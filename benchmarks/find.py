"""C-FIND of the embedded PACS beside Orthanc's, over the same studies, in one run.

    python benchmarks/find.py [--studies 10000] [--asked 15] [--storing 4] [--processes 3]

Both PACS are processes of their own and keep their index on the disk. Each study is one small image.
What is printed is the median of a whole exchange over an association that stays open, from the
request to the final response, and the ratio between the two; then what a question takes of the
server's processor, which other work on the machine does not change. Who asks does not take the answers to
pieces, so that it is the servers that are measured. With ``--storing 4`` four processes
store further studies in whichever PACS is asked meanwhile, and the 99th percentile is printed beside the median.
``--processes``: how many the embedded PACS answers with.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydicom import Dataset

from scenario_runner.deadline import Deadline
from scenario_runner.dicom import statuses
from scenario_runner.network.queries import encode
from scenario_runner.network.store import store
from scenario_runner.sending import Sending
from scenario_runner.ul import commands
from scenario_runner.ul.commands import Element, Field
from scenario_runner.ul.fragments import fragments
from scenario_runner.ul.pdu import ASSOCIATE_AC
from scenario_runner.ul.peer import Limits, Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, sample
from tests.pacs import wire
from tests.pacs.test_many import Encoded
from tests.peers import processes
from tests.running import command

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_FIRST = 10**7
_FAMILIES = 500
_DAYS = 250


def _marks(number: int) -> dict[str, str]:
    """What tells one study from another, always of the same length: UIDs, names, dates."""
    at = number - _FIRST
    return {
        str(_FIRST): str(number),
        "FAM000": f"FAM{at % _FAMILIES:03}",
        "20200101": f"20{20 + at % _DAYS // 25}{1 + at % 12:02}{1 + at % 25:02}",
    }


def studies(count: int, start: int = _FIRST) -> Iterator[Sample]:
    """One is encoded, and the marks of the others are put in its place."""
    first = sample(
        f"1.2.{_FIRST}",
        PatientID=f"P{_FIRST}",
        PatientName="FAM000^GIVEN",
        StudyDate="20200101",
        AccessionNumber=f"A{_FIRST}",
    )
    for number in range(start, start + count):
        data, uid = first.data, first.sop_instance_uid
        for old, new in _marks(number).items():
            data, uid = data.replace(old.encode(), new.encode()), uid.replace(old, new)
        yield dataclasses.replace(first, sop_instance_uid=uid, data=data)


QUESTIONS = {
    "name FAM00*": {"PatientName": "FAM00*"},
    "no match": {"PatientName": "NOBODY*"},
    "no match by ID": {"PatientID": "NOBODY"},
    "a month": {"StudyDate": "20210301-20210331"},
    "study UID": {"StudyInstanceUID": f"1.2.{_FIRST + 777}"},
    "accession": {"AccessionNumber": f"A{_FIRST + 777}"},
    "name *M00*": {"PatientName": "*M00*"},
}
_RETURNED = (
    "PatientID", "PatientName", "StudyDate", "StudyTime", "AccessionNumber", "StudyInstanceUID",
    "StudyDescription",
)  # fmt: skip


def _identifier(match: dict[str, str]) -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    for keyword in _RETURNED:
        setattr(wanted, keyword, match.get(keyword, ""))
    return wanted


class Asked(NamedTuple):
    """Milliseconds that a question took, in the middle and at most but for 1 %; matches; milliseconds of processor."""

    took: float
    most: float
    matches: int
    processor: float


def processor(pid: int) -> float:
    """Seconds that a process and its children have worked; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    worked = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return worked + sum(map(processor, map(int, children)))


class Asking:
    """An association that counts matches and reads nothing else of them."""

    def __init__(self, peer: Peer) -> None:
        self._socket = socket.create_connection((peer.host, peer.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(
            wire.associate_rq(STUDY_ROOT_FIND, EXPLICIT, 1 << 17, peer.calling_ae_title)
        )
        if wire.read_pdu(self._socket)[0] != ASSOCIATE_AC:
            raise SystemExit("a PACS refused the association")
        self._received = bytearray()

    def count(self, match: dict[str, str]) -> int:
        """Ask at the study level; how many pending responses come before the final one."""
        command = {
            Element.AFFECTED_SOP_CLASS_UID: STUDY_ROOT_FIND,
            Element.COMMAND_FIELD: Field.C_FIND_RQ,
            Element.MESSAGE_ID: 1,
            Element.PRIORITY: 0,
            Element.COMMAND_DATA_SET_TYPE: 1,
        }
        identifier = encode(_identifier(match), EXPLICIT)
        self._socket.sendall(
            b"".join(
                (
                    *fragments(1, [commands.encode(command)], 16384, command=True),
                    *fragments(1, [identifier], 16384, command=False),
                )
            )
        )
        pending = 0
        while True:
            status = self._next_status()
            if status not in statuses.STILL_PENDING:
                if status:
                    raise SystemExit(f"a PACS answered {status:04X}H")
                return pending
            pending += 1

    def _next_status(self) -> int:
        """Of the next command set; data sets are passed over."""
        while True:
            while len(self._received) < _PDV or len(self._received) < self._length():
                more = self._socket.recv(1 << 18)
                if not more:
                    raise SystemExit("a PACS closed the connection")
                self._received += more
            length = self._length()
            at = self._received.find(_STATUS, 0, length) if self._received[_PDV - 1] & 1 else -1
            status = int.from_bytes(self._received[at + 8 : at + 10], "little")
            del self._received[:length]
            if at >= 0:
                return status

    def _length(self) -> int:
        return 6 + int.from_bytes(self._received[2:6], "big")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


_PDV = 12
"""Bytes of a P-DATA-TF before the fragment; the last of them says what it is."""
_STATUS = bytes((0, 0, 0, 9, 2, 0, 0, 0))
"""The head of Status in a command set."""


def ask(peer: Peer, asked: int, pid: int) -> dict[str, Asked]:
    """What each question takes."""
    found: dict[str, Asked] = {}
    for name, match in QUESTIONS.items():
        took: list[float] = []
        matches = 0
        before = processor(pid)
        with Asking(peer) as asking:
            for _ in range(asked + 1):
                began = time.perf_counter()
                matches = asking.count(match)
                took.append(time.perf_counter() - began)
        worked = (processor(pid) - before) / (asked + 1)
        ranked = sorted(took[1:])
        most = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
        found[name] = Asked(statistics.median(ranked) * 1000, most * 1000, matches, worked * 1000)
    return found


def fill(peer: Peer, count: int) -> float:
    """Store the studies over two associations; how many a second."""
    began = time.perf_counter()
    answers = store(
        peer,
        map(Encoded, studies(count)),
        [(CT_IMAGE, EXPLICIT)],
        Deadline(3600),
        Sending(associations=2),
    )
    if wrong := sum(answer.status != 0 for answer in answers):
        raise SystemExit(f"{wrong} instances were not acknowledged")
    return count / (time.perf_counter() - began)


@contextlib.contextmanager
def storing(peer: Peer, senders: int) -> Iterator[None]:
    """Processes that store studies nobody asks for, until they are ended."""
    where = f"{peer.host} {peer.port} {peer.ae_title}"
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--into", f"{where} {_FIRST + 10**6 * (one + 1)}"]
        )
        for one in range(senders)
    ]
    if running:
        time.sleep(3)  # until all of them are at it
    try:
        yield
        if any(one.poll() is not None for one in running):
            raise SystemExit("a sender ended before the questions did")
    finally:
        for one in running:
            one.kill()
            one.wait()


def store_on(where: str) -> None:
    """Be one of these processes."""
    host, port, title, first = where.split()
    peer = Peer(host=host, port=int(port), ae_title=title)
    instances = map(Encoded, studies(900_000, int(first)))
    for _ in store(peer, instances, [(CT_IMAGE, EXPLICIT)], Deadline(3600)):
        pass


@contextlib.contextmanager
def embedded(folder: Path, processes: int) -> Iterator[tuple[Peer, int]]:
    """The embedded PACS as a command of its own, and its process."""
    server = subprocess.Popen(
        command(
            "pacs", "serve", "--folder", str(folder), "--port", "0", "--processes", str(processes)
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = int(server.stdout.readline().partition("127.0.0.1:")[2].partition(",")[0])
    try:
        yield Peer(host="127.0.0.1", port=port, ae_title="EMBEDDED", limits=_LIMITS), server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


_LIMITS = Limits(responses=10**6)


def main() -> None:
    """Fill both, ask both, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--asked", type=int, default=15)
    parser.add_argument("--storing", type=int, default=0, help="processes that store meanwhile")
    parser.add_argument("--processes", type=int, default=1, help="of the embedded PACS")
    parser.add_argument("--into", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.into:
        store_on(given.into)
        return
    processes.hide_scripts_of_this_environment()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            embedded(folder / "embedded", given.processes) as (ours, pid),
            processes.orthanc(folder) as server,
        ):
            theirs = Peer(
                host=server.host, port=server.port, ae_title=server.ae_title, limits=_LIMITS
            )
            rates = [fill(peer, given.studies) for peer in (ours, theirs)]
            print(f"stored: {rates[0]:.0f}/s, Orthanc {rates[1]:.0f}/s: {rates[0] / rates[1]:.1f}×")
            with storing(ours, given.storing):
                mine = ask(ours, given.asked, pid)
            with storing(theirs, given.storing):
                other = ask(theirs, given.asked, server.pid)
    for question, one in mine.items():
        beside = other[question]
        print(
            f"{question:15} {one.took:7.2f} ms, p99 {one.most:.2f} ({one.matches} matches), "
            f"Orthanc {beside.took:7.2f} ms, p99 {beside.most:.2f} ({beside.matches}): {one.took / beside.took:.2f}×; "
            f"processor {one.processor:.2f} and {beside.processor:.2f} ms"
        )


if __name__ == "__main__":
    main()
