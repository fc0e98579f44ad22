"""The ways a secret is written by others: patterns that find it in a text whose escapes are undone."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from urllib.parse import quote, quote_plus

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction.unfolding import Layer, unfolded

_SHORT = 3
_PADDING = " \t\r\n\v\f\0"
_SOFT = frozenset(_PADDING + "+\\/^=\"'")
"""What is written in more than one way, or left out, without being escaped."""
_ENDS = "^=\\"
"""Delimiters of person names and values; those at the end of a value are left out (PS3.5 6.2.1.1)."""
_SOLID = 4
"""Letters and digits that are enough to know a secret whose other characters were replaced."""
_MOST_FOREIGN = 3
"""Runs of characters beyond ASCII that may have been replaced; with more, the ways to match would multiply."""
_MOST_ESCAPES = 3
_LEAST_CUT = 8
"""Fewer could be a word: 'orthanc' is no secret where 'orthanc-8gTz' is one."""
_LEAST_MARKED = 4
"""The same where a text says that it was cut: then even a word is no loss."""
_CUT_MARKS = ("…", "...")
_CUT_MARK = r"(?=…|\.\.\.)"
_MOST_CUT = 64
_AFTER_CUT = r"(?=['\"»)\]<?,;]|…|\.\.\.|\W?\s{0,8}\Z)"
_ESCAPED_SET = r"(?:[\x1b\ufffd][ -/]{1,3}[0-~])?"
"""An escape sequence of ISO 2022, as it is or with its first character made printable."""
_HL7 = str.maketrans(
    {"|": r"\F" "\\", "^": r"\S" "\\", "&": r"\T" "\\", "~": r"\R" "\\", "\\": r"\E" "\\"}
)
_BETWEEN_BYTES = r"[\s:,\-]{0,3}+"
_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(slots=True)
class Form:
    """A pattern, and a text without which it cannot match: looking for that costs next to nothing.

    The pattern is made when it is first needed, which for most forms is never.
    """

    source: str
    probe: str
    least: int
    """Characters of the shortest text that it matches."""
    any_case: bool = False
    stem: str = ""
    """Of a pattern for what was cut short, that of the part which is always there."""
    after: str = _AFTER_CUT
    """Of such a pattern, that of what comes behind a cut."""
    _pattern: re.Pattern[str] | None = None

    def widen(self) -> None:
        """From now on match all that begins with the stem and is cut short, whatever it was."""
        wider = rf"{self.stem}\w*{self.after}"
        if self.source != wider:
            self.source, self._pattern = wider, None

    def spans(self, layer: Layer) -> list[tuple[int, int]]:
        """Where it stands in a text."""
        if len(layer.text) < self.least:
            return []
        if self.probe not in (layer.lower if self.any_case else layer.text):
            return []
        if self._pattern is None:
            flags = re.DOTALL | (re.IGNORECASE if self.any_case else 0)
            self._pattern = re.compile(self.source, flags)
        return [match.span() for match in self._pattern.finditer(layer.text) if match[0]]


def forms_of(secret: str) -> Iterator[Form]:
    """Every form of a secret."""
    exact = re.escape(secret)
    if len(secret) <= _SHORT:
        for written in _escaped(secret):
            yield Form(rf"(?<!\w){re.escape(written)}(?!\w)", written, len(written))
        return
    yield Form(exact, secret, len(secret))
    yield from _in_hl7(secret)
    for text in dict.fromkeys((secret, unfolded(secret))):
        core = text.strip(_PADDING)
        if len(core) <= _SHORT:
            continue
        yield from _as_text(core)
        for whole in dict.fromkeys((text, core)):
            for data in _as_bytes(whole):
                yield _in_hexadecimal(data)
                yield from _in_base64(data)
                yield from _encoded_and_cut(data)


def _escaped(secret: str) -> dict[str, None]:
    r"""A short secret as it is, and as up to three escapes write it.

    Of so few characters none may be left to a pattern: with its escapes undone ``a\b`` is ``ab``, which is a word.
    """
    known = {secret: None}
    for _ in range(_MOST_ESCAPES):
        for one in list(known):
            in_json = json.dumps(one, ensure_ascii=False)[1:-1]
            known |= dict.fromkeys((in_json, escape(one), quote(one, safe=""), quote_plus(one)))
    return known


def _in_hl7(secret: str) -> Iterator[Form]:
    """As HL7 v2 escapes its delimiters (2.5.1 2.7), also in other escapes and other character sets."""
    written = secret.translate(_HL7)
    if written == secret:
        return
    yield Form(re.escape(written), written, len(written))
    for text in dict.fromkeys((written, unfolded(written))):
        yield from _as_text(text.strip(_PADDING))


def _as_text(core: str) -> Iterator[Form]:
    bare = core.rstrip(_ENDS)
    if len(bare) <= _SHORT:
        return
    parts = list(_parts(bare))
    ends = rf"[{re.escape(_ENDS)}]{{0,{len(core) - len(bare)}}}"
    yield _form("".join(parts) + ends, bare)
    least = max(_LEAST_CUT, (len(parts) + 1) // 2)
    if least < len(parts):
        yield _cut_short(parts, bare, least, _AFTER_CUT)
    if len(parts) > _LEAST_MARKED:
        yield _cut_short(parts, bare, _LEAST_MARKED, _CUT_MARK)


def _cut_short(parts: Sequence[str], bare: str, least: int, after: str) -> Form:
    """The first ``least`` parts, and as many more as there are before what comes behind a cut."""
    form = _form(_beginning(parts, least) + after, bare[:least])
    form.stem, form.after = "".join(parts[:least]), after
    return form


def _form(pattern: str, text: str) -> Form:
    words = _WORD.findall(text)
    probe = max(words, key=len).lower() if words else ""
    return Form(pattern, probe, sum(map(len, words)), any_case=True)


def _parts(text: str) -> Iterator[str]:
    """Patterns for what the characters of a secret may have become, those in a row of a kind together.

    What repeats in them is possessive and shares no character with its neighbours: there is one way to
    match, and time grows with the length of the text alone.
    """
    runs = [(kind, "".join(group)) for kind, group in groupby(text, _kind)]
    few = sum(kind == "foreign" for kind, _ in runs) <= _MOST_FOREIGN
    solid = few and sum(c.isascii() and c.isalnum() for c in text) >= _SOLID
    for kind, run in runs:
        if kind == "plain":
            yield from map(re.escape, run)
        elif kind == "soft":
            yield _soft(run)
        else:
            yield _foreign(run, solid=solid)


def _kind(c: str) -> str:
    if not c.isascii():
        return "foreign"
    if c in _SOFT or not c.isprintable():
        return "soft"
    return "plain"


def _soft(run: str) -> str:
    """Blanks are folded or a form's plus, quotes doubled or others, delimiters padded.

    Of a backslash, a slash is left or nothing; or, as of an equals sign, what stands between two texts of JSON.
    """
    own = set(run) | set("+\\")
    if own & set("\"'"):
        own |= set("\"'")
    if "\\" in run:
        own |= set("/\"',")
    if "^" in run:
        own.add(",")
    shown = "" if run.isprintable() else r"\x1b\ufffd"
    if " " in run:
        own.add("_")  # of a header (RFC 2047 4.2)
    least = int(any(c in "+^=/\"'" for c in run))
    letters = "".join(map(re.escape, sorted(own)))
    found = [rf"[\s\0{shown}{letters}]{{{least},{2 * len(run) + 8}}}+"]
    if "=" in run:
        found.insert(0, rf"[{letters},\s]{{1,9}}(?:Ideographic|Phonetic)[{letters}:\s]{{1,9}}+")
    if lines := sum(c in "\r\n\t" for c in run):
        # Of an escaped line end, the letter is left when its backslash is taken away.
        found.insert(0, f"[nrt]{{1,{2 * lines}}}")
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _foreign(run: str, *, solid: bool) -> str:
    """Characters beyond ASCII, as they are or as another character set shows or replaces them.

    solid: whether enough is left of the secret without them.
    """
    alike = {run, run.upper(), run.lower(), run.casefold()}
    alike |= {unicodedata.normalize(form, run) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    found = [re.escape(one) for one in sorted(alike, key=len, reverse=True) if one]
    if solid:
        bare = {c for c in unicodedata.normalize("NFKD", run) if c.isascii() and c.isalpha()}
        left = "".join(sorted(bare))
        found.append(rf"{_ESCAPED_SET}[\x80-\U0010ffff?{left}]{{1,{4 * len(run)}}}{_ESCAPED_SET}")
    return f"(?:{'|'.join(found)})"


def _as_bytes(text: str) -> list[bytes]:
    """The text in the character sets that HTTP and DICOM use most."""
    found = [text.encode("utf-8", "replace")]
    try:
        found.append(text.encode("latin-1"))
    except UnicodeEncodeError:
        return found
    return list(dict.fromkeys(found))


def _in_hexadecimal(data: bytes) -> Form:
    pattern = _BETWEEN_BYTES.join(f"(?:0x)?{byte:02x}" for byte in data)
    return Form(pattern, f"{data[0]:02x}", 2 * len(data), any_case=True)


def _encoded_and_cut(data: bytes) -> Iterator[Form]:
    """The beginning of both where a text says that it was cut, as ours do that are cut before they come here.

    One pattern for each mark: looking for marks alone costs least.
    """
    digits = [f"(?:0x)?(?i:{byte:02x})" for byte in data]
    found = [
        _beginning([digits[0], *(f"{_BETWEEN_BYTES}{one}" for one in digits[1:])], _LEAST_MARKED)
    ]
    found[0] += rf"{_BETWEEN_BYTES}[0-9A-Fa-f]?"
    found += [_beginning(_letters(one), 2 * _LEAST_MARKED) for one in _base64_texts(data)]
    for mark in _CUT_MARKS:
        yield Form(f"(?:{'|'.join(found)})(?={re.escape(mark)})", mark, _LEAST_MARKED)


def _beginning(parts: Sequence[str], least: int) -> str:
    """A pattern of the first ``least`` parts, and as many more as there are."""
    more = ""
    for part in reversed(parts[least : least + _MOST_CUT]):
        more = f"(?:{part}{more})?"
    return "".join(parts[:least]) + more


def _in_base64(data: bytes) -> Iterator[Form]:
    """How bytes look in Base64, at the beginning and after others, as in ``user:password``."""
    for text in _base64_texts(data):
        words: Sequence[str] = _WORD.findall(text)
        probe = max(words, key=len) if words else ""
        yield Form("".join(_letters(text)), probe, len(text))


def _letters(text: str) -> list[str]:
    """Patterns of the characters of a text in Base64, in both of its alphabets (RFC 4648 5)."""
    return [{"+": r"[+\- ]", "/": "[/_]"}.get(c, c) for c in text]


def _base64_texts(data: bytes) -> Iterator[str]:
    """Further in, the first and last characters hold bits of neighbours and are left out."""
    texts = [base64.b64encode(data).decode().rstrip("=")]
    for before in range(3):
        after = -(before + len(data)) % 3
        whole = base64.b64encode(b"\0" * before + data + b"\0" * after).decode()
        texts.append(whole[(0, 2, 3)[before] : len(whole) - (0, 2, 3)[after]])
    yield from (text for text in dict.fromkeys(texts) if len(text) > _SHORT)
