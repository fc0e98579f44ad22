"""Text by its SpecificCharacterSet, strictly: what cannot be decoded is a fault, never a ``?``.

The defined terms of PS3.3 C.12.1.1.2 and the code extension of PS3.5 6.1.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.conformance.elements import Element, Items

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs that SpecificCharacterSet applies to (PS3.5 6.1.2.2)."""

_CHARACTER_SET = 0x00080005
_EXTENSIBLE = {
    "6": (b"(B", "ascii"),
    "100": (b"-A", "latin_1"),
    "101": (b"-B", "iso8859_2"),
    "109": (b"-C", "iso8859_3"),
    "110": (b"-D", "iso8859_4"),
    "144": (b"-L", "iso8859_5"),
    "127": (b"-G", "iso8859_6"),
    "126": (b"-F", "iso8859_7"),
    "138": (b"-H", "iso8859_8"),
    "148": (b"-M", "iso8859_9"),
    "203": (b"-b", "iso8859_15"),
    "166": (b"-T", "tis_620"),
    "13": (b")I", "shift_jis"),
}
"""Number of a single-byte set to its escape sequence (without ESC) and codec."""

_SINGLE = {f"ISO_IR {number}": codec for number, (_, codec) in _EXTENSIBLE.items()}
_WHOLE = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
_MULTI = {"87": (b"$B", "$B"), "159": (b"$(D", "$(D"), "149": (b"$)C", ""), "58": (b"$)A", "")}
"""Multi-byte sets to their escape sequences; those that replace G0 must be left again."""

_TERMS = frozenset(
    {"", *_SINGLE, *_WHOLE} | {f"ISO 2022 IR {number}" for number in (*_EXTENSIBLE, *_MULTI)}
)
MOST_CHANGES = 20_000
"""Of the character set in one value; every change takes time, and no text has as many."""
_ESCAPE = re.compile(rb"\x1b([(-][A-Z a-z]|\$[()]?[A-D])")


class UndecodableError(ValueError):
    """A value does not fit the character set. The message says how."""


class UnknownCharacterSetError(UndecodableError):
    """There is no telling, as the declared character set is none; said once, about that."""


def declared(items: Items) -> list[str] | None:
    """The terms that apply to a data set: its own, else those of what it is in; None if none."""
    here: Items | None = items
    while here is not None:
        element = here.elements.get(_CHARACTER_SET)
        if element is not None:
            return here.texts("SpecificCharacterSet") or [""]
        here = here.parent
    return None


def unknown(terms: Sequence[str]) -> list[str]:
    """What is no defined term, or not where it stands: without code extension there is one value."""
    wrong = [term for term in terms if term not in _TERMS]
    if terms and terms[0].removeprefix("ISO 2022 IR ") in _MULTI:
        wrong.append(terms[0])  # only an extension of a single-byte set, C.12.1.1.2
    if len(terms) > 1:
        wrong += [term for term in terms if term in _SINGLE or term in _WHOLE]
    return wrong


def decode(element: Element, items: Items) -> str:
    """The text of an element, backslashes included. Raises UndecodableError."""
    value = element.value
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    terms = declared(items)
    if terms is None or terms == [""]:
        raise UndecodableError("has characters beyond ASCII, but there is no SpecificCharacterSet")
    if unknown(terms):
        raise UnknownCharacterSetError("is in a character set that nobody knows")
    codec = _WHOLE.get(terms[0]) or (_SINGLE.get(terms[0]) if len(terms) == 1 else None)
    if codec:
        if b"\x1b" in value:
            raise UndecodableError(f"has an escape sequence, which {terms[0]} does not allow")
        return _strict(value, codec, terms[0])
    return _extended(value, terms)


def _extended(value: bytes, terms: Sequence[str]) -> str:
    """ISO 2022: text in pieces, each in the set that the escape sequence before it invokes."""
    numbers = [term.removeprefix("ISO 2022 IR ") or "6" for term in terms]
    if value.count(b"\x1b") > MOST_CHANGES:
        raise UndecodableError(f"changes its character set more than {MOST_CHANGES} times")
    first = numbers[0] if numbers[0] in _EXTENSIBLE else "6"
    g0, g1 = "", _EXTENSIBLE[first][1]
    out: list[str] = []
    pieces = _ESCAPE.split(value)
    for n, piece in enumerate(pieces):
        if n % 2 == 0:
            out.append(_piece(piece, g0, g1))
        else:
            g0, g1 = _invoked(piece, numbers, g0, g1)
    if g0:
        raise UndecodableError("ends without going back to the first character set")
    return "".join(out)


def _invoked(sequence: bytes, numbers: Sequence[str], g0: str, g1: str) -> tuple[str, str]:
    """What G0 and G1 hold after an escape sequence. Raises UndecodableError for an undeclared set."""
    if sequence in (b"(B", b"(J"):
        if sequence == b"(J" and "13" not in numbers:
            raise UndecodableError(
                "changes to ISO IR 14, which SpecificCharacterSet does not declare"
            )
        return "", g1
    for number, (known, codec) in _EXTENSIBLE.items():
        if sequence == known and (number in numbers):
            return g0, codec
    for number, (known, own) in _MULTI.items():
        if sequence == known and number in numbers:
            return (own, g1) if own else (g0, {"149": "euc_kr", "58": "gb2312"}[number])
    shown = sequence.decode("latin-1")
    raise UndecodableError(f"changes to a set that is not declared (ESC {shown})")


def _piece(piece: bytes, g0: str, g1: str) -> str:
    """Decode what lies between two escape sequences."""
    if b"\x1b" in piece:
        raise UndecodableError("has an escape sequence that DICOM does not know")
    if not g0:
        return _strict(piece, g1, g1)
    codec, number = ("iso2022_jp", "87") if g0 == "$B" else ("iso2022_jp_2", "159")
    wrapped = b"\x1b" + g0.encode("ascii") + piece + b"\x1b(B"
    return _strict(wrapped, codec, f"ISO 2022 IR {number}")


def _strict(value: bytes, codec: str, name: str) -> str:
    try:
        text = value.decode(codec)
    except UnicodeDecodeError as error:
        byte = value[error.start]
        raise UndecodableError(f"is not {name}: byte {byte:#04x} at {error.start}") from None
    if codec == "shift_jis" and len(text) != len(value):
        raise UndecodableError(f"is not {name}: it has characters of two bytes")
    return text
