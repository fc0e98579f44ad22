"""After the first success the next are known by their bytes; nothing else may pass for one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    PeerTimeout,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.network.bulk.wording import Wording
from scenario_runner.network.store import store
from scenario_runner.ul import commands
from scenario_runner.ul.commands import Element, Field
from tests.network.hostile import Wire, drip, hostile, pdv
from tests.network.objects import CT, PAIR, Study

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.answers import StoreStatus

ids = st.integers(1, 0xFFFF)
contexts = st.integers(0, 127).map(lambda n: 2 * n + 1)


def response(message_id: int, uid: str, *, with_uid: bool = True, **other: int | str) -> bytes:
    """The command set of a C-STORE-RSP."""
    command: dict[int, int | str] = {
        Element.AFFECTED_SOP_CLASS_UID: CT,
        Element.COMMAND_FIELD: Field.C_STORE_RSP,
        Element.MESSAGE_ID_BEING_RESPONDED_TO: message_id,
        Element.COMMAND_DATA_SET_TYPE: commands.NO_DATA_SET,
        Element.STATUS: 0,
    }
    if with_uid:
        command[Element.AFFECTED_SOP_INSTANCE_UID] = uid
    command.update({Element[name.upper()]: value for name, value in other.items()})
    return commands.encode(command)


def taught(whole: bytes, context_id: int, message_id: int, uid: str) -> Wording:
    wording = Wording()
    command = commands.decode(whole[12:]) if len(whole) > 12 else {}
    wording.learn(whole, command, context_id, message_id, uid)
    return wording


@given(ids, ids, contexts, st.data(), st.booleans())
def test_the_form_of_one_success_gives_the_bytes_of_every_other(
    first: int, second: int, context_id: int, data: st.DataObject, with_uid: bool
) -> None:
    length = data.draw(st.integers(1, 64))
    uids = st.text("0123456789.", min_size=length, max_size=length)
    known, other = data.draw(uids), data.draw(uids)
    whole = pdv(context_id, response(first, known, with_uid=with_uid), 3)
    wording = taught(whole, context_id, first, known)
    expected = pdv(context_id, response(second, other, with_uid=with_uid), 3)
    assert wording.success(context_id, second, other) == expected


def test_other_contexts_and_other_lengths_are_not_known_yet() -> None:
    wording = taught(pdv(1, response(1, "1.2.3"), 3), 1, 1, "1.2.3")
    assert wording.success(1, 2, "1.2.4") is not None
    assert wording.success(3, 2, "1.2.4") is None
    assert wording.success(1, 2, "1.2.34") is None


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(pdv(3, response(7, "1.2.3"), 3), id="on another context"),
        pytest.param(pdv(1, response(7, "1.2.3"), 1), id="not its last fragment"),
        pytest.param(pdv(1, response(7, "1.2.3"), 2), id="a data set"),
        pytest.param(pdv(1, response(7, "1.2.3")[40:], 3), id="the end of it only"),
        pytest.param(
            pdv(1, response(7, "1.2.3"), 3) + pdv(1, response(7, "1.2.3"), 3), id="two of them"
        ),
        pytest.param(
            pdv(1, response(7, "1.2.3", requested_sop_instance_uid="1.2.9"), 3), id="other words"
        ),
    ],
)
def test_what_does_not_say_the_answer_all_by_itself_teaches_nothing(whole: bytes) -> None:
    wording = Wording()
    wording.learn(whole, commands.decode(response(7, "1.2.3")), 1, 7, "1.2.3")
    assert wording.success(1, 8, "1.2.4") is None


def test_an_answer_that_holds_the_same_element_twice_teaches_nothing() -> None:
    body = response(7, "1.2.3")
    again = body[body.index(b"\0\0\x20\x01") :][:10]
    whole = pdv(1, body + again, 3)
    assert taught(whole, 1, 7, "1.2.3").success(1, 8, "1.2.4") is None


def _success(wire: Wire, **other: int | str) -> tuple[int, bytes]:
    """Read a request; the context and the PDU that acknowledges it."""
    context_id, command, _ = wire.read_message()
    message_id = int(command[Element.MESSAGE_ID])
    uid = str(command[Element.AFFECTED_SOP_INSTANCE_UID])
    answered = int(other.pop("message_id_being_responded_to", message_id))
    return context_id, pdv(context_id, response(answered, uid, with_uid=True, **other), 3)


def _begin(wire: Wire, count: int = 3) -> None:
    wire.accept()
    for _ in range(count):
        wire.send(_success(wire)[1])


def _sent(
    behave: Callable[[Wire], None], count: int, *, response_timeout: float = 2.0
) -> tuple[list[StoreStatus], Exception | None]:
    answers: list[StoreStatus] = []
    with hostile(behave, response_timeout=response_timeout) as peer:
        try:
            for answer in store(peer, Study().instances(count), [PAIR], Deadline(20)):
                answers.append(answer)  # noqa: PERF402 - the error comes after some answers
        except TargetError as error:
            return answers, error
    return answers, None


def test_a_warning_after_successes_is_a_warning() -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        wire.send(_success(wire, status=0xB000, error_comment="coerced")[1])
        wire.send(_success(wire)[1])

    answers, error = _sent(behave, 5)
    assert error is None
    assert [answer.status for answer in answers] == [0, 0, 0, 0xB000, 0]
    assert answers[3].comment == "coerced"


def test_the_comment_of_a_success_is_kept_each_time() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        for number in range(3):
            wire.send(_success(wire, error_comment=f"slot {number % 2}")[1])

    answers, _ = _sent(behave, 3)
    assert [answer.comment for answer in answers] == ["slot 0", "slot 1", "slot 0"]


@pytest.mark.parametrize(
    "lie",
    [
        {"message_id_being_responded_to": 3},
        {"affected_sop_instance_uid": "1.2.840.9.9"},
        {"command_field": 0x8030},
    ],
    ids=["the message before", "another instance", "another operation"],
)
def test_an_answer_about_something_else_is_no_success(lie: dict[str, int | str]) -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        wire.send(_success(wire, **lie)[1])
        wire.hang()

    answers, error = _sent(behave, 5)
    assert isinstance(error, ProtocolViolation)
    assert [answer.status for answer in answers[:4]] == [0, 0, 0, None]
    assert answers[3].maybe_stored


def test_a_success_in_pieces_is_a_success() -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        for cut in (1, 5, 12, 60):
            whole = _success(wire)[1]
            wire.send(whole[:cut])
            time.sleep(0.02)
            wire.send(whole[cut:])

    answers, error = _sent(behave, 7)
    assert error is None
    assert [answer.status for answer in answers] == [0] * 7


def test_a_success_in_two_pdvs_is_a_success() -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        context_id, whole = _success(wire)
        wire.send(pdv(context_id, whole[12:40], 1) + pdv(context_id, whole[40:], 3))
        wire.send(_success(wire)[1])

    answers, error = _sent(behave, 5)
    assert error is None
    assert [answer.status for answer in answers] == [0] * 5


def test_an_abort_after_successes_is_an_abort() -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        wire.read_message()
        wire.send(bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0)))

    answers, error = _sent(behave, 5)
    assert isinstance(error, AssociationAborted)
    assert [answer.status for answer in answers[:4]] == [0, 0, 0, None]


def test_the_beginning_of_a_success_is_not_waited_for_longer_than_any_answer() -> None:
    def behave(wire: Wire) -> None:
        _begin(wire)
        drip(wire, _success(wire)[1], 0.05)

    started = time.monotonic()
    answers, error = _sent(behave, 5, response_timeout=0.5)
    assert isinstance(error, PeerTimeout)
    assert time.monotonic() - started < 3.0
    assert [answer.status for answer in answers[:4]] == [0, 0, 0, None]
