"""Which field of a message fills which attribute: the table beside this module, and a site's own rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7.paths import Path, parse_path

if TYPE_CHECKING:
    from scenario_runner.language.site_model import Hl7Rules

Level = Literal["patient", "study", "order", "step"]
ACCESSION: Final = "AccessionNumber"
TABLE: Final = files(__package__) / "mapping.yaml"


@dataclass(frozen=True, slots=True)
class Line:
    """One pair. paths: the first that has a value wins. of: only messages whose type begins so.

    observation: before the paths, a kind of OBX. source: where the pair is given. zone: the site's, in which
    dates and times are told that say how far from UTC they are.
    """

    attribute: str
    level: Level
    paths: tuple[Path, ...] = ()
    reads_as: str = "text"
    of: str = ""
    observation: str = ""
    source: str = ""
    zone: dt.tzinfo | None = None


@cache
def standard() -> tuple[Line, ...]:
    """The lines that ship."""
    return tuple(map(_line, yaml.safe_load(TABLE.read_text("utf-8"))))


def _line(row: Mapping[str, Any]) -> Line:
    return Line(
        row["attribute"],
        row["level"],
        tuple(map(parse_path, row.get("paths", ()))),
        row.get("as", "text"),
        row.get("of", ""),
        row.get("observation", ""),
        row.get("source", ""),
    )


def with_rules(rules: Mapping[str, Sequence[str]]) -> tuple[Line, ...]:
    """The lines that ship, with the paths that a site gives for some attributes.

    rules: keyword to paths, for messages of every type. Raises ValueError for a path that is none, and
    for an attribute that no line has.
    """
    known = {line.attribute for line in standard()}
    for attribute in rules:
        if attribute not in known:
            near = get_close_matches(attribute, known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"no field of a message becomes '{attribute}'{meant}")
    ours = {name: tuple(map(parse_path, paths)) for name, paths in rules.items()}
    done: set[str] = set()
    lines: list[Line] = []
    for line in standard():
        if line.attribute not in ours:
            lines.append(line)
        elif line.attribute not in done:
            done.add(line.attribute)
            paths = ours[line.attribute]
            lines.append(
                replace(line, paths=paths, of="", observation="", source="the site's rule")
            )
    return tuple(lines)


def of_site(rules: Hl7Rules | None, zone: dt.tzinfo | None = None) -> tuple[Line, ...]:
    """The lines that count at a site, in its time zone. Raises ValueError for an attribute that no line has.

    A birthday is the same day wherever it is told, so that what is said of a patient keeps its day.
    """
    lines = _ruled(rules)
    if zone is None:
        return lines
    return tuple(
        replace(line, zone=zone)
        if line.reads_as in ("date", "time") and line.level != "patient"
        else line
        for line in lines
    )


def _ruled(rules: Hl7Rules | None) -> tuple[Line, ...]:
    if rules is None or not rules.model_fields_set:
        return standard()
    given = dict(rules.attributes)
    if rules.accession is not None:
        given[ACCESSION] = rules.accession
    lines = with_rules(given)
    if not rules.shorten_accession:
        return lines
    return tuple(
        replace(line, reads_as="short text") if line.attribute == ACCESSION else line
        for line in lines
    )


def of_message(lines: Iterable[Line], kind: str) -> list[Line]:
    """The lines that count for a message type; the first of an attribute wins."""
    found: dict[str, Line] = {}
    for line in lines:
        if kind.startswith(line.of):
            found.setdefault(line.attribute, line)
    return list(found.values())
