"""The long form of identifier patterns: ``YYYY{two letters}{seven digits starting from 0000001}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scenario_runner.planning.pattern_fields import MAX_WIDTH
from scenario_runner.planning.pattern_parts import Field, Part, PatternError, counter

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
_KINDS = {
    "letter": "letters",
    "upper-case letter": "letters",
    "uppercase letter": "letters",
    "random letter": "letters",
    "hex digit": "hex",
    "hexadecimal digit": "hex",
    "hex character": "hex",
    "hexadecimal character": "hex",
    "random hex digit": "hex",
    "alphanumeric": "alnum",
    "alphanumeric character": "alnum",
    "random alphanumeric character": "alnum",
    "random digit": "random",
    "digit": "digits",
}
_PHRASE = re.compile(
    r"(?P<count>\d{1,3}|[a-z]+) (?P<kind>[a-z -]+?)s?"
    r"(?:,? start(?:ing|s)? (?:from|at|with) (?P<start>\d{1,64}))?"
    r"(?:,?(?: and)? (?:in )?steps? (?:of )?(?P<step>\d{1,64}))?"
)
_DATES = re.compile(r"YYYY(?:MM(?:DD)?)?|(?<![A-Za-z])(?:MM(?:DD)?|DD(?:MM)?)(?![A-Za-z])")
_DATE = re.compile("YYYY|MM|DD")


def in_words(body: str, offset: int) -> Part | None:
    """The field a phrase in braces stands for; None when it is not in the long form.

    offset: where the opening brace stands. Raises PatternError for a phrase that begins with a
    number and goes on with something that is not known.
    """
    phrase = " ".join(body.lower().split())
    first, space, _ = phrase.partition(" ")
    if not space or not ((first.isascii() and first.isdigit()) or first in _NUMBERS):
        return None
    end = offset + len(body) + 2
    match = _PHRASE.fullmatch(phrase)
    kind = _KINDS.get(match["kind"]) if match else None
    if match is None or kind is None:
        raise PatternError(
            f"'{{{body}}}' is not understood",
            offset,
            end,
            "write for example {two letters}, {seven digits starting from 0000001}, "
            "{three random digits}, {four hex digits} or {five alphanumeric characters}",
        )
    width = int(first) if first.isdigit() else _NUMBERS.index(first) + 1
    if not 1 <= width <= MAX_WIDTH:
        raise PatternError(f"a width is from 1 to {MAX_WIDTH}, not {width}", offset, end)
    options = {name: int(match[name]) for name in ("start", "step") if match[name]}
    if kind == "digits":
        return counter(width, options, offset, end)
    if options:
        raise PatternError("only a counter ('seven digits') starts or steps", offset, end)
    return Field(kind, width)


def bare_dates(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of literal text of the long form, and whether each is a date field.

    ``YYYY``, ``YYYYMM`` and ``YYYYMMDD`` are, wherever they stand; ``MM`` and ``DD`` alone are
    unless they touch a letter, so that the word COMMAND stays a word.
    """
    position = 0
    for run in _DATES.finditer(text):
        if run.start() > position:
            yield text[position : run.start()], False
        for field in _DATE.findall(run[0]):
            yield field, True
        position = run.end()
    if position < len(text):
        yield text[position:], False
