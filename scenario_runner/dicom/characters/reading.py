"""Bytes of a value to text by its Specific Character Set, with code extensions (PS3.5 6.1.2.5).

``decode`` reads whatever a peer or a file has, as far as it means something. ``decode_strictly`` is for
a judge: what is not as the Standard has it is an error, never a replacement character.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from scenario_runner.dicom.characters.sets import (
    ASCII,
    BY_ESCAPE,
    ESC,
    KATAKANA,
    REPLACEMENT,
    GraphicSet,
    charmap,
    decoding_table,
)
from scenario_runner.dicom.characters.terms import Declared, declared, is_declared
from scenario_runner.dicom.vrs import ONE_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence


_SEQUENCE = re.compile(rb"\x1b(?:\$[()]?|[(\-)])[@-~]")
"""An escape sequence that designates a graphic set (ISO 2022), whichever."""


class UndecodableError(ValueError):
    """A value does not fit its character set. The message says how."""


def delimiters_of(vr: str) -> str:
    """Characters other than controls before which the first set is active again (PS3.5 6.1.2.5.3)."""
    if vr == "PN":
        return "\\^="
    return "" if vr in ONE_TEXT else "\\"


def decode(value: bytes, vr: str, terms: Sequence[str]) -> str:
    """The text of a value, backslashes and padding included. Never fails.

    terms: the defined terms in force. Without any, or with none that is known, text beyond ASCII is
    UTF-8 if it can be, else Latin-1. A known escape sequence is followed whether declared or not, and
    what is left unread becomes U+FFFD.
    """
    meant = declared(tuple(terms))
    if _is_plain(value, meant):
        return value.decode("ascii")
    if meant.whole:
        return value.decode(meant.whole, "replace")
    if ESC not in value:
        if not is_declared(terms):
            return _undeclared(value)
        if not meant.extended:
            if meant.g0 is ASCII:
                return _generously(value, meant.g1 or ASCII)
            if (text := _shift_jis(value)) is not None:
                return text
    return _Reading(value, vr, meant, strict=False).text()


def decode_strictly(value: bytes, vr: str, terms: Sequence[str]) -> str:
    """The text of a value, backslashes and padding included.

    terms: rightly declared, see ``terms.faults``. Raises UndecodableError for a byte that is in no set
    that is active, an escape sequence that is not declared, or one that is not taken back in time.
    """
    meant = declared(tuple(terms))
    if _is_plain(value, meant):
        return value.decode("ascii")
    if meant.whole:
        if ESC in value:
            raise UndecodableError(f"has an escape sequence, which {terms[0]} does not allow")
        try:
            return value.decode(meant.whole)
        except UnicodeDecodeError as error:
            _refuse(value, error.start, terms[0])
    if not any(terms):
        raise UndecodableError("has characters beyond ASCII, but there is no SpecificCharacterSet")
    if not meant.extended and ESC in value:
        raise UndecodableError(f"has an escape sequence, which {terms[0]} does not allow")
    return _Reading(value, vr, meant, strict=True).text()


def _is_plain(value: bytes, meant: Declared) -> bool:
    """Whether a value is ASCII, whatever is declared."""
    if not value.isascii() or ESC in value:
        return False
    return meant.g0 is ASCII or not (b"\\" in value or b"~" in value)


def _undeclared(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _generously(value: bytes, half: GraphicSet) -> str:
    """Single-byte text; what the set does not have is of a later edition, or a C1 control."""
    try:
        return charmap(value, decoding_table(ASCII, half))
    except UnicodeDecodeError:
        return value.decode(half.codec, "replace")


def _shift_jis(value: bytes) -> str | None:
    """Text that is said to be JIS X 0201 and has bytes that are not: Shift JIS, which is seen."""
    if all(byte < 0x80 or bytes((byte,)) in KATAKANA.characters for byte in value):
        return None
    try:
        return value.decode("shift_jis")
    except UnicodeDecodeError:
        return None


def _refuse(value: bytes, at: int, name: str) -> NoReturn:
    raise UndecodableError(f"is not {name}: byte {value[at]:#04x} at {at}")


@cache
def _tokens(vr: str) -> re.Pattern[bytes]:
    """Escape, delimiter, lower half, upper half: one of these at every place of a value."""
    delimiters = rb"\x00-\x1a\x1c-\x1f" + re.escape(delimiters_of(vr)).encode("ascii")
    return re.compile(
        rb"(?P<escape>\x1b)|(?P<delimiter>[" + delimiters + rb"])|"
        rb"(?P<low>[^\x1b\x80-\xff" + delimiters + rb"]+)|(?P<high>[\x80-\xff]+)"
    )


_LOW = re.compile(rb"[\x20-\x7f]+")


class _Reading:
    """One value: where in it we are, and what is in G0 and G1 there."""

    def __init__(self, value: bytes, vr: str, meant: Declared, *, strict: bool) -> None:
        self._value, self._meant, self._strict = value, meant, strict
        self._token = _tokens(vr).match
        self._at = 0
        self._g0, self._g1 = meant.g0, meant.g1
        self._parts: list[str] = []

    def text(self) -> str:
        value, steps = self._value, {
            "escape": self._escape, "delimiter": self._delimiter, "low": self._low, "high": self._high,
        }  # fmt: skip
        while self._at < len(value):
            if self._g0.size == 2 and (run := _LOW.match(value, self._at)):
                # Any byte may be half of a character here, those of delimiters too.
                self._at = run.end()
                self._double(run[0], self._g0, run.start())
                continue
            token = self._token(value, self._at)
            assert token is not None, "one of the four is everywhere"
            assert token.lastgroup is not None
            self._at = token.end()
            steps[token.lastgroup](token[0], token.start())
        self._returned("at its end")
        return "".join(self._parts)

    def _escape(self, _piece: bytes, start: int) -> None:
        sequence = _SEQUENCE.match(self._value, start)
        known = BY_ESCAPE.get(sequence[0]) if sequence else None
        if self._strict and (known is None or known not in (*self._meant.sets, ASCII)):
            if known is None:
                raise UndecodableError("has an escape sequence that DICOM does not know")
            shown = known.escape[1:].decode("ascii")
            raise UndecodableError(f"changes to {known}, which is not declared (ESC {shown})")
        if sequence:
            self._at = sequence.end()
        if known is None:
            self._parts.append("" if sequence else REPLACEMENT)
        elif known.g1:
            self._g1 = known
        else:
            self._g0 = known

    def _delimiter(self, piece: bytes, _start: int) -> None:
        character = piece.decode("ascii")
        self._returned(f"before {character!r}")
        self._g0, self._g1 = self._meant.g0, self._meant.g1
        self._parts.append(character)

    def _low(self, piece: bytes, _start: int) -> None:
        self._parts.append(charmap(piece, decoding_table(self._g0, None)))

    def _high(self, piece: bytes, start: int) -> None:
        half = self._g1
        if half is None and not self._strict:
            # Seen: the escape sequence is left out where no other set is declared.
            half = next((one for one in self._meant.sets if one.g1), None)
        if half is not None and half.size == 2:
            self._double(piece, half, start)
        elif not self._strict:
            self._parts.append(_generously(piece, half) if half else _undeclared(piece))
        else:
            try:
                self._parts.append(charmap(piece, decoding_table(ASCII, half)))
            except UnicodeDecodeError as error:
                _refuse(self._value, start + error.start, str(half or ASCII))

    def _double(self, piece: bytes, half: GraphicSet, start: int) -> None:
        get, at = half.characters.get, 0
        while at < len(piece):
            character = get(piece[at : at + 2])
            if character is not None:
                self._parts.append(character)
                at += 2
            elif piece[at] == 0x20:
                self._parts.append(" ")
                at += 1
            elif self._strict:
                _refuse(self._value, start + at, str(half))
            else:
                self._parts.append(REPLACEMENT)
                at += 2

    def _returned(self, where: str) -> None:
        """Whether the first set is back in the lower half: readers look for delimiters there.

        The two sets of one byte have the same delimiters; that one stands for the other is let pass.
        A set of the upper half need not be taken back: the Standard's own examples (PS3.5 I.2, K.2) do not.
        """
        if self._strict and self._g0.size != self._meant.g0.size:
            raise UndecodableError(f"does not go back to the first character set {where}")
