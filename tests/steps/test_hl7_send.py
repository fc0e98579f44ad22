"""Messages that a scenario sends reach the receiver as the plan has them, and its answer is held to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.listener import Answer, MllpListener
from tests.orders.hl7.feeds import order
from tests.peers.processes import free_port
from tests.running import fabricate, record, steps, write_scenario, write_site

PATIENTS = [
    {"id": "P1", "name": "O'NEIL^EVA", "studies": [{"accession": "A1", "modality": "CT"}]},
    {"id": "P2", "name": "山田^太郎", "character_set": "ISO_IR 192", "studies": []},
]


@contextmanager
def receiver(code: str = "AA", text: str = "") -> Iterator[tuple[int, list[Message]]]:
    taken: list[Message] = []

    def take(data: bytes, _: str) -> Answer:
        taken.append(Message.read(data))
        return Answer([acknowledgement(taken[-1], code, text)])

    with MllpListener(take) as listener:
        yield listener.port, taken


def _run(tmp_path: Path, port: int, step: dict[str, Any], code: int = 0) -> dict[str, Any]:
    ris = {"host": "127.0.0.1", "port": port, "application": "RIS", "facility": "NORTH"}
    site = write_site(tmp_path / "site.yaml", {"ris": {"hl7": ris}})
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"hl7_send": {"to": "ris", **step}}], patients=PATIENTS
    )
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check(code)
    (only,) = steps(record(tmp_path / "run")).values()
    return only


def test_an_order_of_the_plan_is_sent_and_its_acknowledgement_kept(tmp_path: Path) -> None:
    with receiver() as (port, taken):
        step = _run(tmp_path, port, {"message": "ORM^O01", "set": {"PV1-2": "E"}})
    (message,) = taken
    assert (message.text("MSH-5"), message.text("MSH-6")) == ("RIS", "NORTH")
    assert (message.text("PID-3.1"), message.text("PID-5.1")) == ("P1", "O'NEIL")
    assert (message.text("OBR-18"), message.text("PV1-2")) == ("A1", "E")
    assert step["message"].startswith("answered AA")


def test_a_merge_names_both_patients(tmp_path: Path) -> None:
    with receiver() as (port, taken):
        _run(tmp_path, port, {"message": "A40", "of": "P1", "merge": "P9"})
    assert (taken[0].kind, taken[0].text("PID-3.1"), taken[0].text("MRG-1.1")) == (
        "ADT^A40",
        "P1",
        "P9",
    )


@pytest.mark.parametrize("of", ["{{ patients[1] }}", "p2", "P2"])
@pytest.mark.parametrize("merge", ["{{ patients[0] }}", "{{ patients[0].id }}"])
def test_a_patient_of_the_plan_may_be_named_or_given_whole(
    tmp_path: Path, of: str, merge: str
) -> None:
    with receiver() as (port, taken):
        _run(tmp_path, port, {"message": "A40", "of": of, "merge": merge})
    assert (taken[0].text("PID-3.1"), taken[0].text("MRG-1.1")) == ("P2", "P1")


def test_a_study_of_the_plan_may_be_given_whole(tmp_path: Path) -> None:
    with receiver() as (port, taken):
        _run(tmp_path, port, {"message": "ORM^O01", "of": "{{ studies[0] }}"})
    assert taken[0].text("OBR-18") == "A1"


def test_a_name_beyond_ascii_goes_in_utf8(tmp_path: Path) -> None:
    with receiver() as (port, taken):
        _run(tmp_path, port, {"message": "ADT^A08", "of": "P2"})
    assert (taken[0].text("MSH-18"), taken[0].text("PID-5.1")) == ("UNICODE UTF-8", "山田")


def test_a_site_that_names_no_character_set_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    ris = {"host": "127.0.0.1", "port": 2575, "encoding": "klingon"}
    site = write_site(tmp_path / "site.yaml", {"ris": {"hl7": ris}})
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"hl7_send": {"to": "ris", "message": "ORM"}}], patients=PATIENTS
    )
    done = fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check(2)
    assert "'ris': 'klingon' is no character set of HL7 table 0211" in done.err
    assert "8859/1, " in done.err


@pytest.mark.parametrize("code", ["AE", "AR"])
def test_a_refusal_fails_the_step_in_the_receivers_words(tmp_path: Path, code: str) -> None:
    with receiver(code, "unknown patient") as (port, _):
        step = _run(tmp_path, port, {"message": "ORM"}, code=1)
    assert step["outcome"] == "failed"
    assert f"{code} unknown patient" in step["message"]


def test_a_file_goes_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "order.hl7").write_bytes(order(control="77"))
    with receiver() as (port, taken):
        _run(tmp_path, port, {"file": "order.hl7"})
    assert taken[0].data == order(control="77")


def test_a_text_is_written_with_a_line_a_segment(tmp_path: Path) -> None:
    text = "MSH|^~\\&|A|B|C|D|20260101||ADT^A04|9|P|2.5\nPID|1||{{ patients[0].id }}"
    with receiver() as (port, taken):
        _run(tmp_path, port, {"text": text})
    assert taken[0].text("PID-3") == "P1"


@pytest.mark.parametrize("text", ["no message at all", "MSX|^~\\&|A|B"])
def test_what_is_no_message_is_sent_too_and_its_refusal_is_the_point(
    tmp_path: Path, text: str
) -> None:
    """As to the embedded PACS, which is a receiver as others are."""
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"hl7_send": {"to": "pacs", "text": text}, "fails": "AR .*no MSH", "save_as": "said"},
         {"assert": [{"equal": {"actual": "{{ said.code }}", "expected": "AR"}},
                     {"hl7": {"of": "ack", "path": "MSA-1", "expected": "AR"}}]}],
        patients=PATIENTS,
    )  # fmt: skip
    fabricate("run", scenario, "--out", tmp_path / "run").check()


def test_nobody_there_is_an_error_of_the_target(tmp_path: Path) -> None:
    with receiver() as (port, _):
        pass
    step = _run(tmp_path, port, {"message": "ORM"}, code=4)
    assert step["outcome"] == "error"
    assert "refused" in step["message"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"message": "ORM^O99"}, "cannot be written"),
        ({"message": "ORM", "version": "2.8"}, "OMI^O23"),
        ({"message": "ADT^A40"}, "merge"),
        ({"message": "ORM", "text": "MSH"}, "one of"),
        ({}, "one of"),
    ],
)
def test_validate_tells_what_cannot_be_sent(
    tmp_path: Path, given: dict[str, Any], words: str
) -> None:
    site = write_site(tmp_path / "site.yaml", {"ris": {"hl7": {"host": "127.0.0.1", "port": 2575}}})
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"hl7_send": {"to": "ris", **given}}], patients=PATIENTS
    )
    told = fabricate("validate", scenario, "--site", site).check(3)
    assert words in told.out + told.err


def _sent(
    tmp_path: Path, step: dict[str, Any], answers: list[Answer | str], code: int = 0
) -> list[bytes]:
    """What a receiver got that answers so, one after another, AA from the last one on."""
    taken: list[bytes] = []

    def take(data: bytes, _: str) -> Answer:
        taken.append(data)
        given = answers[min(len(taken), len(answers)) - 1]
        if isinstance(given, Answer):
            return given
        return Answer([acknowledgement(Message.read(data), given)])

    with MllpListener(take) as listener:
        site = write_site(
            tmp_path / "site.yaml", {"ris": {"hl7": {"host": "127.0.0.1", "port": listener.port}}}
        )
        scenario = write_scenario(tmp_path / "s.yaml", [step], patients=PATIENTS)
        for number in range(2 if code == 0 and len(answers) == 1 else 1):
            out = tmp_path / f"run{number}"
            fabricate("run", scenario, "--site", site, "--out", out).check(code)
    return taken


def test_what_nobody_acknowledged_is_sent_again_as_it_was(tmp_path: Path) -> None:
    step = {
        "hl7_send": {"to": "ris", "message": "ORM"},
        "retry": {"attempts": 3, "delay": "1100ms"},
    }
    lost, again = _sent(tmp_path, step, [Answer(hang_up=True), "AA"])
    assert lost == again


def test_what_was_refused_is_a_new_message_when_it_is_tried_again(tmp_path: Path) -> None:
    step = {"hl7_send": {"to": "ris", "message": "ORM"}, "retry": {"attempts": 2}}
    first, second = (Message.read(one) for one in _sent(tmp_path, step, ["AE", "AA"]))
    assert first.control_id != second.control_id


def test_no_two_messages_have_one_control_id(tmp_path: Path) -> None:
    step = {"for_each": [1, 2, 3], "hl7_send": {"to": "ris", "message": "ORM"}}
    found = [Message.read(one).control_id for one in _sent(tmp_path, step, ["AA"])]
    assert len(found) == len(set(found)) == 6
    assert {len(one) for one in found} == {20}


def test_an_embedded_pacs_that_listens_there_is_started_for_the_message(tmp_path: Path) -> None:
    """By its port, as another system would reach it, before anything else has asked it for something."""
    port = free_port()
    site = write_site(
        tmp_path / "site.yaml",
        {
            "pacs": {"embedded": {"hl7_port": port}},
            "ris": {"hl7": {"host": "127.0.0.1", "port": port}},
        },
    )
    match = {"AccessionNumber": "A1"}
    steps_ = [
        {"hl7_send": {"to": "ris", "message": "ORM^O01"}},
        {"worklist": {"from": "pacs", "match": match}, "save_as": "found"},
        {"assert": [{"count": {"actual": "{{ found }}", "expected": 1}}]},
        {"hl7_send": {"to": "ris", "message": "ORM^O01", "control": "CA"}},
        {"worklist": {"from": "pacs", "match": match}, "save_as": "left"},
        {"assert": [{"count": {"actual": "{{ left }}", "expected": 0}}]},
    ]
    scenario = write_scenario(tmp_path / "s.yaml", steps_, patients=PATIENTS)
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check()


def test_a_study_whose_order_was_refused_stays_scheduled_by_the_plan(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}})
    wrong = {"to": "pacs", "message": "ORM^O01", "set": {"PID-3": None}}
    steps_ = [
        {"hl7_send": wrong, "fails": "no patient identifier"},
        {"worklist": {"from": "pacs", "match": {"AccessionNumber": "A1"}}, "save_as": "found"},
        {"assert": [{"count": {"actual": "{{ found }}", "expected": 1}}]},
    ]
    scenario = write_scenario(tmp_path / "s.yaml", steps_, patients=PATIENTS)
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check()
