"""Paths into a message: ``OBR[2]-18``, ``PID-3[2].4``, ``PID-5.1.1``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from scenario_runner.errors import Advised

_FORM = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{2})(?:\[(?P<which>[1-9]\d{0,3})\])?"
    r"(?:[-.](?P<field>[1-9]\d{0,2})(?:\[(?P<repetition>[1-9]\d{0,3})\])?"
    r"(?:[.](?P<component>[1-9]\d{0,2})(?:[.](?P<subcomponent>[1-9]\d{0,2}))?)?)?",
    re.ASCII,
)


class Path(NamedTuple):
    """Where a value stands; all numbers start at 1. 0: the whole of it."""

    segment: str
    field: int = 0
    component: int = 0
    subcomponent: int = 0
    which: int = 1
    """Of several segments of that name."""
    repetition: int = 1

    def __str__(self) -> str:
        return _written(self)


@lru_cache(maxsize=4096)
def _written(path: Path) -> str:
    text = path.segment + (f"[{path.which}]" if path.which > 1 else "")
    if path.field:
        text += f"-{path.field}" + (f"[{path.repetition}]" if path.repetition > 1 else "")
    if path.component:
        text += f".{path.component}"
    return text + (f".{path.subcomponent}" if path.subcomponent else "")


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """A path as a person writes it. Raises ValueError, which names the form."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise Advised(f"'{text}' is no path into a message", "write PID-5.1 or OBR[2]-18")
    numbers = {
        name: int(value or 0) for name, value in match.groupdict().items() if name != "segment"
    }
    return Path(
        match["segment"],
        numbers["field"],
        numbers["component"],
        numbers["subcomponent"],
        numbers["which"] or 1,
        numbers["repetition"] or 1,
    )
