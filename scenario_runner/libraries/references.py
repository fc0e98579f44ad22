"""``LIBRARY/NAME@RANGE``, as ``use`` and the command line write it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.language.written_entries import written_entries
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.ranges import Range, RangeError, parse_range

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path as Place

_REFERENCE = re.compile(
    r"(?:(?P<library>[A-Za-z0-9][A-Za-z0-9_.-]*)/)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)(?:@(?P<range>.*))?"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name asks for. library: None for the one that the name is written in."""

    library: str | None
    name: str
    range: Range


def parse_reference(text: str) -> Reference:
    """Raises ReferenceProblem (FAB604)."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise ReferenceProblem(
            "FAB604",
            f"{quoted(text)} names nothing in a library",
            "write LIBRARY/NAME@RANGE, for example radiology/store_and_find@^1.2",
        )
    try:
        wanted = parse_range(match["range"] or "")
    except RangeError as error:
        raise ReferenceProblem("FAB604", str(error), "a range stands behind the @") from None
    if match["range"] is not None and not match["range"].strip():
        raise ReferenceProblem(
            "FAB604", f"{quoted(text)} has an @ without a range", "write ^1.2 behind it, or no @"
        )
    if match["library"] is None and match["range"] is not None:
        raise ReferenceProblem(
            "FAB604",
            f"{quoted(text)} has a range and no library",
            "a list of the own library has the version of that",
        )
    return Reference(match["library"], match["name"], wanted)


def wanted_by(document: Document) -> list[tuple[Reference, Place]]:
    """What the uses of a scenario ask other libraries for, and where; what is malformed is told later."""
    wanted: list[tuple[Reference, Place]] = []
    data = document.data if isinstance(document.data, dict) else {}
    if isinstance(data.get("scenario"), str):
        with suppress(ReferenceProblem):
            based_on = parse_reference(data["scenario"])
            if based_on.library is not None:
                wanted.append((based_on, ("scenario",)))
    for path, entry in written_entries(data):
        asked = entry.get("use")
        text = asked.get("steps") if isinstance(asked, dict) else None
        if not isinstance(text, str):
            continue
        try:
            reference = parse_reference(text)
        except ReferenceProblem:
            continue
        if reference.library is not None:
            wanted.append((reference, (*path, "use", "steps")))
    return wanted
