"""Text to the bytes of a value in its Specific Character Set, with code extensions (PS3.5 6.1.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.characters.reading import delimiters_of
from scenario_runner.dicom.characters.sets import ASCII, ESC, JIS_ROMAN
from scenario_runner.dicom.characters.terms import declared

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scenario_runner.dicom.characters.sets import GraphicSet, Half

_ESCAPE = chr(ESC)


class UnencodableError(ValueError):
    """A text has characters that its declared character sets lack.

    missing: those characters, each once.
    """

    def __init__(self, text: str, missing: str, terms: Sequence[str]) -> None:
        super().__init__(f"{text!r} cannot be written in {named(terms)}, which has no {missing}")
        self.missing = missing


def named(terms: Sequence[str]) -> str:
    """Character sets as a sentence has them."""
    return " and ".join(term or "ASCII" for term in terms) or "ASCII"


def encode(text: str, vr: str, terms: Sequence[str]) -> bytes:
    """The bytes of a value, without padding.

    text: of a VR with several values they are joined by backslashes. Where sets change, escape sequences
    do it, and the first set is active again before every delimiter and at the end (PS3.5 6.1.2.5.3).
    Raises UnencodableError.
    """
    meant = declared(tuple(terms))
    if meant.g0 is ASCII and text.isascii() and _ESCAPE not in text:
        return text.encode("ascii")
    if meant.whole:
        try:
            return text.encode(meant.whole)
        except UnicodeEncodeError:
            raise UnencodableError(text, unencodable(text, vr, terms), terms) from None
    delimiters = delimiters_of(vr)
    out = bytearray()
    g0, g1 = meant.g0, meant.g1
    for character in text:
        if _delimits(character, delimiters):
            out += _return(g0, g1, meant.g0, meant.g1) + character.encode("ascii")
            g0, g1 = meant.g0, meant.g1
            continue
        found = _find(character, (g0, g1, *meant.sets), delimiters)
        if found is None:
            raise UnencodableError(text, unencodable(text, vr, terms), terms)
        half, code = found
        if half is not g0 and half is not g1:
            out += half.escape
            g0, g1 = (g0, half) if half.g1 else (half, g1)
        out += code
    return bytes(out + _return(g0, g1, meant.g0, meant.g1))


def unencodable(text: str, vr: str, terms: Sequence[str]) -> str:
    """The characters of a text that none of the declared sets can write, each once."""
    meant = declared(tuple(terms))
    if meant.g0 is ASCII and text.isascii() and _ESCAPE not in text:
        return ""
    if meant.whole:
        return "".join(one for one in dict.fromkeys(text) if not _in_codec(one, meant.whole))
    delimiters = delimiters_of(vr)
    return "".join(
        one
        for one in dict.fromkeys(text)
        if not _delimits(one, delimiters) and _find(one, meant.sets, delimiters) is None
    )


def _delimits(character: str, delimiters: str) -> bool:
    return character in delimiters or (character < " " and character != _ESCAPE)


def _find(
    character: str, halves: Iterable[Half], delimiters: str
) -> tuple[GraphicSet, bytes] | None:
    """The first set that has a character, and its bytes there."""
    for half in halves:
        code = half.codes.get(character) if half is not None else None
        # The yen sign's byte is taken for a backslash where that divides values.
        if code is not None and not (half is JIS_ROMAN and code == b"\\" and delimiters):
            assert half is not None
            return half, code
    return None


def _return(g0: GraphicSet, g1: Half, first_g0: GraphicSet, first_g1: Half) -> bytes:
    """What makes the first set active again; where it leaves G1 empty, nothing can (PS3.5 I.2)."""
    lower = b"" if g0 is first_g0 else first_g0.escape
    upper = b"" if g1 is first_g1 or first_g1 is None else first_g1.escape
    return lower + upper


def _in_codec(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
