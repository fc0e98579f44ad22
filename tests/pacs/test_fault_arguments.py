"""Every fault that can be switched on, noticed by a client of another maker."""

from __future__ import annotations

import socket
import subprocess
import time
from io import BytesIO
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydicom import dcmread

from scenario_runner.errors import UsageError
from scenario_runner.fields.pacs_faults import Reason
from scenario_runner.pacs.fault_arguments import ADAPTER, parse_faults
from scenario_runner.pacs.misbehaviour import REJECTIONS
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import EXPLICIT, IMPLICIT, put, sample, write
from tests.pacs.wire import associate_rq, echo_rq, read_pdu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

    Start = Callable[..., EmbeddedPacs]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a PACS with faults as they are typed on the command line."""
    running: list[EmbeddedPacs] = []

    def start(*faults: str) -> EmbeddedPacs:
        options = PacsOptions(faults=parse_faults(list(faults)))
        pacs = EmbeddedPacs(tmp_path / "pacs", options=options)
        pacs.start()
        running.append(pacs)
        return pacs

    yield start
    for pacs in running:
        pacs.stop()


def output(run: subprocess.CompletedProcess[str]) -> str:
    return run.stdout + run.stderr


def store(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, folder: Path, count: int = 4, *options: str
) -> list[str]:
    """Send that many images with storescu; the status of each, as DCMTK words it."""
    files = [write(sample(number=number), folder) for number in range(1, count + 1)]
    run = dcmtk("storescu", "-v", *options, pacs.host, str(pacs.port), *files)
    return [
        line.partition("Store Response (")[2].rstrip(")")
        for line in output(run).splitlines()
        if "Received Store Response" in line
    ]


_WORDS = {
    "no-reason": "No Reason",
    "application-context": "App Context Name Not Supported",
    "calling-ae-title": "Calling AE Title Not Recognized",
    "called-ae-title": "Called AE Title Not Recognized",
    "no-reason-acse": "No Reason",
    "protocol-version": "Protocol Version Not Supported",
    "congestion": "Temporary Congestion",
    "local-limit": "Local Limit Exceeded",
}


@pytest.mark.peer
@pytest.mark.parametrize("reason", get_args(Reason))
def test_refusals_reach_the_client_with_their_reason(
    dcmtk: Dcmtk, start: Start, reason: Reason
) -> None:
    pacs = start(f"refuse={reason}")
    run = dcmtk("echoscu", "-v", pacs.host, str(pacs.port))
    assert run.returncode != 0
    assert _WORDS[reason] in output(run)
    lasting = "Transient" if REJECTIONS[reason].result == 2 else "Permanent"
    assert lasting in output(run)


@pytest.mark.peer
@pytest.mark.parametrize("status", ["A700", "A900", "C000"])
def test_a_share_of_stores_fails_with_a_status_and_is_not_kept(
    dcmtk: Dcmtk, start: Start, tmp_path: Path, status: str
) -> None:
    pacs = start(f"answer={status},share=0.5")
    statuses = store(dcmtk, pacs, tmp_path, 4, "-nh")
    assert [one == "Success" for one in statuses] == [False, True, False, True]
    assert sorted(one.sop_instance_uid for one in pacs.archive.instances()) == [
        "1.2.3.1.2", "1.2.3.1.4",
    ]  # fmt: skip


@pytest.mark.peer
def test_a_warning_is_told_and_the_instance_is_kept(
    dcmtk: Dcmtk, start: Start, tmp_path: Path
) -> None:
    pacs = start("answer=B000,comment=coerced")
    (file,) = [write(sample(), tmp_path)]
    run = dcmtk("storescu", "-d", pacs.host, str(pacs.port), file)
    assert "0xb000" in output(run).lower()
    assert "coerced" in output(run)
    assert pacs.archive.counts().instances == 1


@pytest.mark.peer
@pytest.mark.parametrize("fault", ["abort", "drop"])
def test_an_association_ends_in_the_middle(
    dcmtk: Dcmtk, start: Start, tmp_path: Path, fault: str
) -> None:
    pacs = start(f"{fault}=2,on=store")
    assert store(dcmtk, pacs, tmp_path) == ["Success", "Success"]
    assert pacs.archive.counts().instances == 2
    run = dcmtk("echoscu", "-v", pacs.host, str(pacs.port))
    assert run.returncode == 0, "other operations go on"


def test_an_abort_is_an_a_abort_and_a_drop_is_not(start: Start) -> None:
    pacs = start("abort=0")
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(associate_rq())
        assert read_pdu(sock)[0] == 2
        sock.sendall(echo_rq())
        assert read_pdu(sock)[0] == 7
    pacs.misbehave(parse_faults(["drop"]))
    with socket.create_connection((pacs.host, pacs.port), timeout=5) as sock:
        sock.sendall(associate_rq())
        assert read_pdu(sock)[0] == 2
        sock.sendall(echo_rq())
        with pytest.raises(ConnectionError):
            read_pdu(sock)


@pytest.mark.peer
def test_a_hang_is_left_by_the_client_and_does_not_hold_up_stopping(
    dcmtk: Dcmtk, start: Start
) -> None:
    pacs = start("hang=0,on=echo")
    run = dcmtk("echoscu", "-v", "-td", "1", pacs.host, str(pacs.port))
    assert run.returncode != 0
    assert "Timeout" in output(run) or "timeout" in output(run)
    with subprocess.Popen(["echoscu", pacs.host, str(pacs.port)], stderr=subprocess.DEVNULL) as one:
        time.sleep(0.3)
        assert one.poll() is None
        began = time.perf_counter()
        pacs.stop()
        assert time.perf_counter() - began < 10
        one.wait(10)


@pytest.mark.peer
def test_a_delay_is_felt(dcmtk: Dcmtk, start: Start) -> None:
    pacs = start("delay=400ms")
    began = time.perf_counter()
    assert dcmtk("echoscu", pacs.host, str(pacs.port)).returncode == 0
    assert time.perf_counter() - began >= 0.4


@pytest.mark.peer
def test_a_lost_instance_was_acknowledged(dcmtk: Dcmtk, start: Start, tmp_path: Path) -> None:
    pacs = start("lose=0.25")
    assert store(dcmtk, pacs, tmp_path, 8) == ["Success"] * 8
    assert pacs.archive.counts().instances == 6


@pytest.mark.peer
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_an_altered_attribute_comes_back_with_another_value_and_the_rest_untouched(
    dcmtk: Dcmtk, start: Start, tmp_path: Path, syntax: str
) -> None:
    pacs = start("alter=PatientName,value=WRONG^NAME")
    one = sample(transfer_syntax=syntax)
    run = dcmtk("dcmsend", pacs.host, str(pacs.port), write(one, tmp_path))
    assert run.returncode == 0, output(run)
    got = tmp_path / "got"
    got.mkdir()
    wanted = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
    run = dcmtk("getscu", "-S", "-od", got, *wanted, pacs.host, str(pacs.port))
    assert run.returncode == 0, output(run)
    (file,) = got.iterdir()
    received, sent = dcmread(file), dcmread(BytesIO(one.file))
    assert received.PatientName == "WRONG^NAME"
    received.PatientName = sent.PatientName
    assert received == sent


def test_an_attribute_that_was_not_there_can_be_put_in(start: Start, tmp_path: Path) -> None:
    pacs = start("alter=InstitutionName,value=Elsewhere")
    desk = pacs._misbehaviour
    one = sample()
    (changed,) = desk.stored([one.data], EXPLICIT)
    ds = dcmread(BytesIO(one.file[: -len(one.data)] + bytes(changed)))
    assert ds.InstitutionName == "Elsewhere"
    assert len(ds) == len(dcmread(BytesIO(one.file))) + 1


def test_two_alterations_are_two(start: Start) -> None:
    pacs = start("alter=InstitutionName,value=Elsewhere", "alter=PatientID,value=OTHER")
    one = sample()
    (changed,) = pacs._misbehaviour.stored([one.data], EXPLICIT)
    ds = dcmread(BytesIO(one.file[: -len(one.data)] + bytes(changed)))
    assert (ds.InstitutionName, ds.PatientID) == ("Elsewhere", "OTHER")


@pytest.mark.peer
def test_counts_are_off(dcmtk: Dcmtk, start: Start) -> None:
    pacs = start("counts=-1")
    for number in (1, 2, 3):
        put(pacs.archive, sample(number=number))
    run = dcmtk(
        "findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3",
        "-k", "NumberOfStudyRelatedInstances", pacs.host, str(pacs.port),
    )  # fmt: skip
    assert "IS [2 ]" in output(run)


@pytest.mark.peer
def test_a_character_set_is_used_and_not_declared(dcmtk: Dcmtk, start: Start) -> None:
    pacs = start("charset")
    put(pacs.archive, sample(SpecificCharacterSet="ISO_IR 100", PatientName="MÜLLER^EVA"))
    run = dcmtk(
        "findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName",
        pacs.host, str(pacs.port),
    )  # fmt: skip
    assert "MÜLLER^EVA" in output(run)
    assert "SpecificCharacterSet" not in output(run).partition("Find Response")[2]


def test_faults_can_be_switched_on_and_off_while_it_runs(start: Start, tmp_path: Path) -> None:
    pacs = start()
    assert pacs._misbehaviour.rejection() is None
    pacs.misbehave(parse_faults(["refuse=congestion"]))
    assert pacs._misbehaviour.rejection() == REJECTIONS["congestion"]
    pacs.misbehave([])
    assert pacs._misbehaviour.rejection() is None


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("explode", "no fault 'explode'"),
        ("refuse=because", "refuse.reason"),
        ("answer=0000", "answer.status"),
        ("answer=XYZ", "answer.status"),
        ("lose=2", "lose.share"),
        ("abort=1,store", "'store' needs a name"),
        ("abort=1,on=lunch", "abort.on"),
        ("delay=soon", "delay.seconds"),
        ("alter=PatientName", "alter.value"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(typed: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse_faults([typed])


def test_an_attribute_that_does_not_exist_cannot_be_altered(tmp_path: Path) -> None:
    options = PacsOptions(faults=parse_faults(["alter=PatientNickname,value=X"]))
    with pytest.raises(UsageError, match="PatientNickname"):
        EmbeddedPacs(tmp_path, options=options)


@pytest.mark.parametrize(
    "typed", ["Rows,value=abc", "Rows,value=70000", "RequestAttributesSequence,value=X"]
)
def test_a_value_that_an_attribute_cannot_have_is_refused_before_anything_is_altered(
    tmp_path: Path, typed: str
) -> None:
    options = PacsOptions(faults=parse_faults([f"alter={typed}"]))
    with pytest.raises(UsageError, match=r"cannot be the value of (Rows \(US\)|RequestAttr)"):
        EmbeddedPacs(tmp_path, options=options)


@given(st.integers(1, 100), st.integers(1, 60))
def test_a_share_is_spread_evenly_and_hits_the_first(percent: int, count: int) -> None:
    import math
    import threading

    from scenario_runner.pacs.misbehaviour import Misbehaviour

    at_work = Misbehaviour(parse_faults([f"lose={percent / 100}"]), threading.Event())
    hits = [at_work.loses() for _ in range(count)]
    assert hits[0]
    assert sum(hits) == math.ceil(count * percent / 100 - 1e-9)


def test_faults_survive_a_round_trip_through_json() -> None:
    faults = parse_faults(["answer=A700,share=0.5", "hang=3,on=store", "alter=PatientID,value=X"])
    assert ADAPTER.validate_json(ADAPTER.dump_json(faults, exclude_none=True)) == faults


def test_a_status_in_tens_is_told_how_statuses_are_written() -> None:
    with pytest.raises(ValidationError, match="four hexadecimal digits, such as A700, not '42752'"):
        ADAPTER.validate_python([{"answer": {"status": 42752}}])
