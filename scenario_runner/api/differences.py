"""Differences by kind: each counted, with examples, in memory that does not grow with their number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Any, Literal, overload

from scenario_runner.amounts import amount
from scenario_runner.lazy_dataclasses import dataclass

MOST_WHOLE = 200
"""Up to so many differences are kept one by one; of more, the examples of each kind."""
_EXAMPLES = 3
"""Differences that are kept of a kind."""
_DISTINCT = 20
"""Pairs of values that are told apart for one attribute; beyond, those with a value in common."""
_ATTRIBUTES = 1000
"""Attributes that are told apart: a hostile file may have any number of them."""
_IN_A_SENTENCE = 4
_LONGEST = 1000
"""Characters of a value that are kept."""

Side = Literal["expected", "actual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute that is not as it should be."""

    subject: str
    """Which object: the id of the planned image, or a UID."""
    attribute: str
    expected: Any
    actual: Any
    kind: str = ""
    """What it is counted as, where the values alone would make each one a kind of its own."""

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "subject": self.subject,
            "attribute": self.attribute,
            "expected": self.expected,
            "actual": self.actual,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """All differences of one attribute that are alike. A side that varies is listed in ``various``."""

    attribute: str
    expected: Any
    actual: Any
    """The value; of a side that varies what they have in common, or None."""
    various: tuple[Side, ...] = ()
    count: int
    """How often it was found."""
    examples: Sequence[Difference]
    """The first few."""

    @property
    def words(self) -> str:
        """``StudyDescription is 'WRONG', not 'RIGHT' (300)``."""
        actual, expected = _words(self, "actual"), _words(self, "expected")
        return f"{self.attribute} is {actual}, not {expected} ({self.count})"

    def plain(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "attribute": self.attribute,
            "expected": self.expected,
            "actual": self.actual,
            "various": list(self.various),
            "count": self.count,
            "examples": [one.plain() for one in self.examples],
        }


def _words(kind: Kind, side: Side) -> str:
    value = getattr(kind, side)
    if side not in kind.various:
        return repr(value)
    return "various values" if value is None else f"various ({value})"


class Differences(Sequence[Difference]):
    """What a check found. As a sequence the ones that are kept; ``total`` counts all."""

    def __init__(self, found: Iterable[Difference] = ()) -> None:
        self.total = 0
        self._first: list[Difference] = []
        self._attributes: dict[tuple[str, str], _OfAttribute] = {}
        for one in found:
            self.append(one)

    @classmethod
    def of(cls, found: Iterable[Difference]) -> Differences:
        """These, counted by kind."""
        return found if isinstance(found, Differences) else cls(found)

    def append(self, found: Difference) -> None:
        """Count one more."""
        one = _bounded(found)
        self.total += 1
        if len(self._first) < MOST_WHOLE:
            self._first.append(one)
        key = (_anywhere(one.attribute), one.kind)
        if key not in self._attributes and len(self._attributes) >= _ATTRIBUTES:
            key = ("further attributes", "")
        self._attributes.setdefault(key, _OfAttribute(*key)).take(one)

    def extend(self, found: Iterable[Difference]) -> None:
        """Count several more."""
        for one in found:
            self.append(one)

    def kinds(self) -> list[Kind]:
        """Every kind, attribute by attribute in the order they were first found."""
        return [kind for one in self._attributes.values() for kind in one.kinds()]

    @property
    def sentence(self) -> str:
        """How many there are, the first one, and the kinds they are of; empty when there are none."""
        if not self.total:
            return ""
        first, kinds = self._first[0], self.kinds()
        of = f" of {first.subject}" if first.subject else ""
        text = f"{amount(self.total, 'difference')}; first: {first.attribute}{of}"
        text += f" is {first.actual!r}, not {first.expected!r}"
        if len(kinds) == 1:
            return text if self.total == 1 else f"{text}; all of this kind"
        parts = [kind.words for kind in kinds[:_IN_A_SENTENCE]]
        if len(kinds) > _IN_A_SENTENCE:
            parts.append(f"and {amount(len(kinds) - _IN_A_SENTENCE, 'more kind')}")
        return f"{text}; of {amount(len(kinds), 'kind')}: {', '.join(parts)}"

    def _kept(self) -> Sequence[Difference]:
        if self.total <= MOST_WHOLE:
            return self._first
        examples = [kind.examples for kind in self.kinds()]
        return [
            of_kind[place]
            for place in range(_EXAMPLES)
            for of_kind in examples
            if place < len(of_kind)
        ][: max(MOST_WHOLE, len(examples))]

    def __len__(self) -> int:
        return len(self._kept())

    @overload
    def __getitem__(self, place: int) -> Difference: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Difference]: ...
    def __getitem__(self, place: int | slice) -> Difference | Sequence[Difference]:
        return self._kept()[place]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self._kept())


def _anywhere(attribute: str) -> str:
    """The attribute without the numbers of items: ``ReferencedSOPSequence[].…``."""
    return re.sub(r"\[\d+\]", "[]", attribute)


def _bounded(found: Difference) -> Difference:
    expected, actual = _cut(found.expected), _cut(found.actual)
    if expected is found.expected and actual is found.actual:
        return found
    return Difference(
        subject=found.subject,
        attribute=found.attribute,
        expected=expected,
        actual=actual,
        kind=found.kind,
    )


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) <= _LONGEST:
            return value
        return f"{value[:_LONGEST]}… ({len(value):,} characters)"
    if value is None or isinstance(value, int | float):
        return value
    text = repr(value)
    return value if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


@dataclass(slots=True)
class _Tally:
    """Differences that have something in common."""

    count: int = 0
    examples: list[Difference] = field(default_factory=list)
    same_expected: bool = True
    same_actual: bool = True

    def take(self, one: Difference) -> None:
        self.count += 1
        if self.examples:
            first = self.examples[0]
            self.same_expected = self.same_expected and _key(first.expected) == _key(one.expected)
            self.same_actual = self.same_actual and _key(first.actual) == _key(one.actual)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(one)


@dataclass(slots=True)
class _Table:
    """Tallies by some value. ``spilled`` when there were too many to tell all of them apart.

    What comes again and again stays in it: the room is taken from what came once.
    """

    tallies: dict[Any, _Tally] = field(default_factory=dict)
    spilled: bool = False

    def take(self, key: Any, one: Difference) -> None:
        if key not in self.tallies and len(self.tallies) >= _DISTINCT:
            self.spilled = True
            once = next((old for old, tally in self.tallies.items() if tally.count == 1), None)
            if once is None:
                return
            del self.tallies[once]
        self.tallies.setdefault(key, _Tally()).take(one)


class _OfAttribute:
    """All differences of one attribute, told apart as finely as there is room for."""

    def __init__(self, attribute: str, label: str) -> None:
        self._attribute = attribute
        self._label = label
        self._all = _Tally()
        self._pairs, self._actual, self._expected = _Table(), _Table(), _Table()

    def take(self, one: Difference) -> None:
        self._all.take(one)
        if self._label:
            return
        expected, actual = _key(one.expected), _key(one.actual)
        self._pairs.take((expected, actual), one)
        self._actual.take(actual, one)
        self._expected.take(expected, one)

    def kinds(self) -> list[Kind]:
        if self._label:
            return [self._kind(self._all)]
        for table in (self._pairs, self._actual, self._expected):
            if not table.spilled:
                return [self._kind(tally) for tally in table.tallies.values()]
        often = [tally for tally in self._actual.tallies.values() if tally.count > 1]
        rest = _Tally(
            self._all.count - sum(tally.count for tally in often),
            [one for one in self._all.examples if not _is_among(one, often)]
            or [tally.examples[0] for tally in self._actual.tallies.values() if tally.count == 1],
            same_expected=False,
            same_actual=False,
        )
        return [*map(self._kind, often), *([self._kind(rest)] if rest.count else [])]

    def _kind(self, tally: _Tally) -> Kind:
        first = tally.examples[0]
        exact = {one.attribute for one in tally.examples}
        various: list[Side] = []
        if not tally.same_expected:
            various.append("expected")
        if not tally.same_actual:
            various.append("actual")
        return Kind(
            attribute=exact.pop() if tally.count == len(tally.examples) == 1 else self._attribute,
            expected=first.expected if tally.same_expected else None,
            actual=first.actual if tally.same_actual else (self._label or None),
            various=tuple(various),
            count=tally.count,
            examples=tuple(tally.examples),
        )


def _is_among(one: Difference, tallies: Iterable[_Tally]) -> bool:
    return any(_key(tally.examples[0].actual) == _key(one.actual) for tally in tallies)


def _key(value: Any) -> str:
    """A value as a key; what is written alike and is of another type is another value."""
    return f"{type(value).__name__}:{value!r}"
