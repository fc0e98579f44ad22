"""An order for imaging, whoever placed it in whatever format: what HL7 and FHIR fill and planning reads.

What it says stands under the keywords of DICOM attributes, as the worklist item of it would have them
(PS3.4 table K.6-1), each with where it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, NamedTuple

from scenario_runner.errors import Where
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path

Status = Literal[
    "new", "changed", "cancelled", "discontinued", "in-progress", "completed", "held", "unknown"
]
"""What has become of the order, or what the message does to it; unknown where it says so in words that nobody knows."""


Place = Where | tuple[Callable[..., Where], Any, Any]
"""Where something was said, or what finds that and what it is called with: of thousands of orders hardly one is
asked."""


def _where(place: Place) -> Where:
    return place if isinstance(place, Where) else place[0](place[1], place[2])


class Said(NamedTuple):
    """A value and its place. text: as DICOM has it; "" where it was said that there is none.

    items: of a sequence, keyword to value, instead of a text.
    """

    text: str
    place: Place
    items: Sequence[Mapping[str, Any]] = ()

    @property
    def where(self) -> Where:
        """Where it was said."""
        return _where(self.place)

    @property
    def value(self) -> Any:
        """The text, or the items."""
        return [dict(one) for one in self.items] if self.items else self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Said) and (self.value, self.where) == (other.value, other.where)

    def __hash__(self) -> int:
        return hash((self.text, len(self.items)))

    def __repr__(self) -> str:
        return f"Said({self.value!r}, {self.where.label!r})"


Plain = str | Sequence[Mapping[str, Any]]
"""What is said of an attribute, without its place: a text, or the items of a sequence."""


class Says(Mapping[str, Said]):
    """What one text says of many attributes; a value meets its place when somebody asks for it.

    An order says thirty things, of which its reader wants the texts: so thousands of orders are kept in a third of the
    objects. places: of each attribute whose value is plain, what ``where`` is called with.
    """

    __slots__ = ("_places", "_values", "_where")

    def __init__(
        self,
        values: Mapping[str, Plain | Said],
        places: Mapping[str, Any],
        where: Callable[[Any], Place],
    ) -> None:
        self._values = values
        self._places = places
        self._where = where

    def __getitem__(self, keyword: str) -> Said:
        value = self._values[keyword]
        if isinstance(value, Said):
            return value
        place = self._where(self._places[keyword])
        return Said(value, place) if isinstance(value, str) else Said("", place, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, keyword: object) -> bool:
        return keyword in self._values

    def plain(self) -> Iterator[tuple[str, Plain]]:
        """Each attribute and what is said of it."""
        for keyword, value in self._values.items():
            yield keyword, (value.items or value.text) if isinstance(value, Said) else value


def without_places(said: Mapping[str, Said]) -> Iterable[tuple[str, Plain]]:
    """Each attribute and what is said of it, without its place."""
    if isinstance(said, Says):
        return said.plain()
    return ((keyword, one.items or one.text) for keyword, one in said.items())


@dataclass(frozen=True, slots=True)
class Identifier:
    """One of a patient's identifiers. issuer: who assigned it. kind: MR, PI, SS, … (HL7 table 0203)."""

    id: str
    issuer: str
    kind: str
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: a requested procedure of one patient.

    said: DICOM keyword to value; what nobody said is absent. remarks: what was taken though it is
    unusual, or left aside, in words.
    """

    name: str
    """``message 4711, order 2``: what diagnostics call it."""
    place: Place
    status: Status
    said: Mapping[str, Said]
    other_ids: Sequence[Identifier] = ()
    steps: Sequence[Mapping[str, Said]] = ()
    """What further scheduled steps of the same requested procedure say."""
    series: Sequence[Mapping[str, Any]] = ()
    """Series that the source lists, with the keys of a scenario."""
    places: Mapping[Path, Where] = field(default_factory=dict)
    """Where values of the series come from, by paths such as ``(0, "sop_class")``."""
    remarks: Sequence[str] = field(default=())
    unsaid: Mapping[str, Place] = field(default_factory=dict)
    """Where what it does not say would stand, by keyword, as far as somebody may ask for it."""

    def where_unsaid(self, keyword: str) -> Where | None:
        """Where an attribute that it does not say would stand."""
        place = self.unsaid.get(keyword)
        return None if place is None else _where(place)

    @property
    def where(self) -> Where:
        """Where it begins."""
        return _where(self.place)

    def text(self, keyword: str) -> str:
        """What is said of an attribute; empty where nothing is."""
        said = self.said.get(keyword)
        return said.text if said is not None else ""
