"""Comments that say of a warning that what it is about is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.errors import Diagnostic

_COMMENT = re.compile(r"(?:^|[ \t])#[ \t]*fabricate:[ \t]*ignore(-file)?\b([^\r\n#]*)")
_CODE = re.compile(r"FAB9\d\d")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
LINTS = "FAB9"
"""What the codes of warnings begin with; errors cannot be ignored."""


def ignored(text: str) -> Callable[[Diagnostic], bool]:
    """Whether a warning is switched off in a text. A comment without codes goes for all of them."""
    if "fabricate:" not in text:
        return lambda _: False
    lines = _LINE_BREAK.split(text)
    of_file: set[str] = set()
    of_line: dict[int, set[str]] = {}
    for number, line in enumerate(lines, 1):
        if (match := _COMMENT.search(line)) is None:
            continue
        codes = set(_CODE.findall(match[2])) or {LINTS}
        if match[1]:
            of_file |= codes
        else:
            of_line.setdefault(_meant(lines, number), set()).update(codes)

    def is_ignored(one: Diagnostic) -> bool:
        codes = of_file | of_line.get(one.where.line, set())
        return one.code.startswith(LINTS) and not codes.isdisjoint({one.code, LINTS})

    return is_ignored


def _meant(lines: list[str], number: int) -> int:
    """The line that a comment is about: its own, or the next with something on it."""
    while lines[number - 1].lstrip().startswith("#") or not lines[number - 1].strip():
        if number == len(lines):
            break
        number += 1
    return number
