"""Where a value comes from: the path to it, and what knows the place that a path leads to.

Below the language and beside the facts of DICOM: a value of a YAML file, of a message of HL7 and of a row in a
table is told of in the same way, and whoever reads one of them needs none of the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scenario_runner.errors import Where

Path = tuple[str | int, ...]
"""Keys and list positions from the top of what was read: ``("patients", 0, "studies")``."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]", re.ASCII)


class Origins(Protocol):
    """Says of every value of a tree where it comes from."""

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The place of a value, or of its key."""
        ...


def path_text(path: Path) -> str:
    """``patients[0].studies[0].accession``; a key that is no plain word stands in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _WORD.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part!r}]"
    return text


def path_of(text: str) -> Path:
    """The path that ``path_text`` wrote; as far as it can be read."""
    found = _PART.finditer(text)
    return tuple(int(m[2]) if m[2] is not None else m[1] or m[3] or "" for m in found)
