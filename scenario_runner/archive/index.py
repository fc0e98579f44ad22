"""The SQL index: which patients, studies, series and instances there are, and where.

Everything in it can be made again from the files. Of what belongs to a patient, a study or a series
the first instance that came in decides. Who reads sees what was committed and waits for nobody
(``connections``); who writes does so within ``transaction``. Which database it is in is another
one's business (``speaking``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from scenario_runner.archive.narrowing import Below, Condition, one_of
from scenario_runner.archive.paging import Asked, Numbers, Page, page_of
from scenario_runner.archive.schema import (
    COLUMNS,
    IDENTITY,
    NAMES,
    TABLE,
    expression,
    is_irregular,
)
from scenario_runner.dicom.levels import LEVELS, UIDS, Level, levels_down_to
from scenario_runner.dicom.matching import folded_groups
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.archive.speaking import Database

Result = TypeVar("Result")

_PARENTS: Final = 3000
_PER_STATEMENT: Final = 500
"""Values in one IN (...); SQLite takes 999 parameters in its older builds."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of rows: by a column of their table, then by when they were taken in."""

    column: str
    ascending: bool

    def sql(self, table: str) -> str:
        """After ORDER BY."""
        way = "ASC" if self.ascending else "DESC"
        return ", ".join(f"{table}.{one} {way}" for one in dict.fromkeys((self.column, "id")))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index keeps of one instance.

    attributes: keyword to text, several values joined by backslashes.
    """

    attributes: Mapping[str, str]
    character_set: str
    transfer_syntax_uid: str
    file: str
    """Relative to the archive's folder, with forward slashes."""
    size: int


@dataclass(frozen=True, slots=True)
class Located:
    """Where an instance lies, and what is needed to send it."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    file: str
    size: int
    study_instance_uid: str
    series_instance_uid: str


Restriction = tuple[str, Sequence[str]]
"""A column of the index and the values it may have."""


class Index:
    """An index in a database, closed when it cannot be used. Raises what the database does.

    alone: nobody else writes to it, so what was found once is there until it is deleted here.
    """

    def __init__(self, database: Database, *, alone: bool) -> None:
        self._connections = database
        self._most_parents = _PARENTS if alone else 0
        self._db = database.writer
        self._parents: dict[tuple[object, ...], object] = {}
        """Patients, studies and series that were found last: most instances come to where others have come."""
        try:
            self.is_current = database.is_current()
        except BaseException:
            self.close()
            raise

    def mark_current(self) -> None:
        """Note that the index knows every file."""
        with self.transaction():
            self._connections.mark_current()
        self.is_current = True

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._connections.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else writes in between."""
        try:
            with self._connections.transaction():
                yield
        except BaseException:
            self._parents.clear()
            raise

    def together(self, work: Callable[[], Result]) -> Result:
        """Carry out work within a transaction, which others may have part in; returns what it does once that has ended.

        What it raises takes it back. work: on whatever thread, and once more where a transaction was taken back
        for the work of others.
        """
        try:
            return self._connections.together(work)
        except BaseException:
            self._parents.clear()
            raise

    def add(self, entry: Entry) -> None:
        """Take an instance in. The SOP Instance UID must be new. Call within a transaction."""
        parent: object = None
        if self._most_parents:
            for level in LEVELS[:-1]:
                parent = self._find_or_insert(level, parent, entry)
        else:
            for level, there in zip(LEVELS[:-1], self._there(entry.attributes), strict=True):
                parent = there or self._insert(level, parent, entry)
        self._insert("IMAGE", parent, entry)

    def _there(self, attributes: Mapping[str, str]) -> Sequence[int | None]:
        """The patient, study and series of an instance, None for what is not there: all with one question."""
        return self._db.execute(*_place(attributes)).fetchone() or (None, None, None)

    def _find_or_insert(self, level: Level, parent: object, entry: Entry) -> object:
        values = [entry.attributes.get(name, "") for name in IDENTITY[level]]
        key = (level, parent, *values)
        known = self._parents.get(key)
        if known is None:
            known = self._find(level, parent, values) or self._insert(level, parent, entry)
            if len(self._parents) >= self._most_parents:
                self._parents.clear()
            if self._most_parents:
                self._parents[key] = known
        return known

    def _find(self, level: Level, parent: object, identity: Sequence[str]) -> int | None:
        condition = " AND ".join(f"{name} = ?" for name in IDENTITY[level])
        values: list[object] = [*identity]
        if parent is not None:
            condition += " AND parent = ?"
            values.append(parent)
        row = self._db.execute(
            f"SELECT id FROM {TABLE[level]} WHERE {condition}",  # noqa: S608 - our own names
            values,
        ).fetchone()
        return int(row[0]) if row else None

    def _insert(self, level: Level, parent: object, entry: Entry) -> object:
        known = {keyword: entry.attributes.get(keyword, "") for keyword in COLUMNS[level]}
        row: dict[str, object] = {
            **known,
            "character_set": entry.character_set,
            "irregular": int(is_irregular(level, known)),
        }
        if parent is not None:
            row["parent"] = parent
        if level == "IMAGE":
            row |= {
                "transfer_syntax_uid": entry.transfer_syntax_uid,
                "file": entry.file,
                "size": entry.size,
            }
        number = self._connections.insert(
            TABLE[level],
            f"INSERT INTO {TABLE[level]} ({', '.join(row)})"  # noqa: S608 - our own names
            f" VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
        if level in NAMES:
            self._db.executemany(
                f"INSERT INTO {NAMES[level]} VALUES (?, ?)",  # noqa: S608 - our own names
                [(group, number) for group in folded_groups(known["PatientName"])],
            )
        return number

    def file_of(
        self, sop_instance_uid: str, storing: Mapping[str, str] | None = None
    ) -> str | None:
        """Where the instance of that UID lies, if there is one: as ``locate``, for who is about to store.

        storing: attributes of the instance that is added next, within the same transaction.
        """
        if storing is not None and not self._most_parents:
            self._connections.ahead(*_place(storing))
        with self._connections.writing() as writer:
            row = writer.execute(
                "SELECT file FROM instances WHERE SOPInstanceUID = ?", [sop_instance_uid]
            ).fetchone()
        return str(row[0]) if row else None

    def locate(self, sop_instance_uid: str) -> Located | None:
        """The instance of that UID, if there is one."""
        return next(self.instances([("SOPInstanceUID", [sop_instance_uid])]), None)

    def instances(self, restrictions: Iterable[Restriction]) -> Iterator[Located]:
        """Instances whose columns have one of the values given, by series and number."""
        for row in self.rows(
            "IMAGE",
            [
                "SOPClassUID",
                "SOPInstanceUID",
                "transfer_syntax_uid",
                "file",
                "size",
                *UIDS[:2],
            ],
            restrictions,
        ):
            yield Located(*row)

    def held(self, restrictions: Iterable[Restriction]) -> dict[str, str]:
        """SOP Instance UID to file; within a transaction as whoever writes sees it."""
        return dict(self.rows("IMAGE", ["SOPInstanceUID", "file"], restrictions))

    def known_files(self, files: Sequence[str]) -> set[str]:
        """Those of these files that instances lie in."""
        if not files:
            return set()
        return {str(file) for (file,) in self.rows("IMAGE", ["file"], [("file", files)])}

    def totals(self) -> tuple[int, int]:
        """How many instances there are, and their bytes."""
        with self._connections.reading() as reader:
            count, size = reader.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM instances"
            ).fetchone()
        return int(count), int(size)

    def page(
        self,
        columns: Sequence[str],
        restrictions: Iterable[Restriction],
        limit: int,
        offset: int,
        conditions: Sequence[Condition | Below] = (),
        sorting: Sorting | None = None,
    ) -> tuple[list[tuple], int]:  # type: ignore[type-arg]
        """Some studies, by default the last taken in first, and how many there are in all.

        restrictions: on columns of the studies themselves. conditions: what else they have to meet.
        """
        by = (sorting or Sorting("id", ascending=False)).sql("studies")
        asked = Asked(
            selected=", ".join(expression(column, "STUDY") for column in columns),
            plain=[
                *(one_of(f"studies.{column}", values) for column, values in restrictions),
                *(one for one in conditions if isinstance(one, Condition)),
            ],
            below=[one for one in conditions if isinstance(one, Below)],
            by=by,
            limit=limit,
            offset=offset,
        )
        with self._connections.reading() as reader:
            return page_of(reader, asked)

    def rows(
        self,
        level: Level,
        columns: Sequence[str],
        restrictions: Iterable[Restriction],
        conditions: Sequence[Condition] = (),
        page: Page | Numbers | None = None,
    ) -> Iterator[tuple]:  # type: ignore[type-arg]
        """Rows of a level joined with those above it, in the order they were taken in.

        columns: keywords of the index, of that level or above, ``computed`` expressions included.
        conditions: what else a row has to meet. page: of these alone; of a ``Page`` of all that the level has, so that there
        are no restrictions and conditions then.
        """
        tables = [TABLE[one] for one in levels_down_to(level)]
        selected = ", ".join(expression(column, level) for column in columns)
        for batch in _batches(list(restrictions)):
            met = [one_of(expression(column, level), values) for column, values in batch]
            met += conditions
            if page is not None:
                met.append(page.condition(tables[-1]))
            where = " AND ".join(condition.sql for condition in met)
            needed = _needed(tables, f"{selected} {where}")
            joined = needed[0] + "".join(
                f" JOIN {table} ON {table}.parent = {above}.id"
                for above, table in itertools.pairwise(needed)
            )
            statement = (
                f"SELECT {selected} FROM {joined}"  # noqa: S608 - names are ours, values are bound
                f"{' WHERE ' + where if where else ''} ORDER BY {tables[-1]}.id"
            )
            with self._connections.reading() as reader:
                found = reader.execute(
                    statement, [value for condition in met for value in condition.values]
                ).fetchall()
            yield from found

    def remove(self, sop_instance_uid: str) -> None:
        """Forget an instance; empty series, studies and patients go with it."""
        self._delete("IMAGE", "SOPInstanceUID", sop_instance_uid)

    def remove_study(
        self, study_instance_uid: str, noted: Callable[[list[str]], object] = lambda _: None
    ) -> list[Located]:
        """Forget a study; returns its instances, as they lay.

        noted: told of them before they are forgotten; what it raises keeps the study.
        """
        with self.transaction():
            gone = list(self.instances([("StudyInstanceUID", [study_instance_uid])]))
            noted([one.file for one in gone])
            self._delete("STUDY", "StudyInstanceUID", study_instance_uid)
        return gone

    def _delete(self, level: Level, column: str, value: object) -> None:
        """Delete rows with all that is below them, and what above them is empty then."""
        self._parents.clear()
        table = TABLE[level]
        parents: list[tuple[int]] = []
        if level != "PATIENT":
            parents = self._db.execute(
                f"SELECT DISTINCT parent FROM {table} WHERE {column} = ?",  # noqa: S608 - our names
                [value],
            ).fetchall()
        self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", [value])  # noqa: S608
        for (parent,) in parents:
            left = self._db.execute(
                f"SELECT 1 FROM {table} WHERE parent = ? LIMIT 1",  # noqa: S608 - our own names
                [parent],
            )
            if left.fetchone() is None:
                self._delete(LEVELS[LEVELS.index(level) - 1], "id", parent)

    def clear(self) -> None:
        """Forget everything. Call within a transaction."""
        self._parents.clear()
        self._db.execute("DELETE FROM patients")

    def counts(self) -> dict[Level, int]:
        """How many rows each level has."""
        counted = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLE.values())  # noqa: S608
        with self._connections.reading() as reader:
            found = reader.execute(f"SELECT {counted}").fetchone()
        return dict(zip(TABLE, found, strict=True))


def _place(attributes: Mapping[str, str]) -> tuple[str, list[str]]:
    """The question for the patient, study and series of an instance."""
    patient, study, series = (IDENTITY[level] for level in LEVELS[:-1])
    same = " AND ".join(f"patients.{name} = ?" for name in patient)
    return (
        "SELECT patients.id, studies.id, series.id FROM patients"  # noqa: S608 - our own names
        f" LEFT JOIN studies ON studies.parent = patients.id AND studies.{study[0]} = ?"
        f" LEFT JOIN series ON series.parent = studies.id AND series.{series[0]} = ?"
        f" WHERE {same}"
    ), [attributes.get(name, "") for name in (*study, *series, *patient)]


def _needed(tables: Sequence[str], said: str) -> Sequence[str]:
    """Of tables from the patients down, those from the first on that is named: every row has one above it."""
    named = [place for place, table in enumerate(tables[:-1]) if f"{table}." in said]
    return tables[named[0] if named else -1 :]


def _batches(restrictions: list[Restriction]) -> Iterator[list[Restriction]]:
    """The same restrictions in portions that fit one statement: the longest list is cut."""
    if not restrictions:
        yield []
        return
    longest = max(range(len(restrictions)), key=lambda n: len(restrictions[n][1]))
    column, values = restrictions[longest]
    others = [one for n, one in enumerate(restrictions) if n != longest]
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), _PER_STATEMENT):
        yield [*others, (column, unique[start : start + _PER_STATEMENT])]
