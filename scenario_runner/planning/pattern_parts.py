"""What an identifier pattern is made of, whichever of its spellings was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


class PatternError(ValueError):
    """A pattern that cannot be read; start and end are offsets of the wrong part in its text."""

    def __init__(self, message: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that stand for themselves; never a brace."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Counter:
    """``{7digits}``: the next number of a durable counter, with leading zeros."""

    width: int
    start: int = 1
    step: int = 1

    @property
    def last(self) -> int:
        """The highest number that fits the width, and the registry's 63 bits."""
        return min(int(10**self.width), 2**63) - 1

    @property
    def capacity(self) -> int:
        """How many numbers there are from start."""
        return (self.last - self.start) // self.step + 1

    def __str__(self) -> str:
        options = [f"start={self.start}"] if self.start != 1 else []
        options += [f"step={self.step}"] if self.step != 1 else []
        return f"{{{self.width}digits{':' if options else ''}{','.join(options)}}}"


@dataclass(frozen=True, slots=True)
class CheckDigit:
    """``{mod10}``: makes the digits of everything before it valid by Luhn (ISO/IEC 7812-1 B)."""

    def __str__(self) -> str:
        return "{mod10}"


@dataclass(frozen=True, slots=True)
class Field:
    """Any other field, by name; what it writes is up to the PatternField of that name."""

    name: str
    width: int | None = None

    def __str__(self) -> str:
        return f"{{{'' if self.width is None else self.width}{self.name}}}"


Part = Literal | Counter | CheckDigit | Field


def counter(width: int, options: Mapping[str, int], start: int, end: int) -> Counter:
    """A counter whose options make sense. Raises PatternError for ones that do not."""
    made = Counter(width, options.get("start", 1), options.get("step", 1))
    if made.step < 1:
        raise PatternError("a counter's step is 1 or more", start, end)
    if made.start > made.last:
        raise PatternError(
            f"a counter of {width} digits cannot start at {made.start}",
            start,
            end,
            f"write {{{len(str(made.start))}digits:start={made.start}}}",
        )
    return made
