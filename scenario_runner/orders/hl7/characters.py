"""Character sets of messages: what MSH-18 declares, and text by it (HL7 table 0211, 2.14.9.18).

Bytes become text before anything is divided: in ISO IR87 and GB 18030 the second byte of a character
may be that of a delimiter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Final

CODECS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "ascii",
        "ASCII": "ascii",
        "8859/1": "iso8859-1",
        "8859/2": "iso8859-2",
        "8859/3": "iso8859-3",
        "8859/4": "iso8859-4",
        "8859/5": "iso8859-5",
        "8859/6": "iso8859-6",
        "8859/7": "iso8859-7",
        "8859/8": "iso8859-8",
        "8859/9": "iso8859-9",
        "8859/15": "iso8859-15",
        "ISO IR6": "ascii",
        "ISO IR14": "iso2022_jp_ext",
        "ISO IR87": "iso2022_jp_ext",
        "ISO IR159": "iso2022_jp_ext",
        "GB 18030-2000": "gb18030",
        "KS X 1001": "euc_kr",
        "BIG-5": "big5",
        "UNICODE UTF-8": "utf-8",
        "UNICODE UTF-16": "utf-16",
        "UNICODE UTF-32": "utf-32",
    }
)
"""Terms of table 0211 to the codec; of the ISO 2022 sets one codec knows all escape sequences."""
AT_ONCE: Final = frozenset(
    codec for codec in CODECS.values() if codec in ("ascii", "utf-8") or codec.startswith("iso8859")
)
"""Codecs in which a carriage return is one and nothing else, so that a whole message can be decoded."""
_ISO_2022: Final = frozenset(term for term, codec in CODECS.items() if codec == "iso2022_jp_ext")
JAPANESE: Final = "iso2022_jp_ext"
"""The codec of the sets of ISO 2022: it knows all their escape sequences."""
_SWITCH: Final = rb"(?:C(28(?:42|49|4[Aa]))|M(2440|2442|242844))"
"""Designations of ISO 2022 that Japanese text has: of one byte, and of several."""
_ONLY_SET: Final = re.compile(rb"\x1b(?:\$\)[AC]|\(B)")
"""Designations of the one set that Korean and Chinese text is in anyway, as DICOM has them (PS3.3 table C.12-4)."""
_ITS_OWN: Final = ("euc_kr", "gb18030")
_WINDOWS: Final[Mapping[str, str]] = MappingProxyType(
    {"iso8859-1": "cp1252", "iso8859-9": "cp1254"}
)
"""Code pages with letters and quotation marks where an ISO set has control characters only."""
_CONTROLS: Final = re.compile(rb"[\x80-\x9f]")
_KATAKANA: Final = re.compile(rb"([\xa1-\xdf]+)")
_FOLDED: Final = {term.replace(" ", "").replace("-", ""): term for term in CODECS}
_LATIN: Final = re.compile(r"(?:ISO)?8859/?(\d{1,2})", re.ASCII)
_ALIASES: Final = {
    "UTF8": "UNICODEUTF8", "UNICODE": "UNICODEUTF8", "ISOIR192": "UNICODEUTF8", "GB18030": "GB180302000",
    "USASCII": "ASCII", "WINDOWS1252": "8859/1", "CP1252": "8859/1", "WINDOWS1254": "8859/9",
    "ISOIR100": "8859/1", "ISOIR101": "8859/2", "ISOIR109": "8859/3", "ISOIR110": "8859/4", "ISOIR144": "8859/5",
    "ISOIR127": "8859/6", "ISOIR126": "8859/7", "ISOIR138": "8859/8", "ISOIR148": "8859/9", "ISOIR203": "8859/15",
}  # fmt: skip
"""What feeds write instead of terms, DICOM's own among it (PS3.3 table C.12-2), folded as these are. Pages of Windows are
told from their ISO sets by the bytes."""
_LONGEST_TERM: Final = 40
_UTF8_MARK: Final = b"\xef\xbb\xbf"


def term_of(written: str) -> str | None:
    """A term of table 0211, however its words are joined and in whatever case; None for none."""
    return _term_of(written) if len(written) < _LONGEST_TERM else None


@lru_cache(maxsize=128)
def _term_of(written: str) -> str | None:
    folded = written.upper().replace(" ", "").replace("-", "").replace("_", "")
    if latin := _LATIN.fullmatch(folded):
        folded = f"8859/{latin[1]}"
    return _FOLDED.get(_ALIASES.get(folded, folded))


def codec_of(terms: Sequence[str]) -> str | None:
    """The codec for what MSH-18 declares; None where a term is unknown.

    terms: the repetitions of MSH-18, the first is in force at the beginning. One of ISO 2022 among them
    makes the rest reachable by its escape sequences. Of ASCII and one other set it is the other, which has ASCII in it,
    whether or not a sequence switches to it.
    """
    if len(terms) == 1 and (codec := CODECS.get(terms[0])) is not None:
        return codec
    known = [term_of(term) for term in terms] or [""]
    if None in known:
        return None
    if any(term in _ISO_2022 for term in known):
        return JAPANESE
    codecs = [CODECS[term or ""] for term in known]
    others = {codec for codec in codecs if codec != "ascii"}
    return others.pop() if codecs[0] == "ascii" and len(others) == 1 else codecs[0]


def starting_codec(terms: Sequence[str]) -> str:
    """The codec of the first term, which is in force until an escape sequence says another."""
    if not terms:
        return "ascii"
    return CODECS.get(terms[0]) or CODECS.get(term_of(terms[0]) or "", "ascii")


def decoded(line: bytes, codec: str, escape: str, starting: str | None = None) -> str:
    r"""The text of a segment. escape: its escape character. starting: codec of the first declared term.

    Switches that are written as ``\\M2442\\`` or ``\\C2842\\`` (2.7.2) count as the bytes they name.
    Katakana of JIS X 0201 may stand in eight bits (ISO IR13). Raises UnicodeDecodeError.
    """
    if escape and (codec == JAPANESE or (codec == "ascii" and b"M24" in line)):
        mark = re.escape(escape.encode("iso8859-1"))
        switched = re.sub(mark + _SWITCH + mark, _switch, line)
        if switched != line:
            line, codec = switched, JAPANESE
    if codec in _ITS_OWN and b"\x1b" in line:
        line = _ONLY_SET.sub(b"", line)
    if codec != JAPANESE:
        return line.decode(codec)
    if b"\x1b" not in line and starting and starting != JAPANESE:
        return line.decode(starting)
    parts = _KATAKANA.split(line)
    return "".join(
        part.decode("shift_jis" if number % 2 else codec) for number, part in enumerate(parts)
    )


def _switch(match: re.Match[bytes]) -> bytes:
    return b"\x1b" + bytes.fromhex((match[1] or match[2]).decode("ascii"))


def is_wide(data: bytes) -> str | None:
    """The codec of a message in 16 or 32 bits a character, which its first bytes tell."""
    if data.startswith(b"MSH"):
        return None
    for mark, codec in (
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"M\0S\0H\0", "utf-16-le"),
        (b"\0M\0S\0H", "utf-16-be"),
    ):
        if data.startswith(mark):
            return codec
    return None


def without_mark(data: bytes) -> bytes:
    """The bytes without a byte order mark of UTF-8, which editors put before a saved message."""
    return data.removeprefix(_UTF8_MARK)


def header_fields(header: bytes, separator: str) -> list[str]:
    """The fields of an MSH, though letters of its names may hold the separator's byte."""
    plain = header.decode("iso8859-1").split(separator)
    if header.isascii() and b"\x1b" not in header:
        return plain
    for codec in ("gb18030", "big5", JAPANESE):
        try:
            fields = header.decode(codec).split(separator)
        except UnicodeDecodeError:
            continue
        if len(fields) > 17 and codec_of([fields[17].split("~")[0]]) == codec:
            return fields
    return plain


def undeclared(data: bytes) -> tuple[str, str]:
    """Text of bytes whose set nobody declared, and the codec that fits: UTF-8 where it can, else Latin-1 or Windows-1252."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        codec = of_windows(data, "iso8859-1") or "iso8859-1"
        return data.decode(codec), codec


def of_windows(data: bytes, codec: str) -> str | None:
    """The code page of Windows that bytes are in which an ISO set was said of; None where nothing speaks for one."""
    page = _WINDOWS.get(codec)
    if page is None or not _CONTROLS.search(data):
        return None
    try:
        data.decode(page)
    except UnicodeDecodeError:
        return None
    return page
