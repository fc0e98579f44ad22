"""What has happened to each study and what is still to be done, in one file of SQLite.

Everything that comes together is written by one thread in one transaction. What a client is told of waits for
the disk; steps in between need not: after a power cut they are done again.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, Self

from scenario_runner.archive.connections import Connections
from scenario_runner.errors import MachineError, described, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.events import ACTS, ENDS, Event, Role, now
from scenario_runner.service.validator.journal_rows import (
    Refusal,
    Row,
    event_of,
    inserted,
    make_tables,
    row_of,
    settle,
)

LOGGER = logging.getLogger(__name__)
_PATIENCE: Final = 60.0
"""Seconds that it waits for a backup, which holds it still while the files of all studies get second names."""
_TOGETHER: Final = 256
"""Requests that are written in one transaction at most."""

Told = Callable[[Sequence[Event]], object]
"""Called with events that were new, in order, as soon as they are written."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that a role, or the audit trail, has to act on. attempts: how often it was tried before."""

    seq: int
    role: Role | Literal["trail"]
    event: Event
    attempts: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that a role has given up. event: None for one that could not be read at all."""

    id: int
    role: str
    at: dt.datetime
    reason: str
    event: Event | None
    payload: str


@dataclass(frozen=True, slots=True)
class _Request:
    events: Sequence[Event]
    done: Sequence[int]
    tried: Sequence[int]
    refused: Sequence[Refusal]
    durable: bool
    foreign: bool
    answer: Future[list[Pending]]


class Journal:
    """Opened by one process that writes; others may read, and put back. Raises MachineError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connections = Connections(path, synced=False, patience=_PATIENCE)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise _in_words(path, error) from error
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._told: list[Told] = []
        self._writer = threading.Thread(target=self._write, name="validator-journal", daemon=True)
        self._writer.start()
        self._closed = False

    def _prepare(self) -> None:
        with self._connections.transaction() as connection:
            make_tables(connection, self.path)

    def listen(self, told: Told) -> None:
        """Be told of what is written from now on, on the thread that writes."""
        self._told.append(told)

    def write(
        self,
        events: Sequence[Event] = (),
        *,
        done: Sequence[int] = (),
        tried: Sequence[int] = (),
        refused: Sequence[Refusal] = (),
        durable: bool = False,
        foreign: bool = False,
    ) -> Future[list[Pending]]:
        """Write all of it or nothing; the answer is what roles have to do now.

        events: those known already change nothing. done: numbers of pending events that were acted on. tried: those
        that are being tried. refused: number or None, role, reason, payload. durable: wait for the disk. foreign:
        another broker delivers the events, none of them is pending here. The future raises
        MachineError when it cannot be written.
        """
        answer: Future[list[Pending]] = Future()
        if self._closed:
            answer.set_exception(MachineError("the validator is stopping"))
        else:
            self._requests.put(
                _Request(events, list(done), list(tried), list(refused), durable, foreign, answer)
            )
        return answer

    def _write(self) -> None:
        while (first := self._requests.get()) is not None:
            requests = [first]
            last = False
            while len(requests) < _TOGETHER and not self._requests.empty():
                one = self._requests.get()
                if one is None:
                    last = True
                    break
                requests.append(one)
            self._write_all(requests)
            if last:
                return

    def _write_all(self, requests: Sequence[_Request]) -> None:
        try:
            fresh, answers = self._transact(requests)
        except BaseException as error:  # noqa: BLE001 - without this thread nobody is answered any more
            if len(requests) > 1:  # the others are not refused for the one that it is about
                for one in requests:
                    self._write_all([one])
                return
            requests[0].answer.set_exception(_in_words(self.path, error))
            return
        for told in self._told:
            try:
                told(fresh)
            except BaseException:
                LOGGER.exception("of what is in the journal somebody could not be told")
        for one, pending in zip(requests, answers, strict=True):
            one.answer.set_result(pending)

    def _transact(self, requests: Sequence[_Request]) -> tuple[list[Event], list[list[Pending]]]:
        told: list[Event] = []
        answers: list[list[Pending]] = []
        durable = any(one.durable for one in requests)
        with self._connections.writing() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        with self._connections.transaction() as connection:
            fresh = inserted(connection, [row for one in requests for row in _rows(one)])
            for one in requests:
                answers.append([])
                for event in one.events:
                    role = None if one.foreign else event.waits_for
                    # Of those that are there twice the first is new.
                    seq = fresh.pop((event.study, event.turn, event.name), None)
                    if seq is None:
                        continue
                    told.append(event)
                    if role is not None:
                        answers[-1].append(Pending(seq, role, event, 0))
            settle(
                connection,
                [seq for one in requests for seq in one.done],
                [seq for one in requests for seq in one.tried],
                [each for one in requests for each in one.refused],
            )
        return told, answers

    def events(self, study: str) -> list[Event]:
        """What has happened to a study, in order; [] for one that is not known."""
        with _worded(self.path), self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT study, turn, name, at, data FROM event WHERE study = ? ORDER BY seq",
                (study,),
            ).fetchall()
        return [event_of(*row) for row in rows]

    def number_of(self, study: str, turn: int, name: str) -> int | None:
        """The number of an event; None for one that is not known."""
        with _worded(self.path), self._connections.reading() as connection:
            row = connection.execute(
                "SELECT seq FROM event WHERE study = ? AND turn = ? AND name = ?",
                (study, turn, name),
            ).fetchone()
        return None if row is None else int(row[0])

    def pending(self, beyond: int = 0) -> list[Pending]:
        """What roles have to do, of events with a higher number than that, in order."""
        with _worded(self.path), self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT seq, role, attempts, study, turn, name, at, data FROM event "
                "WHERE role IS NOT NULL AND seq > ? ORDER BY seq",
                (beyond,),
            ).fetchall()
        return [Pending(seq, role, event_of(*row), tries) for seq, role, tries, *row in rows]

    def known(self, studies: Iterable[str]) -> set[str]:
        """Those of the studies that something has happened to."""
        with _worded(self.path), self._connections.reading() as connection:
            return {
                study
                for study in studies
                if connection.execute(
                    "SELECT 1 FROM event WHERE study = ? LIMIT 1", (study,)
                ).fetchone()
            }

    def ask_again(self, studies: Iterable[str]) -> int:
        """Let roles act once more on what is under way of these; returns how many studies that are.

        Whoever delivered it may have lost it; what was acted on before is answered alike. Before anything is pending
        elsewhere. Raises MachineError.
        """
        asked = 0
        for study in studies:
            events = self.events(study)
            acting = next((one for one in reversed(events) if one.name in ACTS), None)
            if acting is None or any(one.name in ENDS for one in events if one.turn == acting.turn):
                continue
            with _worded(self.path), self._connections.transaction() as connection:
                connection.execute(
                    "UPDATE event SET role = ? WHERE study = ? AND turn = ? AND name = ?",
                    (ACTS[acting.name], study, acting.turn, acting.name),
                )
            asked += 1
        return asked

    def newest(self, name: str, most: int) -> list[Event]:
        """The last events of a name, newest first."""
        with _worded(self.path), self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT study, turn, name, at, data FROM event WHERE name = ? ORDER BY seq DESC LIMIT ?",
                (name, most),
            ).fetchall()
        return [event_of(*row) for row in rows]

    def refused(self) -> list[Refused]:
        """What roles have given up and nobody has put back, oldest first."""
        with _worded(self.path), self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT r.id, r.role, r.at, r.reason, r.payload, e.study, e.turn, e.name, e.at, e.data "
                "FROM refused r LEFT JOIN event e ON e.seq = r.event ORDER BY r.id"
            ).fetchall()
        return [
            Refused(
                number, role, dt.datetime.fromisoformat(at), reason,
                event_of(*row) if row[0] is not None else None, payload,
            )
            for number, role, at, reason, payload, *row in rows
        ]  # fmt: skip

    def put_back(self, number: int) -> Event | None:
        """Let a role try again what it had given up; None when there is no such thing to try."""
        with _worded(self.path), self._connections.transaction() as connection:
            row = connection.execute(
                "SELECT e.study, e.turn, e.name, e.at, e.data FROM refused r "
                "JOIN event e ON e.seq = r.event WHERE r.id = ?",
                (number,),
            ).fetchone()
            if row is None:
                return None
            before = event_of(*row)
            again = Event(before.study, before.name, now(), before.turn + 1, before.data)
            connection.execute("DELETE FROM refused WHERE id = ?", (number,))
            inserted(connection, [row_of(again, ACTS[again.name])])
            return again

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what was asked for until now, and let go of the file. May be called twice."""
        if not self._closed:
            self._closed = True
            self._requests.put(None)
            self._writer.join()
            self._connections.close()


def _rows(request: _Request) -> Iterator[Row]:
    for event in request.events:
        yield row_of(event, None if request.foreign else event.waits_for)


@contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _in_words(path, error) from error


def _in_words(path: Path, error: BaseException) -> MachineError:
    if not isinstance(error, sqlite3.Error | OSError):
        return MachineError(f"the journal '{path}' is not written: {described(error)}")
    told = of_the_machine(f"the journal '{path}' cannot be used", error)
    told.hint = told.hint or "see to its permissions, or name another folder with --data"
    return told
