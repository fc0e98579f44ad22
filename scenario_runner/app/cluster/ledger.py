"""The ledger of a run on a cluster: who has which part, and what each has told.

Workers and the client meet here and nowhere else, so that whatever becomes of the scheduler, what was told is known.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from sqlalchemy import bindparam, delete, insert, select, update

from scenario_runner.app.cluster import tables
from scenario_runner.database.counter_table import LEDGER
from scenario_runner.database.engine import Database
from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.sqlite_file import Called
from scenario_runner.errors import MachineError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from scenario_runner.database.location import Location

Kind = Literal["events", "file", "files", "about", "stored"]
CLOSED: Final = 9
"""The client has gone: nothing is sent any more, and nothing tidied up."""
HALT: Final = -1
"""What has begun goes on, and nothing else begins."""
BELOW: Final = "\x1f"
"""Between the name of a case and that of a part of one of its steps: ASCII's unit separator, for a name may have line ends."""
SUPERSEDED: Final = json.dumps({"outcome": "lost"})
"""How a part ended that nobody is to do any more."""
AT_ONCE: Final = 200
"""Entries that are read at a time: fewer are all there were."""


_HELD: Final = (
    select(tables.part.c.attempt, tables.run.c.stop)
    .join(tables.run, tables.run.c.run == tables.part.c.run)
    .where(tables.part.c.run == bindparam("of"), tables.part.c.part == bindparam("name"))
    .with_for_update(of=tables.part)
)
_TOLD: Final = insert(tables.entry)
_TAKEN: Final = update(tables.entry).where(tables.entry.c.number == bindparam("at")).values(waits=0)
_NOT_KEPT: Final = delete(tables.entry).where(tables.entry.c.number == bindparam("at"))
"""What is asked for every few instances, and takes longer to make than to carry out."""


_FILE: Final = Called(
    "ledger of the run",
    "name a folder for the run with --out elsewhere",
    "what it held of the run is lost; the record has what was taken from it",
)
"""What the ledger is where no registry on a server is named."""


class Superseded(MachineError):
    """Somebody else has taken the part over, or the client has gone."""


class NotBegun(Exception):
    """The run stops, and this part was not begun."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A part that is somebody's now. ending: how it ended already; empty when it is to be done."""

    attempt: int
    task: str
    ending: str
    before: str
    """The worker that had it, if one had."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an attempt of a part told."""

    kind: Kind
    data: bytes
    name: str = ""
    part: str = ""
    attempt: int = 0


class RunLedger:
    """The part of a database that is about one run. Safe between threads, processes and machines.

    Every method raises MachineError when the database cannot be used.
    """

    def __init__(self, location: Location, run: str) -> None:
        self._database = Database(location, busy=True, called=_FILE)
        self.is_file = not isinstance(location, DatabaseUrl)
        self.run = run

    def begin(self, request: bytes) -> None:
        """Note what workers plan from."""
        with self._database.writing() as connection:
            connection.execute(insert(tables.run), {"run": self.run, "request": request, "stop": 0})
        self._database.stay_open()

    def request(self) -> bytes | None:
        """What ``begin`` noted; None when this database knows no such run."""
        with self._database.reading(LEDGER) as connection:
            if connection is None:
                return None
            where = tables.run.c.run == self.run
            found: bytes | None = connection.execute(
                select(tables.run.c.request).where(where)
            ).scalar()
            return found

    def offer(self, tasks: Mapping[str, str]) -> None:
        """Note parts that are to be done, by name, and what each is; those that are there stay as they are."""
        with self._database.writing() as connection:
            known = self._parts(connection)
            new = [
                {
                    "run": self.run,
                    "part": part,
                    "task": task,
                    "attempt": 0,
                    "worker": "",
                    "ending": "",
                }
                for part, task in tasks.items()
                if part not in known
            ]
            if new:
                connection.execute(insert(tables.part), new)

    def parts(self) -> list[str]:
        """The parts that were offered, by name; none where this database knows no such run."""
        with self._database.reading(LEDGER) as connection:
            return [] if connection is None else sorted(self._parts(connection))

    def claim(self, part: str, worker: str) -> Claim:
        """Take a part, from whoever had it; one that has ended stays as it is. Raises Superseded, NotBegun.

        A part of a case that goes on under HALT goes on as well.
        """
        c = tables.part.c
        with self._database.writing() as connection:
            held = connection.execute(
                select(c.attempt, c.task, c.ending, c.worker)
                .where(*self._at(part))
                .with_for_update()
            ).one_or_none()
            stop = self._stop(connection)
            if held is None or stop == CLOSED:
                raise Superseded(f"the run {self.run} is over")
            if held.ending:
                return Claim(held.attempt, held.task, held.ending, held.worker)
            if stop > 0 or (stop == HALT and BELOW not in part):
                raise NotBegun
            connection.execute(
                update(tables.part)
                .where(*self._at(part))
                .values(attempt=held.attempt + 1, worker=worker)
            )
            return Claim(held.attempt + 1, held.task, "", held.worker)

    def tell(self, part: str, attempt: int, entries: Sequence[Entry], ending: str = "") -> int:
        """Note what an attempt has to tell, all or nothing; returns what ``stopping`` would. ending: how the part ended, with the last of it.

        Raises Superseded when the part is somebody else's by now; what was acknowledged is noted all the same.
        """
        with self._database.writing() as connection:
            # The row is locked: what the next owner reads has this in it, or this raises.
            held = connection.execute(_HELD, {"of": self.run, "name": part}).one_or_none()
            is_ours = held is not None and held.attempt == attempt and held.stop != CLOSED
            kept = entries if is_ours else _facts(entries)
            rows = [
                {
                    "run": self.run,
                    "part": part,
                    "attempt": attempt,
                    "kind": one.kind,
                    "name": one.name,
                    "data": one.data,
                    "waits": int(one.kind not in ("about", "stored")),
                }
                for one in kept
            ]
            if rows:
                connection.execute(_TOLD, rows)
            if ending and is_ours:
                connection.execute(update(tables.part).where(*self._at(part)).values(ending=ending))
        if held is None or not is_ours:
            raise Superseded("another worker has taken this part over")
        return int(held.stop)

    def told(self, parts: Iterable[str]) -> Iterator[Entry]:
        """All events and intentions of parts, in the order in which they were told, whichever part it was."""
        in_order = heapq.merge(*map(self._of_part, parts), key=itemgetter(0))
        return (entry for _, entry in in_order)

    def _of_part(self, part: str) -> Iterator[tuple[int, Entry]]:
        c = tables.entry.c
        last = 0
        while rows := self._read(c.part == part, c.number > last, c.kind.in_(("events", "about"))):
            yield from rows
            last = rows[-1][0]

    def stored(self, part: str, after: int) -> list[tuple[int, Entry]]:
        """What attempts of a part of a ``send`` told of single instances for the step that it belongs to, each with its number."""
        c = tables.entry.c
        return self._read(c.part == part, c.number > after, c.kind == "stored")

    def offered_last(self, part: str, number: int) -> list[bytes]:
        """The last notes of what was about to be sent in a part, so many at the most."""
        c = tables.entry.c
        with self._database.reading(LEDGER) as connection:
            assert connection is not None
            rows = connection.execute(
                select(c.data)
                .where(c.run == self.run, c.part == part, c.kind == "about")
                .order_by(c.number.desc())
                .limit(number)
            ).scalars()
            return list(rows)

    def parts_of(self, case: str) -> list[str]:
        """The parts of ``send`` steps of a case, whoever offered them."""
        return [part for part in self.parts() if part.startswith(f"{case}{BELOW}")]

    def supersede(self, parts: Iterable[str], worker: str) -> None:
        """Take parts from whoever has them, who sends nothing further; nobody does them. Those that have ended stay."""
        c = tables.part.c
        with self._database.writing() as connection:
            for part in parts:
                connection.execute(
                    update(tables.part)
                    .where(*self._at(part), c.ending == "")
                    .values(attempt=c.attempt + 1, worker=worker, ending=SUPERSEDED)
                )

    def endings(self, parts: Iterable[str]) -> dict[str, str]:
        """How those of the parts ended that have."""
        c = tables.part.c
        with self._database.reading(LEDGER) as connection:
            assert connection is not None
            rows = connection.execute(
                select(c.part, c.ending).where(
                    c.run == self.run, c.part.in_(list(parts)), c.ending != ""
                )
            ).all()
        return {row.part: row.ending for row in rows}

    def waiting(self) -> list[tuple[int, Entry]]:
        """What the client has not taken yet, the first of it, each with its number."""
        return self._read(tables.entry.c.waits == 1)

    def _read(self, *wanted: ColumnElement[bool]) -> list[tuple[int, Entry]]:
        """The first entries of the run that are so, each with its number."""
        c = tables.entry.c
        with self._database.reading(LEDGER) as connection:
            assert connection is not None
            rows = connection.execute(
                select(c.number, c.kind, c.data, c.name, c.part, c.attempt)
                .where(c.run == self.run, *wanted)
                .order_by(c.number)
                .limit(AT_ONCE)
            ).all()
        return [
            (one.number, Entry(one.kind, one.data, one.name, one.part, one.attempt)) for one in rows
        ]

    def taken(self, entries: Iterable[tuple[int, Entry]]) -> None:
        """The client has these now. Files need not be kept any longer."""
        files, others = list[dict[str, int]](), list[dict[str, int]]()
        for number, entry in entries:
            (files if entry.kind in ("file", "files") else others).append({"at": number})
        with self._database.writing() as connection:
            if files:
                connection.execute(_NOT_KEPT, files)
            if others:
                connection.execute(_TAKEN, others)

    def stop(self, level: int) -> None:
        """Tell all workers to stop: how many times by now, HALT or CLOSED."""
        with self._database.writing() as connection:
            connection.execute(
                update(tables.run).where(tables.run.c.run == self.run).values(stop=level)
            )

    def stopping(self) -> int:
        """How many times the run was told to stop."""
        with self._database.reading(LEDGER) as connection:
            return CLOSED if connection is None else self._stop(connection)

    def unclaimed(self, parts: Iterable[str]) -> set[str]:
        """Those of the parts that nobody has taken yet; once the run was told to stop, nobody will.

        Waits for who is about to take one, having looked before the run was told: a part that is taken is not among them.
        """
        c = tables.part.c
        mine = select(c.part).where(
            c.run == self.run, c.part.in_(list(parts)), c.attempt == 0, c.ending == ""
        )
        with self._database.writing() as connection:
            return set(connection.execute(mine.with_for_update()).scalars())

    def held(self, part: str, attempt: int) -> int | None:
        """What ``stopping`` returns, while a part is that attempt's; None when it is somebody else's, or over."""
        c = tables.part.c
        with self._database.reading(LEDGER) as connection:
            if connection is None:
                return None
            row = connection.execute(
                select(c.attempt, c.ending).where(*self._at(part))
            ).one_or_none()
            if row is None or row.attempt != attempt or row.ending:
                return None
            return self._stop(connection)

    def forget(self) -> None:
        """Remove the run: its record has everything."""
        with self._database.writing() as connection:
            for table in (tables.entry, tables.part, tables.run):
                connection.execute(delete(table).where(table.c.run == self.run))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _at(self, part: str) -> tuple[Any, ...]:
        return (tables.part.c.run == self.run, tables.part.c.part == part)

    def _parts(self, connection: Connection) -> set[str]:
        c = tables.part.c
        return set(connection.execute(select(c.part).where(c.run == self.run)).scalars())

    def _stop(self, connection: Connection) -> int:
        where = tables.run.c.run == self.run
        found = connection.execute(select(tables.run.c.stop).where(where)).scalar()
        return CLOSED if found is None else int(found)


def _facts(entries: Sequence[Entry]) -> list[Entry]:
    """What happened whoever has the part: answers of a PACS, and deletions."""
    kept = [one for one in entries if one.kind == "stored"]
    for one in entries:
        if one.kind != "events":
            continue
        lasting = [
            event
            for event in json.loads(one.data)
            if event["event"] in ("instance_sent", "deletion")
        ]
        if lasting:
            kept.append(Entry("events", json.dumps(lasting).encode()))
    return kept
