"""Which Specific Character Set to declare for given texts (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.characters.alphabetic import alphabetic_fault, is_right_in_utf8
from scenario_runner.dicom.characters.reading import decode
from scenario_runner.dicom.characters.terms import UTF8, WITHOUT_EXTENSION
from scenario_runner.dicom.characters.writing import UnencodableError, encode, unencodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIRST: Final = ("ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 148")
_SINGLE_BYTE: Final[tuple[tuple[str, ...], ...]] = tuple(
    (term,)
    # What Latin alphabets No. 3 and No. 5 can both say is Turkish, which left No. 3 in 1989.
    for term in sorted(WITHOUT_EXTENSION, key=lambda one: one not in _FIRST)
    # Latin No. 9 came in 2016: DCMTK 3.6.7, Orthanc 1.10 and pydicom 3.0 do not know it. A half in
    # which a backslash is a yen sign is nobody's first choice.
    if term not in ("ISO_IR 6", "ISO_IR 13", "ISO_IR 203")
)
"""In the order they are tried."""
_JAPANESE: Final[tuple[str, ...]] = ("", "ISO 2022 IR 87")
_KOREAN: Final[tuple[str, ...]] = ("", "ISO 2022 IR 149")
_LONGEST_NAME: Final = 64


def choose(texts: Iterable[str]) -> tuple[str, ...]:
    """The defined terms for these texts, () when all are ASCII.

    A single-byte set where one holds everything, ISO 2022 for Japanese and Korean, else UTF-8. A
    kanji of which one byte is a backslash (本) makes it UTF-8 too: readers that split values before they
    decode them would cut it in two. So does a name that its escape sequences make longer than 64 bytes,
    which some readers take for the limit of a name, and one whose alphabetic group needs escape sequences that
    UTF-8 does without (PS3.5 6.2.1.2).
    """
    texts = list(texts)
    characters = "".join({one for text in texts for one in text if not one.isascii()})
    if not characters:
        return ()
    korean = any("\uac00" <= one <= "\ud7a3" for one in characters)
    # KS X 1001 has kanji too, but a Japanese name has no business in it.
    candidates = (*_SINGLE_BYTE, _JAPANESE, _KOREAN) if korean else (*_SINGLE_BYTE, _JAPANESE)
    for terms in candidates:
        if unencodable(characters, "LT", terms):
            continue
        if len(terms) == 1 or not any(
            _is_risky(text, terms) or _is_wrong_name(text, terms) for text in texts
        ):
            return terms
    return (UTF8,)


def fitting(texts: Iterable[str], candidates: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The first of these character sets that can say all the texts; UTF-8 when none can.

    Empty when ASCII is enough, so that Specific Character Set may be left out (PS3.3 C.12.1.1.2).
    """
    beyond = [text for text in texts if not text.isascii()]
    if not beyond:
        return ()
    for terms in candidates:
        if terms and all(_holds(text, terms) for text in beyond):
            return tuple(terms)
    return (UTF8,)


def _holds(text: str, terms: Sequence[str]) -> bool:
    """Whether a text can be said whatever VR it stands in, with a backslash as delimiter or as text."""
    try:
        return all(decode(encode(text, vr, terms), vr, terms) == text for vr in ("PN", "LT"))
    except UnencodableError:
        return False


def _is_risky(text: str, terms: Sequence[str]) -> bool:
    """Whether readers that look at bytes before they decode them make something else of a text."""
    encoded = encode(text, "PN", terms)
    return ("^" in text and len(encoded) > _LONGEST_NAME) or encoded.count(b"\\") > text.count("\\")


def _is_wrong_name(text: str, terms: Sequence[str]) -> bool:
    """Whether a name is wrong in these sets, and right in UTF-8."""
    group = text.partition("=")[0]
    return "^" in group and bool(alphabetic_fault(group, terms)) and is_right_in_utf8(group)
