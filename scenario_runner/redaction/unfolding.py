"""A text with its escapes undone, layer by layer, and where each character of it came from."""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_right
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import field
from html import unescape

from scenario_runner.errors import without_halves
from scenario_runner.lazy_dataclasses import dataclass

_MOST_LAYERS = 5
"""Percent in percent in JSON in HTML is four; what is folded deeper than that, no writer has made."""
_ESCAPE = re.compile(
    r"""
    (?P<cut>(?:\\(?:u[0-9a-f]{0,3} | x[0-9a-f]?)? | %[0-9a-f]? | &\#?\w{0,8})(?=\Z|…|\.\.\.))
    | (?P<percent>(?:%[0-9a-f]{2})+ | (?:=[0-9a-f]{2})+)
    | (?P<units>
        (?:(?-i:\\U)[0-9a-f]{8} | [\\%]u[0-9a-f]{4} | \\u\{[0-9a-f]{1,6}\} | \\x[0-9a-f]{2})+
      )
    | (?P<octal>(?:\\[0-3][0-7]{2})+)
    | (?P<base64>[a-z0-9+/_-]{20,}(?:(?<=[a-z0-9+/_-]{60})(?:\\{1,4}[rn]|\s){1,8}+[a-z0-9+/_-]++(?=[\r\n\\"'=<,)\]}]|\Z))*)
    | (?P<nothing>=\r?\n | \0)
    | (?P<html>&(?:\#[0-9]{1,7} | \#x[0-9a-f]{1,6} | [a-z][a-z0-9]{1,31});?)
    | (?P<backslash>\\)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNIT = re.compile(r"[\\%][uUxX]\{?([0-9a-fA-F]+)")
_OTHERS = re.compile(r"=(?:[0-9a-fA-F]{2}|\r?\n)|[A-Za-z0-9+/_-]{20}|\0")
"""Escapes of MIME: quoted-printable and its folded lines, and Base64 of a text that may be escaped itself.

Zero bytes are of UTF-16 that was read as Latin-1.
"""
_QUOTED_PRINTABLE = re.compile(r"=[0-9a-fA-F]{2}")
is_number = re.compile(r"[0-9.]*").fullmatch
"""Of a UID, of which a run has one for each instance. Base64 of digits alone has a byte beyond ASCII in every three, so no
escape is in it; and what a secret itself is in Base64 is looked for in the text as it is."""
_FOLD = re.compile(r"\\+[rn]|\s")
"""Where a line of Base64 ends, also in JSON."""
_LARGEST = 0x10FFFF
_MOST_STEPS = 8
_FIRST_ALPHABET = str.maketrans("-_", "+/")


@dataclass(slots=True)
class Layer:
    """A text after some of its escapes were undone. above: what it was made from; None for the text itself."""

    text: str
    above: Layer | None = None
    _starts: list[int] = field(default_factory=list)
    """Where its parts begin, in ``text``."""
    _places: list[tuple[int, int, bool]] = field(default_factory=list)
    """Of each part, where it stood in the text above, and whether it is the same characters."""
    _lower: str | None = None

    @property
    def lower(self) -> str:
        """In small letters."""
        if self._lower is None:
            self._lower = self.text.lower()
        return self._lower

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of it stands in the text that everything began with."""
        layer: Layer = self
        while layer.above is not None:
            first, same_first, from_first = layer._part(start)
            last, same_last, from_last = layer._part(max(start, end - 1))
            start = first[0] + from_first if same_first else first[0]
            end = last[0] + from_last + 1 if same_last else last[1]
            layer = layer.above
        return start, end

    def _part(self, at: int) -> tuple[tuple[int, int], bool, int]:
        number = bisect_right(self._starts, at) - 1
        start, end, same = self._places[number]
        return (start, end), same, at - self._starts[number]


def layers(text: str) -> Iterator[Layer]:
    """The text, and what it is with one layer of escapes after the other undone."""
    first = Layer(text)
    yield first
    yield from _all_below(first, mime=True)
    if _QUOTED_PRINTABLE.search(text):
        # It may be no MIME: in ``?key=ab%22`` the equals sign stands before a value that begins with these letters.
        yield from _all_below(first, mime=False)


def _all_below(first: Layer, *, mime: bool) -> Iterator[Layer]:
    layer = _below(first, mime=mime)
    for _ in range(_MOST_LAYERS - 1):
        if layer is None:
            return
        yield layer
        layer = _below(layer, mime=mime)


def has_escapes(text: str) -> bool:
    """Whether something in it may be an escape."""
    return not is_number(text) and may_be_escaped(text)


def may_be_escaped(text: str) -> bool:
    """The same of what is no number."""
    return "%" in text or "&" in text or "\\" in text or _OTHERS.search(text) is not None


def unfolded(text: str) -> str:
    """The text with all layers of escapes undone."""
    first = Layer(text)
    *_, last = (first, *_all_below(first, mime=True))
    return last.text


def _below(above: Layer, *, mime: bool) -> Layer | None:
    """The next layer; None when there are no escapes. mime: whether ``=XX`` is one."""
    text = above.text
    if not has_escapes(text):
        return None
    pieces: list[str] = []
    starts: list[int] = []
    places: list[tuple[int, int, bool]] = []
    length = end = 0

    def put(piece: str, start: int, stop: int, *, same: bool) -> None:
        nonlocal length
        if piece:
            pieces.append(piece)
            starts.append(length)
            places.append((start, stop, same))
            length += len(piece)

    changed = False
    for match in _ESCAPE.finditer(text):
        if not mime and match[0].startswith("="):
            continue
        meant = _meant(match)
        if meant == match[0]:
            continue
        changed = True
        put(text[end : match.start()], end, match.start(), same=True)
        put(meant, match.start(), match.end(), same=False)
        end = match.end()
    if not changed:
        return None
    put(text[end:], end, len(text), same=True)
    return Layer("".join(pieces), above, starts, places)


def _meant(match: re.Match[str]) -> str:
    """What an escape stands for: nothing, if it was cut or is a backslash before what is meant."""
    whole = match[0]
    if match["percent"]:
        return _as_text(bytes.fromhex(whole.replace("%", "").replace("=", "")))
    if match["octal"]:
        return _as_text(bytes(int(one, 8) for one in whole.split("\\")[1:]))
    if match["base64"]:
        return _from_base64(whole)
    if match["html"]:
        return unescape(whole)
    if match["units"]:
        numbers = [min(int(one, 16), _LARGEST) for one in _UNIT.findall(whole)]
        text = "".join(map(chr, numbers))
        return without_halves(text)
    return ""


def _as_text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _from_base64(whole: str) -> str:
    """The text that it is in Base64, with lines as MIME folds them; without the folds where that is none."""
    letters = _FOLD.sub("", whole)
    path = ""
    for _ in range(_MOST_STEPS):  # it may be the last part of an address
        if (text := _decoded(letters)) is not None:
            return path + text
        step, slash, rest = letters.partition("/")
        if not slash:
            break
        path, letters = f"{path}{step}/", rest
    return path + letters


def _decoded(letters: str) -> str | None:
    bits = letters.translate(_FIRST_ALPHABET)
    try:
        data = b64decode(bits[: len(bits) - (len(bits) % 4 == 1)] + "==")
        text = data.decode(_character_set(data))
    except ValueError:
        return None
    return text if text.isprintable() or "\n" in text else None


def _character_set(data: bytes) -> str:
    """The one that a text begins as: with the mark of UTF-16, or with the zero byte that it has beside a Latin letter."""
    if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE):
        return "utf-16"
    if data[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if data[:1] == b"\0" else "utf-8"
