"""The fields of identifier patterns that need nothing but their context; a plugin adds its own.

The counter (``{7digits}``) and the check digit (``{mod10}``) are part of the pattern itself: one
needs the registry, the other what stands before it.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.planning.api import PatternContext, PatternField

MAX_WIDTH = 64
"""No identifier is longer, so no field is."""


@dataclass(frozen=True, slots=True)
class DrawnCharacters:
    """``width`` characters of an alphabet, drawn: ``{6letters}``, ``{4hex}``."""

    name: str
    alphabet: str

    def space(self, width: int | None) -> int:
        """Alphabet to the power of width. Raises ValueError without a width."""
        if width is None:
            raise ValueError(f"{{{self.name}}} needs a width; write {{6{self.name}}}")
        return int(len(self.alphabet) ** width)

    def length(self, width: int | None) -> int:
        """Exactly width."""
        return width or 0

    def render(self, width: int | None, context: PatternContext) -> str:
        """``context.draw`` written in the alphabet, most significant character first."""
        characters = []
        number = context.draw
        for _ in range(width or 0):
            number, digit = divmod(number, len(self.alphabet))
            characters.append(self.alphabet[digit])
        return "".join(reversed(characters))


@dataclass(frozen=True, slots=True)
class Moment:
    """A part of the study's date and time: ``{YYYY}``, ``{mm}``."""

    name: str
    form: str

    def space(self, width: int | None) -> int:
        """One: the context decides. Raises ValueError with a width."""
        _refuse_width(self.name, width)
        return 1

    def length(self, width: int | None) -> int:  # noqa: ARG002 - the protocol has it
        """As many characters as its name has."""
        return len(self.name)

    def render(self, width: int | None, context: PatternContext) -> str:  # noqa: ARG002
        """Digits, with leading zeros; strftime would leave them out of years before 1000."""
        return self.form.format(context.moment)


@dataclass(frozen=True, slots=True)
class FromContext:
    """The modality of the study's first series, or the name of the site."""

    name: str
    longest: int

    def space(self, width: int | None) -> int:
        """One: the context decides. Raises ValueError with a width."""
        _refuse_width(self.name, width)
        return 1

    def length(self, width: int | None) -> int:  # noqa: ARG002 - the protocol has it
        """Unknown before it is made: not more than its VR allows, and each value is checked."""
        return self.longest

    def render(self, width: int | None, context: PatternContext) -> str:  # noqa: ARG002
        """The value as it is."""
        value: str = getattr(context, self.name)
        return value


def _refuse_width(name: str, width: int | None) -> None:
    if width is not None:
        raise ValueError(f"{{{name}}} takes no width")


def built_in_fields() -> list[PatternField]:
    """All of them, in the order of the reference."""
    return [
        Moment("YYYY", "{0.year:04d}"),
        Moment("YY", "{0:%y}"),
        Moment("MM", "{0.month:02d}"),
        Moment("DD", "{0.day:02d}"),
        Moment("HH", "{0.hour:02d}"),
        Moment("mm", "{0.minute:02d}"),
        Moment("SS", "{0.second:02d}"),
        DrawnCharacters("letters", string.ascii_uppercase),
        DrawnCharacters("hex", "0123456789ABCDEF"),
        DrawnCharacters("alnum", string.digits + string.ascii_uppercase),
        DrawnCharacters("random", string.digits),
        FromContext("modality", 0),
        FromContext("site", 0),
    ]
