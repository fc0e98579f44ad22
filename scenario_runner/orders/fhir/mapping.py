"""Which element fills which attribute: the table beside this module, and what a series usually is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

import yaml

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.elements import parsed_path

if TYPE_CHECKING:
    from scenario_runner.language.site_model import FhirRules

Of = Literal["Patient", "ImagingStudy", "ServiceRequest", "Encounter", "series", "instance"]
TABLE: Final = files(__package__) / "mapping.yaml"
_USUAL: Final = files(__package__) / "usual_series.yaml"


@dataclass(frozen=True, slots=True)
class Line:
    """One pair. paths: the first that has a value wins; r5: those of R5 where they differ."""

    attribute: str
    of: Of
    paths: tuple[str, ...]
    r5: tuple[str, ...] | None
    reads_as: str
    source: str

    def paths_of(self, release: str) -> tuple[str, ...]:
        """The paths in a release: R4, R4B or R5."""
        return self.paths if self.r5 is None or release != "R5" else self.r5


@cache
def lines() -> tuple[Line, ...]:
    """The table. Raises ValueError for a path that is none."""
    return tuple(map(_line, yaml.safe_load(TABLE.read_text("utf-8"))))


def _line(row: Mapping[str, Any]) -> Line:
    r5 = tuple(row["r5"]) if "r5" in row else None
    for path in (*row["paths"], *(r5 or ())):
        parsed_path(path)
    reads_as = row.get("as", "text")
    return Line(row["attribute"], row["of"], tuple(row["paths"]), r5, reads_as, row["source"])


@dataclass(frozen=True, slots=True)
class Table:
    """The lines that count at a site, by what they are of.

    first: those of attributes for which the site names elements of whole resources, in its order.
    """

    of: Mapping[Of, Sequence[Line]]
    first: Mapping[str, Sequence[Line]]
    zone: dt.tzinfo | None = None
    """The site's, in which an order is told where its study tells no offset from UTC."""


@cache
def standard() -> Table:
    """The table that ships."""
    return _table(lines(), {})


def of_site(rules: FhirRules | None, zone: dt.tzinfo | None = None) -> Table:
    """The table with a site's own elements, in its time zone.

    Raises ValueError for an attribute or a path that cannot be.
    """
    table = _ruled_table(rules)
    return table if zone is None else replace(table, zone=zone)


def _ruled_table(rules: FhirRules | None) -> Table:
    if rules is None or not rules.model_fields_set:
        return standard()
    given = dict(rules.attributes)
    if rules.accession is not None:
        given["AccessionNumber"] = rules.accession
    kept = [line for line in lines() if line.attribute not in given]
    first: dict[str, list[Line]] = {}
    for attribute, paths in given.items():
        usual = _usual_line(attribute)
        for written in paths:
            line = _ruled(usual, written)
            if line.of in _PARTS:
                kept.append(line)
            else:
                first.setdefault(attribute, []).append(line)
    return _table(kept, first)


_PARTS: Final = ("series", "instance")
"""What an ImagingStudy lists."""


def _table(given: Sequence[Line], first: Mapping[str, Sequence[Line]]) -> Table:
    by: dict[Of, list[Line]] = {}
    for line in given:
        by.setdefault(line.of, []).append(line)
    return Table(by, first)


def _usual_line(attribute: str) -> Line:
    found = next((line for line in lines() if line.attribute == attribute), None)
    if found is None:
        near = get_close_matches(attribute, {line.attribute for line in lines()}, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no element of a resource becomes '{attribute}'{meant}")
    return found


def _ruled(usual: Line, written: str) -> Line:
    whose, _, path = written.partition(".")
    parsed_path(path)
    of: Of = whose  # type: ignore[assignment]  # the site file has no others
    here = usual.of if usual.of in _PARTS else ""
    if (of if of in _PARTS else "") != here:
        level = f"{'an' if here[:1] == 'i' else 'a'} {here}" if here else "a whole study"
        raise ValueError(f"{usual.attribute} is said of {level}, and '{written}' is not")
    return replace(usual, of=of, paths=(path,), r5=None, source="the site's rule")


@cache
def usual_series() -> Mapping[str, Mapping[str, Any]]:
    """What a series of a modality is where nothing is listed: keys of a scenario."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(_USUAL.read_text("utf-8"))
    return found
