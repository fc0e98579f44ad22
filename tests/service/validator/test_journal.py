"""The journal: what is new in it, whoever says it and how often."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.service.validator.events import REQUEST, UPLOADED, Event, now
from scenario_runner.service.validator.journal import Journal


def _asked_for(number: int) -> list[Event]:
    uploaded = Event(f"{number:032x}", UPLOADED, now(), data={"size": number})
    return [uploaded, uploaded.then(REQUEST, size=number)]


def test_of_thousands_that_come_together_each_is_told_once_and_in_order(tmp_path: Path) -> None:
    told: list[Event] = []
    events = [event for number in range(1500) for event in _asked_for(number)]
    with Journal(tmp_path / "journal") as journal:
        journal.listen(told.extend)
        journal.write(events[:100]).result()
        pending = journal.write([*events, *events[:7], events[-1]]).result()
        assert told == events
        assert pending == journal.pending()[50:]
        assert [one.event.data["size"] for one in pending] == list(range(50, 1500))


def test_what_was_tried_and_what_was_done_is_known_of_thousands_after_a_restart(
    tmp_path: Path,
) -> None:
    with Journal(tmp_path / "journal") as journal:
        events = [event for number in range(1500) for event in _asked_for(number)]
        numbers = [one.seq for one in journal.write(events).result()]
        journal.write(tried=numbers[600:], done=numbers[:1400]).result()
    with Journal(tmp_path / "journal") as journal:
        left = journal.pending()
    assert [(one.seq, one.attempts) for one in left] == [(seq, 1) for seq in numbers[1400:]]


def test_what_cannot_be_written_down_keeps_nothing_from_being_written_that_came_with_it(
    tmp_path: Path,
) -> None:
    """Half a pair of surrogates, which JSON of a broker may have and no text of UTF-8."""
    begun, goes_on = threading.Event(), threading.Event()

    def busy(_: object) -> None:
        begun.set()
        assert goes_on.wait(60)

    with Journal(tmp_path / "journal") as journal:
        journal.listen(busy)
        journal.write().add_done_callback(lambda _: None)
        assert begun.wait(60)
        odd = Event(f"{9:032x}", UPLOADED, now(), data={"name": "\ud800"})
        answers = [journal.write(each) for each in (_asked_for(1), [odd], _asked_for(2))]
        goes_on.set()
        assert [len(answers[number].result(60)) for number in (0, 2)] == [1, 1]
        with pytest.raises(MachineError, match="Serialization"):
            answers[1].result(60)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("x"), SystemExit(1)], ids=repr)
def test_what_is_thrown_within_is_told_to_who_waits_and_the_next_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def thrown(*_: object) -> None:
        raise error

    with Journal(tmp_path / "journal.sqlite3") as journal:
        with monkeypatch.context() as patched:
            patched.setattr(journal, "_transact", thrown)
            with pytest.raises(MachineError, match=type(error).__name__):
                journal.write().result(60)
        heard: list[object] = []
        journal.listen(thrown)
        journal.listen(heard.append)
        journal.write().result(60)
        assert heard == [[]]
