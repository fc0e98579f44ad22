"""How right bytes become wrong ones: what the faults do to data sets and to answers.

Pure functions; whether and when is decided in ``misbehaviour``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from typing import TYPE_CHECKING, Final, Literal, cast

from scenario_runner.archive.attributes import BY_TAG
from scenario_runner.archive.keys import Match
from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import (
    SPECIFIC_CHARACTER_SET,
    UTF8,
    UnencodableError,
)
from scenario_runner.dicom.dictionary import tag_for_keyword, tag_of, vr_of
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.element_text import character_sets, encode
from scenario_runner.dicom.elements import (
    Elements,
    deflate,
    inflate,
    read_elements,
    read_header,
    write_elements,
)
from scenario_runner.dicom.levels import UNIQUE_KEY
from scenario_runner.dicom.one_element import replace_element, value_span
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, Encoding, encoding_of
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from scenario_runner.archive.index import Located
    from scenario_runner.archive.keys import Answer

Piece = bytes | bytearray | memoryview
How = Literal["undeclared", "wrong", "garbled"]

_COUNTS: Final = frozenset(
    tag for tag, one in BY_TAG.items() if one.keyword.startswith("NumberOf") and one.computed
)
_UNIQUE_KEYS: Final = tuple(map(tag_of, list(UNIQUE_KEY.values())[::-1]))
"""SOP instance, series, study and patient: the first that an answer has tells it from others."""
_MADE_UP: Final = "2.25.9"
_SPOILT_BYTES: Final = 64
_LATIN_1, _CYRILLIC = "ISO_IR 100", "ISO_IR 144"


def check_alteration(keyword: str, value: str) -> None:
    """Raise UsageError for a value that cannot be written in an attribute, whatever is right there."""
    tag = _tag(keyword)
    vr = vr_of(tag)
    try:
        encode(tag, [value], (UTF8,))
        fits = vr != "SQ"
    except (ValueError, OverflowError, struct.error):
        fits = False
    if not fits:
        raise UsageError(f"fault 'alter': '{value}' cannot be the value of {keyword} ({vr})")


def altered(data: bytes, transfer_syntax_uid: str, keyword: str, value: str) -> bytes:
    """A data set with another value in one attribute of text.

    Where the data set's own character sets cannot say it, all of its text goes over to UTF-8: an
    archive that gives a value of its own declares it right (PS3.3 C.12.1.1.2).
    """
    if transfer_syntax_uid == DEFLATED:
        return deflate([altered(inflate(data), EXPLICIT_LE, keyword, value)])
    tag = _tag(keyword)
    terms = character_sets(read_header(data, transfer_syntax_uid))
    try:
        encoded = encode(tag, [value], terms).value
    except UnencodableError:
        from scenario_runner.dicom.datasets import in_utf8

        data = in_utf8(data, transfer_syntax_uid)
        encoded = encode(tag, [value], (UTF8,)).value
    if not encoding_of(transfer_syntax_uid).little:
        encoded = vrs.swapped(encoded, vr_of(tag))
    return replace_element(data, transfer_syntax_uid, tag, vr_of(tag), encoded)


def with_wrong_pixels(data: bytes, transfer_syntax_uid: str) -> bytes:
    """A data set in which some pixels are others; one without pixels stays as it is."""
    if transfer_syntax_uid == DEFLATED:
        return deflate([with_wrong_pixels(inflate(data), EXPLICIT_LE)])
    span = value_span(data, transfer_syntax_uid, PIXEL_DATA)
    if span is None or span[0] == span[1]:
        return data
    start, end = span
    # Behind the middle: in compressed data what comes first are headers, and items before them.
    first = start + (end - start) * 3 // 5
    last = min(first + _SPOILT_BYTES, end)
    spoilt = bytearray(data)
    for place in range(first, last):
        spoilt[place] ^= 0x55
    return bytes(spoilt)


def in_broken_characters(data: bytes, transfer_syntax_uid: str, how: How) -> bytes:
    """A data set whose character set is broken; ASCII alone is left as it is."""
    if transfer_syntax_uid == DEFLATED:
        return deflate([in_broken_characters(inflate(data), EXPLICIT_LE, how)])
    header = read_header(data, transfer_syntax_uid)
    beyond = {
        tag: element.value
        for tag, element in header.items()
        if vr_of(tag, element.vr) in vrs.CHARACTER_SET and not element.value.isascii()
    }
    if not beyond:
        return data
    if how == "garbled":
        for tag, value in beyond.items():
            new = bytes(byte if byte < 0x80 else ord("?") for byte in value)
            data = replace_element(data, transfer_syntax_uid, tag, vr_of(tag), new)
        return data
    declared = character_sets(header)
    said = b"" if how == "undeclared" else encode(
        SPECIFIC_CHARACTER_SET, [_another_term(declared)], ()
    ).value  # fmt: skip
    return replace_element(data, transfer_syntax_uid, SPECIFIC_CHARACTER_SET, "CS", said)


def _another_term(declared: tuple[str, ...]) -> str:
    return _CYRILLIC if declared == (_LATIN_1,) else _LATIN_1


def another(instance: Located) -> Located:
    """An instance that nobody has stored, with the bytes of one that somebody has."""
    return dataclasses.replace(instance, sop_instance_uid=_made_up(instance.sop_instance_uid))


def is_made_up(instance: Located) -> bool:
    """Whether ``another`` made it."""
    return instance.sop_instance_uid.startswith(_MADE_UP)


def _made_up(uid: str) -> str:
    """A UID that looks like any other (PS3.5 B.2) and always is the same for the same one."""
    return f"{_MADE_UP}{int.from_bytes(hashlib.sha256(uid.encode()).digest()[:15]):036}"


def count_wrongly(match: Match, by: int) -> None:
    """Change the counts of related instances that a match tells."""
    for tag in _COUNTS & match.answer.keys():
        vr, values = match.answer[tag]
        match.answer[tag] = (vr, [str(max(0, int(str(one)) + by)) for one in values])


def alter_match(match: Match, keyword: str, value: str) -> None:
    """Give an attribute another value wherever it was asked for, in sequences too."""
    _alter_answer(match.answer, _tag(keyword), value)


def _alter_answer(answer: Answer, tag: int, value: str) -> None:
    for found, (vr, values) in answer.items():
        if found == tag:
            answer[found] = (vr, [value])
        elif vr == "SQ":
            for item in cast("list[Answer]", values):
                _alter_answer(item, tag, value)


def another_match(match: Match) -> Match:
    """A match for something that is not there."""
    answer = dict(match.answer)
    tag = next((tag for tag in _UNIQUE_KEYS if tag in answer), None)
    if tag is not None:
        vr, values = answer[tag]
        uid = _made_up(str(values[0]) if values else "")
        answer[tag] = (vr, [uid])
    return Match(answer, match.terms)


def encoded_match(match: Match, how: How | None, *, implicit: bool) -> bytes:
    """An answer as an identifier, its character set broken if ``how`` says so."""
    if how is None:
        return match.encode(implicit=implicit)
    if how == "garbled":
        return Match(_garbled(match.answer), ()).encode(implicit=implicit)
    said = Match(match.answer, (UTF8,)).encode(implicit=implicit)
    elements: Elements = read_elements(said, Encoding(implicit))
    if how == "undeclared":
        del elements[SPECIFIC_CHARACTER_SET]
    else:
        elements[SPECIFIC_CHARACTER_SET] = encode(SPECIFIC_CHARACTER_SET, [_LATIN_1], ())
    return write_elements(elements, implicit=implicit)


def _garbled(answer: Answer) -> Answer:
    result: Answer = {}
    for tag, (vr, values) in answer.items():
        if vr == "SQ":
            result[tag] = (vr, [_garbled(item) for item in cast("list[Answer]", values)])
        else:
            result[tag] = (
                vr,
                [str(one).encode("ascii", "replace").decode("ascii") for one in values],
            )
    return result


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, "Misbehaviour refuses keywords that do not exist"
    return int(tag)
