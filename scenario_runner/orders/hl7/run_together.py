"""Segments that have lost their line ends on the way: out of a mail, a log or a form, a message is often one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SEGMENTS: Final = "PID|PD1|PV1|PV2|EVN|ORC|OBR|OBX|NTE|TQ1|IPC|ZDS|NK1|AL1|DG1|GT1|IN1|MRG"
_ENDS: Final = r"(?:\s|\\r|\\n|\\[xX]0[dD]\\?|<[cC][rR]>|<0x0[dD]>)"
"""What is found instead of a carriage return: white space, or how programs write one down."""


def run_together(lines: Iterable[str], field: str, first_line: int) -> str | None:
    """What to do where a segment stands within the line of another; None where none does. field: what ends a field."""
    inside = re.compile(rf"{_ENDS}({_SEGMENTS}){re.escape(field)}")
    for number, line in enumerate(lines, start=first_line):
        found = inside.search(line)
        if found is not None:
            return f"line {number} goes on with {found[1]}: each segment begins a line of its own"
    return None
