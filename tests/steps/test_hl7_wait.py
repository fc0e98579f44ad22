"""Messages that systems send during a scenario are waited for, answered and looked into."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.ul.peer import Peer
from tests.orders.hl7.feeds import OBR, order
from tests.peers.processes import free_port
from tests.running import command, environment, fabricate, record, steps, write_scenario, write_site

ORU = "ORU^R01"


def _result(accession: str, control: str, *more: str) -> bytes:
    return order(*more, obr=OBR.replace("ACC1", accession), kind="ORU^R01^ORU_R01", control=control)


def _waits(
    tmp_path: Path,
    given: list[Any],
    messages: list[bytes],
    code: int = 0,
    unanswered: int = 0,
    **more: Any,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Run a scenario while a system sends messages; the steps, and what the sender was answered.

    unanswered: for so many of the first messages nobody waits long, for there is to be no answer.
    """
    port = free_port()
    targets = {"pacs": {"embedded": {}}, **more.pop("targets", {})}
    site = write_site(tmp_path / "site.yaml", targets, receiver={"hl7": {"port": port}})
    scenario = write_scenario(tmp_path / "s.yaml", given, patients=[
        {"studies": [{"accession": "A7", "series": [{"modality": "SR"}]}]}], **more)  # fmt: skip
    arguments = command("run", scenario, "--site", site, "--out", tmp_path / "run")
    process = subprocess.Popen(arguments, env=environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)  # fmt: skip
    try:
        answers = [
            _sent(message, port, process, 1.0 if number < unanswered else 60.0)
            for number, message in enumerate(messages)
        ]
        out, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == code, f"{answers}\n{out}"
    return steps(record(tmp_path / "run")), answers


def _sent(message: bytes, port: int, process: subprocess.Popen[str], patience: float) -> str:
    peer = Peer(host="127.0.0.1", port=port, ae_title="HL7", response_timeout=patience)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with Mllp.open(peer, Deadline(5)) as client:
                try:
                    return client.send(message, Deadline(patience + 30)).code
                except FabricatorError as error:
                    return type(error).__name__
        except FabricatorError:
            time.sleep(0.05)
    return "nobody listened"


def test_a_result_that_comes_before_the_step_is_not_missed(tmp_path: Path) -> None:
    wait = {
        "hl7_wait": {
            "match": {"MSH-9": ORU, "OBR-18": "{{ studies[0].accession }}"},
            "timeout": "60s",
        },
        "save_as": "came",
    }
    checks = [
        {"hl7": {"of": "came", "path": "PID-5.1", "expected": "TESTER"}},
        {"hl7": {"of": "came", "path": "PID-30", "expected": None}},
        {"equal": {"actual": "{{ came[0].segments.OBR[0][18] }}", "expected": "A7"}},
        {"equal": {"actual": "{{ came | length }}", "expected": 1}},
    ]
    given = [{"pause": {"for": "1s"}}, wait, {"assert": checks}]
    done, answers = _waits(tmp_path, given, [_result("OTHER", "1"), _result("A7", "2")])
    assert answers == ["AA", "AA"]
    assert done["hl7_wait"]["message"].startswith("1 message came")


def test_each_message_is_one_steps_and_several_are_counted(tmp_path: Path) -> None:
    given = [
        {"id": "two", "hl7_wait": {"count": 2, "timeout": "60s"}},
        {"id": "third", "hl7_wait": {"match": {"MSH-10": "3"}, "timeout": "60s"}},
        {"id": "none", "hl7_wait": {"timeout": "500ms"}, "fails": "0 of 1 message"},
    ]
    messages = [_result("A", str(number)) for number in (1, 2, 3)]
    done, _ = _waits(tmp_path, given, messages)
    assert [step["outcome"] for step in done.values()] == ["passed"] * 3


@pytest.mark.parametrize(("answer", "told"), [("AE", "AE"), ("AR", "AR"), ("none", "PeerTimeout")])
def test_a_sender_is_refused_on_request_and_its_next_try_taken(
    tmp_path: Path, answer: str, told: str
) -> None:
    given = [
        {"id": "first", "hl7_wait": {"answer": answer, "timeout": "60s"}},
        {"id": "again", "hl7_wait": {"timeout": "60s"}},
    ]
    messages = [_result("A7", "1"), _result("A7", "1")]
    _, answers = _waits(tmp_path, given, messages, unanswered=answer == "none")
    assert answers == [told, "AA"]


def test_what_came_instead_is_told_when_the_time_is_over(tmp_path: Path) -> None:
    given = [
        {"hl7_wait": {"match": {"MSH-10": "last"}, "timeout": "60s"}},
        {
            "id": "vain",
            "hl7_wait": {"match": {"MSH-9": "ORU^R01", "OBR-18": "A7"}, "timeout": "500ms"},
        },
    ]
    messages = [_result("A8", "1"), order(), _result("A9", "last")]
    done, _ = _waits(tmp_path, given, messages, code=1)
    message = done["vain"]["message"]
    assert message.startswith("0 of 1 message came within 0.5 s; what else came: ")
    assert "1 ORU^R01 of RIS" in message
    assert "1 ORM^O01 of RIS" in message


def test_only_messages_of_the_target_count(tmp_path: Path) -> None:
    ris = {"hl7": {"host": "127.0.0.1", "port": 1, "application": "LAB"}}
    given = [{"hl7_wait": {"on": "ris", "timeout": "60s"}, "save_as": "came"},
             {"assert": [{"hl7": {"of": "came", "path": "MSH-10", "expected": "2"}}]}]  # fmt: skip
    messages = [_result("A7", "1"), _result("A7", "2").replace(b"|RIS|", b"|LAB|", 1)]
    _waits(tmp_path, given, messages, targets={"ris": ris})


def test_a_port_that_is_taken_is_told_at_the_step_and_no_receiver_before(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"hl7_wait": {"timeout": "1s"}}])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        receiver = {"hl7": {"port": taken.getsockname()[1]}}
        pacs: dict[str, Any] = {"pacs": {"embedded": {}}}
        site = write_site(tmp_path / "site.yaml", pacs, receiver=receiver)
        fabricate("run", scenario, "--site", site, "--out", tmp_path / "a").check(4)
    (step,) = steps(record(tmp_path / "a")).values()
    assert "cannot listen on 127.0.0.1:" in step["message"]
    assert "FAB122" in fabricate("run", scenario, "--out", tmp_path / "b").check(3).err
    assert not (tmp_path / "b").exists()
    site = write_site(tmp_path / "none.yaml", pacs)
    assert "FAB122" in fabricate("validate", scenario, "--site", site).check(3).out


def test_the_acknowledgement_of_what_was_sent_is_looked_into(tmp_path: Path) -> None:
    checks = [
        {"hl7": {"of": "ack", "path": "MSA-1", "expected": "AA"}},
        {"hl7": {"of": "sent", "path": "OBR-18", "expected": "{{ studies[0].accession }}"}},
        {"hl7": {"of": "ack", "path": "MSH-9", "expected": "ORR^O02"}},
    ]
    send = {"hl7_send": {"to": "pacs", "message": "ORM"}, "save_as": "sent"}
    scenario = write_scenario(tmp_path / "s.yaml", [send, {"assert": checks}])
    fabricate("run", scenario, "--out", tmp_path / "a").check()
    wrong = [{"hl7": {"of": "ack", "path": "MSA-1", "expected": "AE"}}]
    scenario = write_scenario(tmp_path / "w.yaml", [send, {"assert": wrong}])
    done = fabricate("run", scenario, "--out", tmp_path / "b").check(1)
    assert "MSA-1 is" in done.out


def test_a_path_that_is_none_is_told_before_anything_runs(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"hl7_wait": {"match": {"PID": "x"}}},
                              {"assert": [{"hl7": {"of": "ack", "path": "5", "expected": "x"}}]}])  # fmt: skip
    told = fabricate("validate", scenario).check(3)
    assert "'PID' is a whole segment" in told.out + told.err
    assert "'5' is no path" in told.out + told.err
