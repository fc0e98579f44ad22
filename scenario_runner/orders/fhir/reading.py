"""What every reader of a value of FHIR is given, and text, which most of them end in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final

from scenario_runner.lazy_dataclasses import dataclass

LONGEST_TEXT: Final = 64
"""Characters of LO, and of the meaning of a code."""


@dataclass(slots=True)
class Reading:
    """What readers need besides the value. resolve: a resource by its Reference.

    remarks: what was taken though it is unusual, each with its place once it is known.
    """

    resolve: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
    remarks: list[str] = field(default_factory=list)


Reader = Callable[[Any, Reading], Any]
"""Gives text, a list of items for a sequence, "" for what is said to be unknown, or None for nothing."""


def text(value: Any, reading: Reading) -> str | None:
    """Text, or a number as it is written, on one line."""
    del reading
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    line = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(line.split()) or None


def short_text(value: Any, reading: Reading) -> str | None:
    """Text as a description of at most 64 characters; a backslash would divide it."""
    found = text(value, reading)
    if found is None:
        return None
    found = found.replace("\\", "/")
    if len(found) > LONGEST_TEXT:
        reading.remarks.append(f"{len(found)} characters, of which {LONGEST_TEXT} are kept")
    return found[:LONGEST_TEXT].rstrip()
