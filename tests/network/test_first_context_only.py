"""An acceptor that looks at the first presentation context of a SOP class only gets all that it takes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.presentation import negotiate_as_acceptor

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.store import store
from scenario_runner.sending import Sending
from scenario_runner.ul.peer import Peer
from tests.network.objects import CT, Encoded, Study

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.answers import StoreStatus

JPEG_LS, RLE, JPEG = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"


@contextlib.contextmanager
def acceptor(
    takes: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Peer, list[str]]]:
    """A storage SCP, and the transfer syntaxes of what came to it."""
    came: list[str] = []

    def first_of_a_class(
        asked: list[Any], supported: list[Any], roles: Any = None
    ) -> tuple[list[Any], list[Any]]:
        contexts, answered = negotiate_as_acceptor(asked, supported, roles)
        seen: set[str] = set()
        for one in sorted(contexts, key=lambda context: context.context_id or 0):
            if str(one.abstract_syntax) in seen:
                one.result = 3
            seen.add(str(one.abstract_syntax))
        return contexts, answered

    def take(event: evt.Event) -> int:
        came.append(str(event.context.transfer_syntax))
        return 0

    monkeypatch.setattr("pynetdicom.acse.negotiate_as_acceptor", first_of_a_class)
    ae = AE("FIRST")
    ae.add_supported_context(CT, list(takes))
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, take)])
    assert server is not None
    try:
        assert server.socket is not None
        port = server.socket.getsockname()[1]
        yield Peer(host="127.0.0.1", port=port, ae_title="FIRST"), came
    finally:
        server.shutdown()


def instances(*syntaxes: str) -> list[Encoded]:
    plain = Study().instance(1, 8)
    return [
        Encoded(CT, f"{plain.sop_instance_uid[:60]}.{n}", syntax, plain.buffers)
        for n, syntax in enumerate(syntaxes)
    ]


def sent(
    peer: Peer, *syntaxes: str, recode: bool = False
) -> tuple[list[StoreStatus], list[dict[str, Any]]]:
    opened: list[dict[str, Any]] = []
    pairs = [(CT, syntax) for syntax in dict.fromkeys(syntaxes)]

    def default(one: Any) -> Any:
        return Encoded(one.sop_class_uid, one.sop_instance_uid, IMPLICIT_LE, one.buffers)

    answers = store(
        peer,
        instances(*syntaxes),
        pairs,
        Deadline(30),
        Sending(opened=lambda facts: opened.append(dict(facts))),
        recode=default if recode else None,
    )
    return list(answers), opened


def test_each_transfer_syntax_that_it_takes_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with acceptor([EXPLICIT_LE, JPEG_LS, RLE], monkeypatch) as (peer, came):
        answers, opened = sent(peer, EXPLICIT_LE, JPEG_LS, JPEG_LS, RLE)
    assert [one.status for one in answers] == [0] * 4
    assert came == [EXPLICIT_LE, JPEG_LS, JPEG_LS, RLE]
    # The one that all are proposed in, twice, and one for each of those that it overlooked.
    assert len(opened) == 4


def test_the_default_transfer_syntax_is_used_where_it_alone_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with acceptor([IMPLICIT_LE], monkeypatch) as (peer, came):
        answers, _ = sent(peer, JPEG_LS, EXPLICIT_LE, JPEG, recode=True)
    # What is lossy compressed is never made another (PS3.5 10.1).
    assert [one.status for one in answers] == [0, 0, None]
    assert [one.sent_as for one in answers[:2]] == [IMPLICIT_LE] * 2
    assert came == [IMPLICIT_LE] * 2
    assert "was proposed and refused" in answers[2].comment


def test_what_it_takes_in_no_place_is_asked_for_once_more_and_no_oftener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with acceptor([EXPLICIT_LE], monkeypatch) as (peer, came):
        answers, opened = sent(peer, EXPLICIT_LE, JPEG_LS, EXPLICIT_LE, JPEG_LS, JPEG_LS)
    assert [one.status for one in answers] == [0, None, 0, None, None]
    assert came == [EXPLICIT_LE] * 2
    # The one that both are proposed in, the one that JPEG-LS is proposed in alone, the first again.
    assert len(opened) == 3
    assert all("takes the same SOP class" in one.comment for one in answers if one.status is None)
