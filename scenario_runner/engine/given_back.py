"""What a step or a check gives back, fit to be told: code of a plugin may give anything, and a log entry is for good."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel

from scenario_runner.amounts import with_article
from scenario_runner.api import CheckResult, Difference, Differences, Picture, StepResult
from scenario_runner.errors import text_of

T = TypeVar("T")

_DEEPEST: Final = 100
"""Levels of a value; what lies deeper, or in itself, nobody reads."""
_MOST_BITS: Final = 14_000
"""Of a number: one of more than 4,300 digits no reader takes, Python's neither."""
MOST_PARTS: Final = 200_000
"""Of what stands in one value more than once, counted as often as it does."""
_PLAIN = (
    type(None), bool, str, float, bytes, Decimal, UUID, PurePath, dt.date, dt.time, dt.timedelta,
)  # fmt: skip


def sound_step(result: object) -> StepResult:
    """What a step gave, its facts plain values. Raises TypeError for what is no result."""
    sound: StepResult = _of(StepResult, result, "it gave")
    _require_outcome(sound.outcome, ("passed", "failed", "skipped"))
    _of(str, sound.message, "its message is")
    given: object = sound.facts
    facts = {} if given is None else _of(Mapping, given, "its facts are")
    return dataclasses.replace(sound, facts=plain(facts))


def sound_check(result: CheckResult) -> CheckResult:
    """What a check gave, both sides plain values. Raises TypeError for what is no result."""
    _require_outcome(result.outcome, ("passed", "failed"))
    _of(str, result.message, "its message is")
    for one in result.pictures:
        _of(Picture, one, "among its pictures is")
    differences = result.differences
    if not isinstance(differences, Differences):
        differences = [_sound(one) for one in _of(Sequence, differences, "its differences are")]
    return dataclasses.replace(
        result,
        expected=plain(result.expected),
        actual=plain(result.actual),
        differences=differences,
    )


def _sound(difference: Difference) -> Difference:
    _of(Difference, difference, "among its differences is")
    _of(str, difference.subject, "the subject of a difference is")
    _of(str, difference.attribute, "the attribute of a difference is")
    return dataclasses.replace(
        difference, expected=plain(difference.expected), actual=plain(difference.actual)
    )


def _require_outcome(outcome: object, known: Sequence[str]) -> None:
    if outcome not in known:
        raise TypeError(
            f"its outcome is {outcome!r}, which is none of {', '.join(known)}; an error is raised"
        )


def _of(kind: Any, value: Any, what: str) -> Any:
    """The value. what: begins the sentence that says what it is instead. Raises TypeError."""
    if not isinstance(value, kind):
        given = "nothing" if value is None else with_article(type(value).__name__)
        raise TypeError(f"{what} {given} and no {kind.__name__}")
    return value


def plain(value: Any) -> Any:
    """The value of what can be copied and written down; the text of anything else, and of what nobody could read "…".

    That is what lies deep or in itself, and more than 200,000 parts of lists that were met before: a few that stand in
    each other twice over are few objects, and millions of lines when they are written. A long list is written whole.
    """
    return _Copying().copy(value)


class _Copying:
    """One value as it is copied: what was met, and how much of it once more."""

    def __init__(self) -> None:
        self._left = MOST_PARTS
        self._met: set[int] = set()

    def copy(
        self, value: Any, depth: int = 0, around: frozenset[int] = frozenset(), again: bool = False
    ) -> Any:
        """As ``plain``.

        around: the identities of what it lies in. Where a tree knows its parents each level would double what is gone
        through. again: it lies in something that was met before.
        """
        self._left -= again
        if depth > _DEEPEST or id(value) in around or self._left < 0:
            return "…"
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, Enum):
            return self.copy(value.value, depth + 1)
        if isinstance(value, int):
            bits = value.bit_length()
            return value if bits <= _MOST_BITS else f"a whole number of {bits:,} bits"
        again = again or id(value) in self._met
        self._met.add(id(value))
        around |= {id(value)}
        if isinstance(value, BaseModel):
            value = {name: getattr(value, name) for name in type(value).model_fields}
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.fields(value)
            value = {field.name: getattr(value, field.name) for field in fields}
        if isinstance(value, Mapping):
            return {
                _key(key): self.copy(item, depth + 1, around, again)
                for key, item in self._while_room(value.items())
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.copy(item, depth + 1, around, again) for item in self._while_room(value)]
        text = text_of(value)
        return f"<{type(value).__name__}>" if text is None else text

    def _while_room(self, items: Iterable[T]) -> Iterator[T]:
        """The items, and one more when there is no room left, which is the "…" that says so."""
        for item in items:
            yield item
            if self._left < 0:
                return


def _key(key: Any) -> Any:
    """A key as JSON has it."""
    if key is None or isinstance(key, str | bool | int | float):
        return plain(key)
    return str(_Copying().copy(key, _DEEPEST))
