"""Conditions in SQL that every row meets which matches a key: so that not all rows are looked at.

Matching itself (``matching``) decides afterwards. A condition may let a row through that does not
match; it never keeps one out that does. So the rows whose columns are not single, plainly written
values are let through by a mark of their own (``schema.is_irregular``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.archive.schema import NAMES, expression
from scenario_runner.dicom.matching import (
    WILDCARD_VRS,
    date_range,
    folded_groups,
    has_wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.archive.attributes import Attribute
    from scenario_runner.dicom.levels import Level

_MOST: Final = 20
"""Values of a key beyond which nothing is narrowed: SQL has a limit, and so have people."""
_WILDCARDS: Final = re.compile(r"[*?]+")


class Condition(NamedTuple):
    """A condition in SQL, and the values of its parameters in order."""

    sql: str
    values: Sequence[str]


def one_of(column: str, values: Sequence[str]) -> Condition:
    """The column has one of these values; for one whose values are single."""
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", values)


def between(column: str, first: str, last: str) -> Condition:
    """The column has one of these texts or one that sorts between them."""
    return Condition(f"{column} BETWEEN ? AND ?", [first, last])


class Below(NamedTuple):
    """A condition that a row below a study's meets, and how that row says whose it is."""

    table: str
    owner: str
    sql: str
    values: Sequence[str]

    @property
    def owners(self) -> str:
        """Who has rows that meet it, in SQL."""
        return f"SELECT DISTINCT {self.owner} FROM {self.table} WHERE {self.sql}"  # noqa: S608 - our own names

    def as_set(self) -> Condition:
        """For few: all who meet it are found first."""
        return Condition(f"studies.id IN ({self.owners})", self.values)

    def one_by_one(self) -> Condition:
        """For many: each study is looked at when it is its turn."""
        return Condition(
            f"EXISTS ({self.owners} AND {self.table}.{self.owner} = studies.id)", self.values
        )


def has_modality(modality: str) -> Below:
    """A study with a series of this modality."""
    return Below("series", "parent", "Modality = ?", [modality])


def name_contains(part: str) -> Below:
    """A study with this text in a component group of the patient's name, folded as it is kept."""
    folded = max(folded_groups(part), key=len, default="")
    return Below(NAMES["STUDY"], "owner", "instr(folded, ?) > 0", [folded])


def condition_of(attribute: Attribute, key: Sequence[str], level: Level) -> Condition | None:
    """What every row of ``level`` meets that matches the key; None when SQL has nothing to say.

    key: the values of a key that is not universal; any of them may match.
    """
    wanted = [value for value in key if value]
    if len(wanted) > _MOST:
        return None
    if attribute.keyword == "ModalitiesInStudy":
        return _modality(wanted)
    if attribute.computed:
        return None
    column = expression(attribute.keyword, level)
    if attribute.keyword == "PatientName":
        owner: Level = "PATIENT" if level == "PATIENT" else "STUDY"
        return _any_of([_name(value, column, NAMES[owner]) for value in wanted])
    if attribute.vr == "DA":
        found = [_date(value, column) for value in wanted]
    elif attribute.vr in WILDCARD_VRS and attribute.vr != "PN":
        found = [_text(value, column) for value in wanted]
    else:
        return None
    either = _any_of(found)
    irregular = f"{column.partition('.')[0]}.irregular = 1"
    return either and Condition(f"({either.sql} OR {irregular})", either.values)


def _any_of(found: list[Condition | None]) -> Condition | None:
    """One condition for the values of a key; None as soon as one of them says nothing."""
    said = [one for one in found if one is not None]
    if not said or len(said) < len(found):
        return None
    return Condition(
        f"({' OR '.join(one.sql for one in said)})",
        [value for one in said for value in one.values],
    )


def _modality(wanted: list[str]) -> Condition | None:
    if any(map(has_wildcard, wanted)):
        return None
    among = one_of("Modality", wanted)
    below = f"SELECT parent FROM series WHERE {among.sql} OR irregular = 1"  # noqa: S608
    return Condition(f"studies.id IN ({below})", wanted)


def _date(value: str, column: str) -> Condition | None:
    try:
        first, last = date_range(value)
    except ValueError:
        return None
    return between(column, first, last)


def _text(value: str, column: str) -> Condition | None:
    if not has_wildcard(value):
        return Condition(f"{column} = ?", [value])
    return _wildcard(_WILDCARDS.split(value), column)


def _name(value: str, column: str, names: str) -> Condition | None:
    groups = folded_groups(value)
    if not groups:
        return None
    group = max(groups, key=len)
    # Empty components at the end of a name do not count, so those of a part are no sign of it.
    found = (
        _wildcard([part.rstrip("^") for part in _WILDCARDS.split(group)], "folded")
        if has_wildcard(group)
        else Condition("folded = ?", [group])
    )
    if found is None:
        return None
    row = f"{column.partition('.')[0]}.id"
    return Condition(f"{row} IN (SELECT owner FROM {names} WHERE {found.sql})", found.values)  # noqa: S608


def _wildcard(parts: list[str], column: str) -> Condition | None:
    """What lies around the wildcards: a beginning, which an index finds, or else the longest part."""
    first = parts[0]
    if first and (end := _after(first)):
        return Condition(f"({column} >= ? AND {column} < ?)", [first, end])
    longest = max(parts, key=len)
    return Condition(f"instr({column}, ?) > 0", [longest]) if longest else None


def _after(prefix: str) -> str:
    """The first text that sorts behind everything with this beginning; empty when there is none."""
    following = ord(prefix[-1]) + 1
    if following == 0xD800:
        following = 0xE000  # surrogates are no characters
    return prefix[:-1] + chr(following) if following < 0x110000 else ""
