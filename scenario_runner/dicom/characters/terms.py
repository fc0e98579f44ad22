"""Defined terms of Specific Character Set (0008,0005), and what a list of them declares (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.characters.sets import (
    ASCII,
    MULTI_BYTE,
    ROWS,
    WHOLE,
    GraphicSet,
    Half,
)
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPECIFIC_CHARACTER_SET: Final = 0x00080005
UTF8: Final = "ISO_IR 192"

_SINGLE = "ISO_IR "
_EXTENSIBLE = "ISO 2022 IR "

ALONE: Final = frozenset(WHOLE)
"""Table C.12-5: sets beside which no other may stand."""
WITHOUT_EXTENSION: Final = tuple(_SINGLE + number for number in ROWS if number not in MULTI_BYTE)
"""Table C.12-2, and ``ISO_IR 6``, which is written for the default repertoire though it is no term."""
TERMS: Final = (
    *WITHOUT_EXTENSION,
    *WHOLE,
    *(_EXTENSIBLE + number for number in ROWS),
)
"""Every defined term."""

_SPELLING = re.compile(r"ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a value of Specific Character Set means.

    whole: Python's codec of a set that stands alone, else empty. g0, g1: what is active at the
    beginning of a value and after each delimiter. extended: whether escape sequences may be used
    (PS3.5 6.1.2.5). sets: all that are declared, in order.
    """

    whole: str = ""
    g0: GraphicSet = ASCII
    g1: Half = None
    extended: bool = False
    sets: tuple[GraphicSet, ...] = (ASCII,)


def parse(value: bytes | str | Iterable[str | None] | None) -> tuple[str, ...]:
    """The terms in an element's value, padding removed; () when there is none. An empty first one may be None."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str):
        value = value.split("\\")
    terms = tuple((term or "").strip(" \0") for term in value or ())
    return terms if any(terms) else ()


def faults(terms: Sequence[str]) -> list[tuple[str, str]]:
    """Terms that are none or that may not stand where they do, each with the reason; [] when right."""
    found: list[tuple[str, str]] = []
    for place, term in enumerate(terms):
        first = place == 0
        if term not in TERMS and not (first and not term):
            reason = (
                "is not a defined term of SpecificCharacterSet"
                if term
                else "is empty; only the first value may be"
            )
        elif first and term.removeprefix(_EXTENSIBLE) in MULTI_BYTE:
            reason = "only extends another set; the first value is that one, or empty for ASCII"
        elif len(terms) > 1 and term in WHOLE:
            reason = "stands alone, without code extensions"
        elif len(terms) > 1 and term in WITHOUT_EXTENSION:
            reason = f"stands alone; beside others it is {term.replace(_SINGLE, _EXTENSIBLE)}"
        else:
            continue
        found.append((term, reason))
    return found


def is_declared(terms: Sequence[str]) -> bool:
    """Whether these terms say anything beyond the default repertoire that can be understood."""
    return any(_number(term) not in ("", "6") or term in WHOLE for term in terms)


@lru_cache(maxsize=256)
def declared(terms: tuple[str, ...]) -> Declared:
    """What these terms mean, read as generously as they can be: what is no term declares nothing."""
    if terms and terms[0] in WHOLE:
        return Declared(whole=WHOLE[terms[0]])
    numbers = [_number(term) for term in terms] or [""]
    if numbers[0] in MULTI_BYTE:
        numbers.insert(0, "6")
    rows = [ROWS[number or "6"] for number in numbers]
    first_g0, first_g1 = rows[0]
    sets = tuple(dict.fromkeys(half for row in rows for half in row if half is not None))
    extended = len(numbers) > 1 or any(term.startswith(_EXTENSIBLE) for term in terms)
    return Declared(
        g0=first_g0 or ASCII,
        g1=first_g1,
        extended=extended,
        sets=sets,
    )


def _number(term: str) -> str:
    """The number in a term, however its words are joined; empty for what is no term."""
    match = _SPELLING.fullmatch(term)
    return match[2] if match and match[2] in ROWS else ""
