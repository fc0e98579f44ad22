"""The log of an association says what went over the wire, and nothing that it must not say."""

from __future__ import annotations

import dataclasses
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.deadline import Deadline
from scenario_runner.errors import ProtocolViolation
from scenario_runner.network.echo import echo
from scenario_runner.ul import commands
from scenario_runner.ul.commands import Element
from scenario_runner.ul.fragments import fragments
from scenario_runner.ul.pdu_log import PduLog
from scenario_runner.ul.peer import UserIdentity
from tests.network.hostile import Wire, hostile, pdv
from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = commands.encode(
    {
        Element.AFFECTED_SOP_CLASS_UID: "1.2.840.10008.5.1.4.1.1.2",
        Element.COMMAND_FIELD: 1,
        Element.MESSAGE_ID: 7,
        Element.COMMAND_DATA_SET_TYPE: 1,
        Element.AFFECTED_SOP_INSTANCE_UID: "2.25.77",
    }
)


def logged(*buffers: bytes) -> str:
    texts: list[str] = []
    log = PduLog("title", lambda title, text: texts.append(text))
    assert b"".join(bytes(one) for one in log.sending(buffers)) == b"".join(buffers)
    log.close()
    log.close()
    [text] = texts
    return text


def test_an_echo_is_told_in_words_and_the_identity_is_not() -> None:
    def answer(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command)
        wire.hang()

    texts: list[str] = []
    with hostile(answer) as peer:
        watched = dataclasses.replace(
            peer,
            identity=UserIdentity(user="mallory", password="geheim"),
            pdu_log=lambda title, text: texts.append(text),
        )
        echo(watched, Deadline(10))
    [text] = texts
    for words in (
        "FABRICATE calls HOSTILE", "context 1: Verification SOP Class", "accepted in Explicit VR",
        "C-ECHO-RQ, message 1", "C-ECHO-RSP, to message 1, status 0000H", "A-RELEASE-RQ",
        "user identity",
    ):  # fmt: skip
        assert words in text
    assert "mallory" not in text
    assert "geheim" not in text


def test_a_data_set_is_told_by_its_length_alone() -> None:
    secret = b"CITIZEN^JANE" * 1000
    pieces = [
        *fragments(3, [COMMAND], 1024, command=True),
        *fragments(3, [secret], 1024, command=False),
    ]
    text = logged(*map(bytes, pieces))
    assert "context 3  C-STORE-RQ, message 7, CT Image Storage" in text
    assert "2.25.77" in text
    assert "a data set of 12000 bytes" in text
    assert "CITIZEN" not in text
    assert len(text.splitlines()) == 5


def test_several_pdvs_in_one_pdu_are_all_told() -> None:
    one, two = pdv(1, COMMAND, 3), pdv(1, COMMAND, 3)
    body = one[6:] + two[6:]
    text = logged(struct.pack(">BxI", 4, len(body)) + body)
    assert text.count("C-STORE-RQ") == 2


def test_the_log_of_a_broken_association_ends_with_why() -> None:
    texts: list[str] = []
    with hostile(lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n")) as peer:
        watched = dataclasses.replace(peer, pdu_log=lambda title, text: texts.append(text))
        with pytest.raises(ProtocolViolation):
            echo(watched, Deadline(10))
    assert "A-ASSOCIATE-RQ" in texts[0]


def test_a_long_association_is_told_by_its_beginning_and_its_end() -> None:
    text = logged(*[pdv(1, COMMAND, 3)] * 5000)
    assert "… 2500 lines left out …" in text
    assert len(text.splitlines()) == 3 + 2500 + 1


@given(st.binary(max_size=400), st.integers(1, 50))
def test_arbitrary_bytes_in_arbitrary_pieces_are_logged_somehow(data: bytes, size: int) -> None:
    logged(*[data[at : at + size] for at in range(0, len(data), size)])


@given(st.integers(1, 40))
def test_how_the_bytes_are_cut_makes_no_difference(size: int) -> None:
    whole = pdv(1, COMMAND, 3) + pdv(1, bytes(100), 2) + struct.pack(">BxI4x", 5, 4)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    words = [line.split("  ->  ")[-1] for line in logged(*pieces).splitlines()[3:]]
    assert [line.split(" ")[0] for line in words] == ["P-DATA-TF", "P-DATA-TF", "A-RELEASE-RQ"]


def test_a_run_keeps_a_log_for_each_association_where_the_site_asks_for_it(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"echo": {"to": "pacs"}}, {"send": {"to": "pacs", "associations": 2}},
         {"retrieve": {"from": "pacs", "via": "c-move"}}],
    )  # fmt: skip
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out, "--pdu-log").check()
    result = steps(record(out))
    texts = {
        name: [
            (out / one["path"]).read_text("utf-8")
            for one in step["attachments"]
            if one["title"].startswith("PDUs")
        ]
        for name, step in result.items()
    }
    assert [len(texts[name]) for name in ("echo", "send")] == [1, 2]
    # Our request, and the association that the PACS opened to us.
    assert len(texts["retrieve"]) >= 2
    assert any("C-MOVE-RQ" in text for text in texts["retrieve"])
    assert any("<-  P-DATA-TF" in text and "C-STORE-RQ" in text for text in texts["retrieve"])
    assert result["echo"]["attachments"][-1]["path"] in (out / "report.html").read_text("utf-8")
