"""Several processes behind one port, on one archive: what one knows all know, and a kill loses nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset
from pynetdicom import AE

from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.errors import MachineError
from scenario_runner.network.find import Query, find
from scenario_runner.network.store import store
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.ul.association import Association
from scenario_runner.ul.contexts import Proposal
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample, write
from tests.orders.hl7.feeds import message
from tests.pacs.asking import only_asking
from tests.pacs.dicomweb.web import get, stow
from tests.pacs.test_commitment import PUSH_MODEL, Requestor
from tests.pacs.test_dcmtk import keys, responses
from tests.pacs.test_many import Encoded
from tests.pacs.test_mpps import MPPS, UID, begun, step
from tests.pacs.test_ris import ordered
from tests.running import command, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer

PATIENCE = 60.0
COERCED = 0xB000


def wait_until(seen: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@dataclass
class Served:
    """A PACS of two processes, as a command in a session of its own."""

    folder: Path
    log: Path
    process: subprocess.Popen[bytes]
    host: str = "127.0.0.1"
    ports: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")

    def peer(self, calling: str = "TESTER") -> Peer:
        return Peer(host=self.host, port=self.port, ae_title="EMBEDDED", calling_ae_title=calling)

    def kill(self, place: int) -> None:
        """Kill a member, and wait for the one that takes its place."""
        number = self.members[place]
        os.kill(number, signal.SIGKILL)
        told = re.compile(rf"process {number} of the PACS has ended \(-9\); process (\d+)")
        wait_until(lambda: told.search(self.said), "nobody takes the place of who was killed")
        found = told.search(self.said)
        assert found is not None
        self.members[place] = int(found[1])

    def send(self, *samples: Any) -> list[int | None]:
        answers = store(
            self.peer(), map(Encoded, samples), [(CT_IMAGE, EXPLICIT)], Deadline(PATIENCE)
        )
        return [one.status for one in answers]

    def tell(self, said: bytes) -> str:
        peer = Peer(host=self.host, port=self.ports[-1], ae_title="HL7", response_timeout=PATIENCE)
        with Mllp.open(peer, Deadline(PATIENCE)) as connection:
            return connection.send(said, Deadline(PATIENCE)).code

    def found(self, level: Any, **wanted: str) -> list[Dataset]:
        identifier = Dataset()
        if level != "worklist":
            identifier.QueryRetrieveLevel = level.upper()
        for keyword, value in wanted.items():
            setattr(identifier, keyword, value)
        query = Query(level=level, identifier=identifier)
        (answer,) = find(self.peer(), [query], Deadline(PATIENCE))
        return answer.matches


def serve(folder: Path, log: Path, *options: str) -> Served:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(
                "pacs", "serve", "--folder", folder, "--port", "0", "--processes", "2", *options
            ),
            stdout=output,
            stderr=output,
            env=environment(),
            start_new_session=True,
        )
    served = Served(folder, log, process)
    answering = re.compile(r"^processes (.*) answer$", re.MULTILINE)
    wait_until(
        lambda: answering.search(served.said) or process.poll() is not None, "it does not start"
    )
    found = answering.search(served.said)
    assert found is not None, served.said
    served.members = [int(one) for one in found[1].split(", ")]
    served.ports = [int(one) for one in re.findall(r"127\.0\.0\.1:(\d+)", served.said)]
    return served


def end(served: Served) -> None:
    served.process.terminate()
    assert served.process.wait(PATIENCE) == 0, served.said
    assert "Traceback" not in served.said


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("processes")
    options = ("--dicomweb-port", "0", "--hl7-port", "0", "--commitment", "later")
    running = serve(folder / "pacs", folder / "log", *options)
    yield running
    end(running)


def test_nothing_acknowledged_is_lost_while_processes_are_killed(
    served: Served, dcmtk: Dcmtk, tmp_path: Path
) -> None:
    program = shutil.which("storescu")
    assert program is not None
    logs = []
    senders = []
    for sender in range(3):
        folder = tmp_path / f"{sender}"
        folder.mkdir()
        for number in range(150):
            write(sample(f"1.7.{sender}.{number}", size=64), folder)
        logs.append(tmp_path / f"{sender}.log")
        with logs[-1].open("wb") as output:
            senders.append(
                subprocess.Popen(
                    [
                        program,
                        "-v",
                        "-aec",
                        "EMBEDDED",
                        "+sd",
                        served.host,
                        str(served.port),
                        folder,
                    ],
                    stdout=output,
                    stderr=output,
                    env={**os.environ, "TCP_NODELAY": "1"},
                )
            )
    acknowledged = "Received Store Response (Success)"
    for place, beyond in ((0, 20), (1, 60)):
        wait_until(
            lambda beyond=beyond: sum(log.read_text().count(acknowledged) for log in logs) > beyond,  # type: ignore[misc]
            "nothing is stored",
        )
        served.kill(place)
    for one in senders:
        one.wait(PATIENCE)
    expected = set()
    for sender, log in enumerate(logs):
        order = re.findall(rf"Sending file: .*?1\.7\.{sender}\.(\d+)\.", log.read_text())
        taken = log.read_text().count(acknowledged)
        expected |= {f"1.7.{sender}.{number}" for number in order[:taken]}
    assert len(expected) > 60
    run = dcmtk(
        "findscu", "-v", "-S",
        *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="", PatientName="CITIZEN*", NumberOfStudyRelatedInstances=""),
        served.host, str(served.port),
    )  # fmt: skip
    found = [one["StudyInstanceUID"] for one in responses(run.stdout + run.stderr)]
    assert len(found) == len(set(found))
    assert expected <= set(found)
    assert served.send(sample("1.7.9.9")) == [0], "who had the turn to write has had it"
    wait_until(lambda: not list((served.folder / "incoming").iterdir()), "a part is left behind")


def test_a_commitment_is_told_once_whichever_process_is_called_next(served: Served) -> None:
    assert served.send(sample("1.8.1")) == [0]
    requestor: Any = Requestor()
    try:
        peer = served.peer("MODALITY")
        proposals = [Proposal(abstract_syntax=PUSH_MODEL, transfer_syntaxes=(EXPLICIT,))]
        asked = []
        for _ in range(3):
            requestor.told.set()  # no report is awaited while it asks
            asked.append(requestor.ask(served, (CT_IMAGE, "1.8.1.1.1"), here=False))
            with Association.open(peer, proposals, Deadline(PATIENCE)) as association:
                requestor.take_here(association, peer)
        with Association.open(peer, proposals, Deadline(PATIENCE)) as association:
            assert association.idle(0.25), "there is nothing left to tell"
    finally:
        requestor.close()
    told = [(event, result.TransactionUID) for event, result in requestor.results]
    assert told == [(1, one.TransactionUID) for one in asked]
    assert not list((served.folder / "commitments").iterdir())


def test_a_step_that_one_process_began_another_one_completes(served: Served) -> None:
    ae = AE("CT1")
    ae.add_requested_context(MPPS, EXPLICIT)

    def told(how: str, said: Dataset) -> int:
        association = ae.associate(served.host, served.port)
        assert association.is_established
        with only_asking(association):
            answer, _ = getattr(association, how)(said, MPPS, UID)
        association.release()
        return int(answer.Status)

    completed = step(PerformedProcedureStepStatus="COMPLETED")
    assert told("send_n_create", begun()) == 0
    served.kill(0)
    served.kill(1)
    assert told("send_n_set", completed) == 0
    assert told("send_n_set", completed) == 0x0110, "it may no longer be updated"


def test_an_order_is_on_the_worklist_of_all_once_it_is_acknowledged(served: Served) -> None:
    for number in range(8):
        assert served.tell(ordered(number)) == "AA"
        found = served.found("worklist", AccessionNumber="", PatientID="")
        assert {one.AccessionNumber for one in found} == {f"ACC{n}" for n in range(number + 1)}


def test_after_a_merge_all_processes_file_under_who_stays(served: Served) -> None:
    assert served.send(sample("1.9.1", PatientID="GONE")) == [0]
    said = message("PID|1||STAYS||STAYS^JANE", "MRG|GONE", kind="ADT^A40", control="A40")
    assert served.tell(said) == "AA"
    assert not served.found("study", PatientID="GONE", StudyInstanceUID="")
    for number in range(2, 8):
        assert served.send(sample(f"1.9.{number}", PatientID="GONE")) == [COERCED]
    found = served.found("study", PatientID="STAYS", StudyInstanceUID="")
    assert {one.StudyInstanceUID for one in found} == {f"1.9.{n}" for n in range(1, 8)}


def test_what_came_over_one_door_is_found_over_the_other_whichever_process_answers(
    served: Served,
) -> None:
    found = re.search(r"DICOMweb is at (\S+)", served.said)
    assert found is not None
    url = found[1]
    for number in range(3):
        assert stow(url, [sample(f"1.12.{number}", PatientID="WEB")]).status_code == 200
        assert served.send(sample(f"1.13.{number}", PatientID="WEB")) == [0]
        expected = {f"1.{door}.{n}" for door in (12, 13) for n in range(number + 1)}
        studies = get(f"{url}/studies?PatientID=WEB", "application/dicom+json").json()
        assert {one["0020000D"]["Value"][0] for one in studies} == expected
        matches = served.found("study", PatientID="WEB", StudyInstanceUID="")
        assert {str(one.StudyInstanceUID) for one in matches} == expected
        assert get(f"{url}/studies/1.13.{number}", "multipart/related").status_code == 200


def test_ctrl_c_ends_all_and_the_folder_can_be_served_again(tmp_path: Path) -> None:
    served = serve(tmp_path / "pacs", tmp_path / "log")
    assert served.send(sample("1.2.3")) == [0]
    os.killpg(served.process.pid, signal.SIGINT)
    assert served.process.wait(PATIENCE) == 0, served.said
    assert "Traceback" not in served.said
    assert "has ended" not in served.said
    with Archive(tmp_path / "pacs") as archive:
        assert archive.counts().instances == 1


def test_a_folder_stays_taken_until_the_last_process_of_a_killed_owner_has_gone(
    tmp_path: Path,
) -> None:
    served = serve(tmp_path / "pacs", tmp_path / "log")
    assert served.send(sample("1.2.3")) == [0]
    os.kill(served.members[0], signal.SIGSTOP)
    try:
        served.process.kill()
        served.process.wait(PATIENCE)
        with pytest.raises(MachineError, match="another process has it open"):
            Archive(tmp_path / "pacs")
    finally:
        os.kill(served.members[0], signal.SIGCONT)

    def opened() -> bool:
        try:
            with Archive(tmp_path / "pacs") as archive:
                return archive.counts().instances == 1
        except MachineError:
            return False

    wait_until(opened, "members outlive their owner")
