"""Several associations at once, and associations that break and are opened again."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import AssociationAborted, AssociationRejected, TargetError
from scenario_runner.network.store import store
from scenario_runner.sending import Sending
from scenario_runner.ul.commands import Element
from scenario_runner.ul.peer import Peer
from tests.network.hostile import Wire, hostile
from tests.network.objects import PAIR, Encoded, Study
from tests.peers.processes import Server, orthanc, storescp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scenario_runner.answers import StoreStatus


def _all(
    peer: Peer, instances: list[Encoded], **how: int
) -> tuple[list[StoreStatus], Exception | None]:
    answers: list[StoreStatus] = []
    try:
        for answer in store(peer, instances, [PAIR], Deadline(30), Sending(**how)):  # type: ignore[arg-type]
            answers.append(answer)  # noqa: PERF402 - the error comes after some answers
    except TargetError as error:
        return answers, error
    return answers, None


def _answer_everything(wire: Wire) -> None:
    wire.accept()
    while True:
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command)


class Breaks:
    """A peer whose first associations break after so many instances each."""

    def __init__(self, *after: int) -> None:
        self.after = list(after)
        self.seen: list[int | str] = []

    def __call__(self, wire: Wire) -> None:
        wire.accept()
        left = self.after.pop(0) if self.after else 1_000
        while True:
            context_id, command, _ = wire.read_message()
            self.seen.append(command[Element.AFFECTED_SOP_INSTANCE_UID])
            if left == 0:
                return
            left -= 1
            wire.answer(context_id, command)


def test_a_broken_association_is_resumed_with_what_was_not_acknowledged() -> None:
    instances = list(Study().instances(10))
    peer_side = Breaks(3, 2)
    opened: list[Mapping[str, Any]] = []
    with hostile(peer_side) as peer:
        answers = list(
            store(peer, instances, [PAIR], Deadline(30), Sending(resumes=2, opened=opened.append))
        )
    assert [a.sop_instance_uid for a in answers] == [i.sop_instance_uid for i in instances]
    assert [a.status for a in answers] == [0] * 10
    assert len(opened) == 3
    again = [n for n, a in enumerate(answers) if "sent again after: connection" in a.comment]
    assert again == [3, 5]
    assert len(peer_side.seen) == 12


def test_resuming_ends_when_nothing_moves_any_more() -> None:
    with hostile(Breaks(1, 0, 0, 0, 0)) as peer:
        answers, error = _all(peer, list(Study().instances(4)), resumes=2)
    assert isinstance(error, AssociationAborted)
    assert [(a.status, a.maybe_stored) for a in answers] == [
        (0, False),
        (None, True),
        (None, False),
    ]
    assert answers[1].comment.count("; then ") == 2


def test_an_instance_at_which_the_peer_hangs_up_can_be_given_up() -> None:
    instances = list(Study().instances(8))
    with hostile(Breaks(2, 0, 3, 9)) as peer:
        answers, error = _all(peer, instances, skips=True)
    assert error is None
    assert [a.sop_instance_uid for a in answers] == [i.sop_instance_uid for i in instances]
    assert [(a.status, a.maybe_stored) for a in answers] == [
        (0, False),
        (0, False),
        (None, True),
        (None, True),
        (0, False),
        (0, False),
        (0, False),
        (None, True),
    ]


def test_an_instance_is_given_up_only_after_it_was_sent_again() -> None:
    peer_side = Breaks(1, 0, 0, 2)
    with hostile(peer_side) as peer:
        answers, error = _all(peer, list(Study().instances(4)), skips=True, resumes=1)
    assert error is None
    assert [a.status for a in answers] == [0, None, 0, 0]
    assert answers[1].comment.count("the peer closed the connection") == 2
    assert len(peer_side.seen) == 6


def test_a_peer_that_cannot_be_reached_ends_it_whatever_may_be_given_up() -> None:
    def refuse(wire: Wire) -> None:
        wire.read_pdu()

    with hostile(refuse) as peer:
        answers, error = _all(peer, list(Study().instances(4)), skips=True)
    assert isinstance(error, AssociationAborted)
    assert answers == []


def test_one_association_that_breaks_loses_no_count_of_the_others() -> None:
    instances = list(Study().instances(300))
    # It breaks early, so that it does so however the work falls to the three.
    with hostile(Breaks(1)) as peer:
        answers, error = _all(peer, instances, associations=3)
    assert isinstance(error, AssociationAborted)
    uids = [a.sop_instance_uid for a in answers]
    assert len(uids) == len(set(uids))
    assert set(uids) == {i.sop_instance_uid for i in instances[: len(uids)]}
    assert sum(a.maybe_stored for a in answers) == 1
    assert sum(a.status == 0 for a in answers) >= 1


def test_one_association_refused_among_several_is_told_before_anything_is_sent() -> None:
    lock, count = threading.Lock(), [0]

    def second_is_one_too_many(wire: Wire) -> None:
        with lock:
            count[0] += 1
            mine = count[0]
        if mine == 2:
            wire.read_pdu()
            wire.send(b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02")
            return
        _answer_everything(wire)

    with hostile(second_is_one_too_many) as peer:
        answers, error = _all(peer, list(Study().instances(4)), associations=2)
    assert answers == []
    assert isinstance(error, AssociationRejected)
    assert "local limit exceeded" in error.reason


def test_instances_are_made_in_the_callers_thread_and_a_failure_there_is_raised_last() -> None:
    threads: set[int] = set()

    def instances() -> Iterator[Encoded]:
        for instance in Study().instances(5):
            threads.add(threading.get_ident())
            yield instance
        raise ZeroDivisionError

    answered = 0
    caught: list[Exception] = []
    with hostile(_answer_everything) as peer:
        try:
            for answer in store(peer, instances(), [PAIR], Deadline(30), Sending(associations=2)):
                answered += answer.status == 0
        except ZeroDivisionError as error:
            caught.append(error)
    assert len(caught) == 1
    assert answered == 5
    assert threads == {threading.get_ident()}


def test_the_rate_holds_for_all_associations_together() -> None:
    with hostile(_answer_everything) as peer:
        started = time.monotonic()
        sending = store(
            peer, Study().instances(21), [PAIR], Deadline(30), Sending(associations=4, rate=40)
        )
        assert len(list(sending)) == 21
        assert 0.5 <= time.monotonic() - started < 3


def test_leaving_early_lets_go_of_every_thread() -> None:
    before = threading.active_count()
    with hostile(_answer_everything) as peer:
        sending = store(
            peer, Study().instances(1000), [PAIR], Deadline(30), Sending(associations=3)
        )
        assert next(sending).status == 0
        sending.close()
    assert threading.active_count() == before


def _peer(server: Server) -> Peer:
    return Peer(host=server.host, port=server.port, ae_title=server.ae_title)


@pytest.mark.peer
def test_several_associations_into_orthanc_lose_nothing(tmp_path: Path) -> None:
    import httpx2

    instances = list(Study().instances(300))
    opened: list[Mapping[str, Any]] = []
    with orthanc(tmp_path) as server:
        answers = list(
            store(
                _peer(server),
                instances,
                [PAIR],
                Deadline(60),
                Sending(associations=8, opened=opened.append),
            )
        )
        counted = httpx2.get(f"{server.http}/statistics", timeout=30).json()["CountInstances"]
    assert [a.status for a in answers] == [0] * 300
    assert {a.sop_instance_uid for a in answers} == {i.sop_instance_uid for i in instances}
    assert len(opened) == 8
    assert counted == 300


@pytest.mark.peer
def test_a_storescp_that_aborts_unanswered_leaves_the_instance_unknown(tmp_path: Path) -> None:
    instances = list(Study().instances(3))
    with storescp(tmp_path, options=["--abort-after"]) as server:
        answers, error = _all(_peer(server), instances, resumes=1)
    assert isinstance(error, AssociationAborted)
    assert [a.status for a in answers] == [None, None]
    assert [a.maybe_stored for a in answers] == [True, False]


@pytest.mark.peer
def test_a_pacs_that_is_restarted_half_way_gets_everything(tmp_path: Path) -> None:
    study = Study()
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.ExitStack())
        server = first.enter_context(storescp(tmp_path / "first"))

        def instances() -> Iterator[Encoded]:
            for number, instance in enumerate(study.instances(20)):
                if number == 10:
                    first.close()
                    stack.enter_context(storescp(tmp_path / "second", port=server.port))
                yield instance

        answers = list(store(_peer(server), instances(), [PAIR], Deadline(30), Sending(resumes=5)))
        kept = {path.name for path in (tmp_path / "first").rglob("*.2.25.*")}
        kept |= {path.name for path in (tmp_path / "second").rglob("*.2.25.*")}
    assert [a.status for a in answers] == [0] * 20
    assert sum("sent again after" in a.comment for a in answers) == 1
    assert len(kept) == 20
