"""Secrets that stand in a file: by which names they are known, and lines of it without them.

A line is looked at as text, with the lines that it is written below: what has to be shown may be no YAML at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from scenario_runner.redaction.addresses import starred

CREDENTIALS: Final = frozenset(("password", "bearer", "token", "users", "headers", "client_secret"))
"""Keys of a site file whose values are secret."""
HOLDERS: Final = frozenset(("auth", "basic"))
"""Keys of mappings that have secrets under keys of their own; what stands there without a key is meant as one."""
_SECRET: Final = re.compile(
    r"(?i)(?:^|_|-)(?:passw\w*|passphrase|pwd|secret|token|api[_-]?key|bearer|authorization|cookie)$"
)
_ENTRY: Final = re.compile(r"""["']?(?<![\w-])([\w-]+)["']?[ \t]*:(?=[ \t]|$)[ \t]*""")
_GLUED: Final = re.compile(r"""(?<![\w/-])([\w-]+):([^\s/,\[\]{}"'*]+)""")
"""An entry without the blank behind its colon, which is no entry."""
_QUOTED: Final = r""""(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?"""
_SCALAR: Final = re.compile(rf"(?:{_QUOTED}|(?:[^\s,\[\]{{}}#]|[ \t]+(?![ \t#])|(?<=\S)#)*)")
_TOKEN: Final = re.compile(
    rf"""(?P<key>(?:"[^"]*"|'[^']*'|[^\s"'\[\]{{}},:]+)[ \t]*:(?=[ \t]))"""
    rf"|(?P<value>{_QUOTED}|[^\s\"'\[\]{{}},][^,\[\]{{}}]*)|(?P<bracket>[\[\]{{}}])"
)
_FARTHEST: Final = 200
"""Lines above one that are looked at for what it is written below."""


@lru_cache(maxsize=1_024)
def is_credential(key: str) -> bool:
    """Whether what stands under a key is secret, by its name; also one that is misspelt, or of a plugin."""
    return key in CREDENTIALS or bool(_SECRET.search(key))


def glued_secret(key: str) -> str:
    """The secret in a key such as ``password:secret``, whose blank is missing; empty where there is none."""
    name, _, rest = key.partition(":")
    return rest if is_credential(name) else ""


def without_secrets(lines: Sequence[str], number: int) -> str:
    """A line, of which each secret is as many stars, so that all columns stay. number: from 0."""
    return _starred(lines[number], _is_below_one(lines, number))


@lru_cache(maxsize=16)
def _starred(line: str, below: bool) -> str:
    line = starred(line)
    if below:
        entry = _ENTRY.search(line)
        start = entry.end() if entry else _depth(line)
        return line[:start] + _stars(line[start:])
    out, end = [], 0
    for entry in _ENTRY.finditer(line):
        start = entry.end()
        within = line[start : start + 1] in ("[", "{")
        if start < end or not (is_credential(entry[1]) or _is_bare(entry[1], line[start:])):
            continue
        stop = _end_of(line, start) if within else _scalar_end(line, start)
        out += [line[end:start], _stars(line[start:stop])]
        end = stop
    shown = "".join([*out, line[end:]])
    return _GLUED.sub(
        lambda one: f"{one[1]}:{'*' * len(one[2])}" if is_credential(one[1]) else one[0], shown
    )


def _is_bare(key: str, value: str) -> bool:
    return key in HOLDERS and value[:1] != "{"


def _scalar_end(line: str, start: int) -> int:
    found = _SCALAR.match(line, start)
    return found.end() if found else start


def _end_of(line: str, start: int) -> int:
    """Where a collection of flow style ends that begins here, in this line."""
    depth = 0
    for token in _TOKEN.finditer(line, start):
        if bracket := token["bracket"]:
            depth += 1 if bracket in "[{" else -1
            if depth == 0:
                return token.end()
    return len(line)


def _stars(value: str) -> str:
    """A value without its letters; a template names what is secret and is none."""
    if value[:1] in ("|", ">") or value[:2] == "{{":
        return value
    if value[:1] in ("[", "{"):
        return _TOKEN.sub(lambda one: _hidden(one[0]) if one["value"] else one[0], value)
    return _hidden(value)


def _hidden(scalar: str) -> str:
    if "{{" in scalar:
        return scalar
    quote = scalar[:1] if scalar[:1] in ("'", '"') else ""
    within = scalar.removeprefix(quote)
    closing = quote if quote and within.endswith(quote) else ""
    return quote + "*" * (len(within) - len(closing)) + closing


def _is_below_one(lines: Sequence[str], number: int) -> bool:
    """Whether a line of block style is within the value of such a key."""
    depth, item = _depth(lines[number]), _is_item(lines[number])
    keys = CREDENTIALS if _ENTRY.search(lines[number]) else CREDENTIALS | HOLDERS
    for above in range(number - 1, max(number - _FARTHEST, -1), -1):
        if not depth and not item:
            break
        line = lines[above]
        within = _depth(line)
        if not line.strip() or line.lstrip().startswith("#") or within > depth:
            continue
        if within == depth and (not item or _is_item(line)):
            continue  # the items of a list may stand as far left as its key
        depth, item = within, _is_item(line)
        entry = _ENTRY.search(line)
        if entry is not None and (entry[1] in keys or is_credential(entry[1])):
            return True
    return False


def _is_item(line: str) -> bool:
    return line.strip() == "-" or line.lstrip().startswith("- ")


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
