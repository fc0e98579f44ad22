"""Identifier patterns: ``{YYYY}{2letters}{7digits}`` as a value that can be checked and rendered.

``parse`` and ``str`` are inverse to each other: ``parse(str(p)) == p``. The long form of
``pattern_words`` parses to the same value, so both spellings share one counter.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.api import PatternContext, PatternField, SpacedField
from scenario_runner.planning.pattern_fields import MAX_WIDTH
from scenario_runner.planning.pattern_parts import (
    CheckDigit,
    Counter,
    Field,
    Literal,
    Part,
    PatternError,
    counter,
)
from scenario_runner.planning.pattern_words import bare_dates, in_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

_FIELD = re.compile(r"(\d*)([A-Za-z_]\w*)(?::(.*))?", re.ASCII | re.DOTALL)
_OPTION = re.compile(r"\s*(\w+)\s*=\s*(\d{1,64})\s*", re.ASCII)
_SINGULAR = {"letter": "letters", "digit": "digits"}


_UNUSED = Random(0)  # noqa: S311 - stands where no field looks at it


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read and whose fields exist."""

    parts: tuple[Part, ...]
    fields: Mapping[str, PatternField]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self.parts == other.parts

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.parts)

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    @cached_property
    def counters(self) -> tuple[Counter, ...]:
        """Its counters, in order."""
        return tuple(part for part in self.parts if isinstance(part, Counter))

    @cached_property
    def rule(self) -> str:
        """What names its counters in the registry: the pattern without ``start`` and ``step``.

        So a changed start moves the same counter forward; it cannot begin a second one that
        would hand out the first one's numbers again.
        """
        return "".join(
            f"{{{part.width}digits}}" if isinstance(part, Counter) else str(part)
            for part in self.parts
        )

    @cached_property
    def spaces(self) -> tuple[int, ...]:
        """For each part how many values are drawn at random; 1 where nothing is."""
        return tuple(self._space(part) for part in self.parts)

    @cached_property
    def space(self) -> int:
        """How many different texts chance alone can make."""
        product = 1
        for space in self.spaces:
            product *= space
        return product

    @cached_property
    def length(self) -> int:
        """The most characters it can have, as far as its fields know."""
        return sum(self._length(part) for part in self.parts)

    @cached_property
    def has_open_fields(self) -> bool:
        """Whether a field's characters are only known once it has written them."""
        return any(
            isinstance(part, Field) and not isinstance(self.fields[part.name], SpacedField)
            for part in self.parts
        )

    def render(
        self,
        moment: dt.datetime,
        *,
        modality: str = "",
        site: str = "",
        numbers: Sequence[int] = (),
        draw: int = 0,
        seed: int = 0,
    ) -> str:
        """The identifier. numbers: one for each counter; draw: 0 ≤ draw < space."""
        text = ""
        # Seeding costs more than all the rest, and only a plugin's field may ask for it.
        random = _UNUSED if not self.has_open_fields else Random(seed)  # noqa: S311
        plain: PatternContext | None = None
        following = iter(numbers)
        for part, space in self._with_spaces:
            if isinstance(part, Literal):
                text += part.text
            elif isinstance(part, Counter):
                text += str(next(following)).zfill(part.width)
            elif isinstance(part, CheckDigit):
                text += luhn(text)
            elif space > 1:
                draw, mine = divmod(draw, space)
                context = PatternContext(moment, modality, site, random, mine)
                text += self.fields[part.name].render(part.width, context)
            else:
                if plain is None:
                    plain = PatternContext(moment, modality, site, random)
                text += self.fields[part.name].render(part.width, plain)
        return text

    @cached_property
    def _with_spaces(self) -> tuple[tuple[Part, int], ...]:
        return tuple(zip(self.parts, self.spaces, strict=True))

    def _space(self, part: Part) -> int:
        if isinstance(part, Field):
            field = self.fields[part.name]
            return field.space(part.width) if isinstance(field, SpacedField) else 1
        return 1

    def _length(self, part: Part) -> int:
        match part:
            case Literal():
                return len(part.text)
            case Counter():
                return part.width
            case CheckDigit():
                return 1
            case Field():
                field = self.fields[part.name]
                return field.length(part.width) if isinstance(field, SpacedField) else 0


def luhn(text: str) -> str:
    """The digit that makes the digits of ``text`` followed by it divisible by ten (Luhn)."""
    total = 0
    digits = [int(character) for character in text if character in "0123456789"]
    for place, digit in enumerate(reversed(digits)):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def parse(text: str, fields: Mapping[str, PatternField]) -> Pattern:
    """Read a pattern, short form or long. fields: what plugins and built-ins offer, by name.

    Raises PatternError for an unbalanced brace, an unknown field or option, or a width or start
    that makes no sense.
    """
    pieces = _split(text)
    words = {start: in_words(body, start) for start, body, braced in pieces if braced}
    long_form = any(found is not None for found in words.values())
    parts: list[Part] = []
    for start, body, braced in pieces:
        if braced:
            parts.append(words[start] or _field(body, start, fields))
        elif long_form:
            parts += [Field(t) if is_field else Literal(t) for t, is_field in bare_dates(body)]
        else:
            parts.append(Literal(body))
    return Pattern(tuple(parts), fields)


def _split(text: str) -> list[tuple[int, str, bool]]:
    """(offset, text, whether it stood in braces) of each piece; the offset is the brace's."""
    pieces = []
    position = 0
    while position < len(text):
        opening, closing = text.find("{", position), text.find("}", position)
        if opening < 0 and closing < 0:
            pieces.append((position, text[position:], False))
            break
        if opening < 0 or 0 <= closing < opening:
            raise PatternError("'}' has no '{' before it", closing, closing + 1, _BRACES)
        if closing < 0 or 0 <= text.find("{", opening + 1) < closing:
            raise PatternError("'{' has no '}' after it", opening, opening + 1, _BRACES)
        if opening > position:
            pieces.append((position, text[position:opening], False))
        pieces.append((opening, text[opening + 1 : closing], True))
        position = closing + 1
    return pieces


_BRACES = "a field is written {7digits}; a brace cannot stand for itself in an identifier"


def _field(body: str, start: int, fields: Mapping[str, PatternField]) -> Part:
    end = start + len(body) + 2
    match = _FIELD.fullmatch(body)
    if match is None:
        raise PatternError(f"'{{{body}}}' is not a field", start, end, _known(body, fields))
    name = _SINGULAR.get(match[2], match[2])
    width = int(match[1]) if match[1] else None
    if name not in fields and name not in ("digits", "mod10"):
        raise PatternError(f"unknown field '{{{body}}}'", start, end, _known(name, fields))
    if width is not None and not 1 <= width <= MAX_WIDTH:
        raise PatternError(f"a width is from 1 to {MAX_WIDTH}, not {width}", start, end)
    if name == "digits":
        if width is None:
            raise PatternError("{digits} needs a width", start, end, "write {7digits}")
        return counter(width, _options(match[3], start, end), start, end)
    if match[3] is not None:
        raise PatternError(f"{{{name}}} takes no options", start, end, "only {7digits:…} does")
    if name == "mod10":
        if width is not None:
            raise PatternError("{mod10} is one digit and takes no width", start, end)
        return CheckDigit()
    field = fields[name]
    if isinstance(field, SpacedField):
        try:
            field.space(width)
        except ValueError as error:
            raise PatternError(str(error), start, end) from error
    return Field(name, width)


def _options(text: str | None, start: int, end: int) -> dict[str, int]:
    found: dict[str, int] = {}
    if text is None:
        return found
    for option in text.split(","):
        match = _OPTION.fullmatch(option)
        if match is None or match[1] not in ("start", "step") or match[1] in found:
            raise PatternError(
                f"'{option.strip()}' is not an option of a counter",
                start,
                end,
                "a counter takes start=N and step=N: {7digits:start=100,step=5}",
            )
        found[match[1]] = int(match[2])
    return found


def _known(name: str, fields: Mapping[str, PatternField]) -> str:
    names = [*fields, "digits", "mod10"]
    bare = name.lstrip("0123456789").strip()
    near = get_close_matches(bare, names, 1, 0.6) or get_close_matches(bare.upper(), names, 1, 0.6)
    meant = f"did you mean '{{{near[0]}}}'? " if near else ""
    return f"{meant}fields are: {', '.join(names)}"
