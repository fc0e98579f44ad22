"""A secret of awkward characters, and how others write it. Nothing here looks at how it is found."""

from __future__ import annotations

import base64
import html
import json
import quopri
import unicodedata
from collections.abc import Callable
from email.header import Header
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape, quoteattr

SECRET = "pQ\"7<&%+\\^=/ ü'>;k$é#9?Z"
"""24 characters, of which most mean something to somebody."""


def _percent(text: str, *, upper: bool = True) -> str:
    return "".join(f"%{byte:02X}" if upper else f"%{byte:02x}" for byte in text.encode())


def _units(text: str, prefix: str = "\\u", *, upper: bool = False) -> str:
    data = text.encode("utf-16-be")
    pairs = [data[at : at + 2].hex() for at in range(0, len(data), 2)]
    return "".join(prefix + (pair.upper() if upper else pair) for pair in pairs)


def _every_other(text: str, write: Callable[[str], str]) -> str:
    return "".join(write(c) if at % 2 else c for at, c in enumerate(text))


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _octal(text: str) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '\\"' else f"\\{byte:03o}"
        for byte in text.encode()
    )


def _base64(before: str, text: str, after: str = "!") -> str:
    return base64.b64encode((before + text + after).encode()).decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda s: quote(s, safe=""),
    "percent, slash kept": quote,
    "percent, small letters": lambda s: quote(s, safe="").lower().replace("pq", "pQ").replace("z", "Z"),
    "percent, every character": _percent,
    "percent, every character, small": lambda s: _percent(s, upper=False),
    "percent, every other character": lambda s: _every_other(s, _percent),
    "percent, Latin-1": lambda s: quote(s, safe="", encoding="latin-1"),
    "form": quote_plus,
    "percent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent three times": lambda s: quote(quote(quote(s, safe=""), safe=""), safe=""),
    "HTML": html.escape,
    "HTML, decimal": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "HTML, padded decimal": lambda s: "".join(f"&#{ord(c):05};" for c in s),
    "HTML, hexadecimal": lambda s: "".join(f"&#x{ord(c):X};" for c in s),
    "HTML, named": lambda s: html.escape(s).replace("ü", "&uuml;").replace("é", "&eacute;"),
    "HTML twice": lambda s: html.escape(html.escape(s)),
    "HTML of percent": lambda s: html.escape(quote(s)),
    "percent of HTML": lambda s: quote(html.escape(s)),
    "XML": escape,
    "XML attribute": lambda s: quoteattr(s, {"\n": "&#10;"})[1:-1],
    "ASCII with character references": lambda s: s.encode("ascii", "xmlcharrefreplace").decode(),
    "JSON": _json,
    "JSON, not escaped": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON, slash escaped": lambda s: _json(s).replace("/", "\\/"),
    "JSON, every character": _units,
    "JSON, every character, capitals": lambda s: _units(s, upper=True),
    "JSON, every other character": lambda s: _every_other(s.replace("\\", ""), _units),
    "JSON in JSON": lambda s: _json(_json(s)),
    "JSON of HTML": lambda s: _json(html.escape(s)),
    "HTML of JSON": lambda s: html.escape(_json(s)),
    "percent of JSON": lambda s: quote(_json(s), safe=""),
    "JavaScript's escape": lambda s: _units(s, "%u"),
    "Python": lambda s: repr(s)[1:-1],
    "Python, bytes": lambda s: repr(s.encode())[2:-1],
    "Python, ASCII": lambda s: ascii(s)[1:-1],
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal, capitals": lambda s: s.encode().hex().upper(),
    "hexadecimal, blanks between": lambda s: s.encode().hex(" "),
    "hexadecimal, Latin-1": lambda s: s.encode("latin-1").hex(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64, second alphabet": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 after one byte": lambda s: _base64("a", s),
    "base64 after two bytes": lambda s: _base64("ab", s),
    "basic authentication": lambda s: _base64("fab:", s, ""),
    "base64, Latin-1": lambda s: base64.b64encode(s.encode("latin-1")).decode(),
    "base64 in percent": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
    "base64 in JSON": lambda s: base64.b64encode(s.encode()).decode().replace("/", "\\/"),
    "base64, lines folded": lambda s: base64.encodebytes(f"{'x' * 50}{s}".encode()).decode(),
    "base64 twice": lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
    "base64 of JSON": lambda s: base64.b64encode(json.dumps({"p": s}).encode()).decode(),
    "base64 of UTF-16": lambda s: base64.b64encode(s.encode("utf-16-le")).decode(),
    "base64 of UTF-16, big endian": lambda s: base64.b64encode(s.encode("utf-16-be")).decode(),
    "base64 of UTF-16 with its mark": lambda s: base64.b64encode(s.encode("utf-16")).decode(),
    "UTF-16 read as Latin-1": lambda s: s.encode("utf-16-le").decode("latin-1"),
    "quoted-printable": lambda s: quopri.encodestring(s.encode()).decode(),
    "quoted-printable, every byte": lambda s: _percent(s).replace("%", "="),
    "header, base64": lambda s: Header(s, "utf-8").encode().removeprefix("=?utf-8?b?").removesuffix("?="),
    "header, quoted": lambda s: _percent(s).replace("%20", "_").replace("%", "="),
    "octal": lambda s: "".join(f"\\{byte:03o}" for byte in s.encode()),
    "octal where needed": _octal,
    "JavaScript's code points": lambda s: "".join(f"\\u{{{ord(c):x}}}" for c in s),
    "eight digits": lambda s: "".join(f"\\U{ord(c):08x}" for c in s),
    "HL7, every byte": lambda s: "".join(f"\\X{byte:02X}\\" for byte in s.encode()),
    "capitals": str.upper,
    "small letters": str.lower,
    "other case": str.swapcase,
    "percent of other case": lambda s: quote(s.swapcase(), safe=""),
    "UTF-8 read as Latin-1": lambda s: s.encode().decode("latin-1"),
    "UTF-8 read as Windows": lambda s: s.encode().decode("cp1252"),
    "Latin-1 read as UTF-8": lambda s: s.encode("latin-1").decode("utf-8", "replace"),
    "Latin-1 read as Cyrillic": lambda s: s.encode("latin-1").decode("iso8859-5"),
    "ASCII": lambda s: s.encode("ascii", "replace").decode(),
    "letters apart from marks": lambda s: unicodedata.normalize("NFD", s),
    "padded": lambda s: f"   {s}  \0",
    "blanks doubled": lambda s: s.replace(" ", "  "),
    "delimiters padded": lambda s: s.replace("^", " ^ ").replace("=", "= "),
    "CSV": lambda s: s.replace('"', '""'),
    "quotes and backslashes replaced": lambda s: s.replace("\\", "/").replace('"', "'"),
    "cut": lambda s: s[:17] + "…",
    "percent, cut": lambda s: quote(s)[:40] + "…",
}  # fmt: skip


def traces(text: str, written: str) -> list[str]:
    """How a text that was said back would look in files of ours: as it is, and escaped by a writer."""
    core = written.strip(" \0…")
    return [
        one for one in (core, _json(core), json.dumps(core, ensure_ascii=False)[1:-1],
                        html.escape(core), escape(core), core.replace('"', '""'))
        if one in text
    ]  # fmt: skip
