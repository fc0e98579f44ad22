"""Names that a scenario has from the step lists that it uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.errors import Where
    from scenario_runner.language.editing.offering import Surrounding


def saved_in_lists(entry: Mapping[str, Any], around: Surrounding) -> dict[str, Where]:
    """What the list that an entry uses saves, and those that it uses, by ``save_as``; where each is said.

    Nothing of an entry without ``use``, and of a list that is not there.
    """
    found: dict[str, Where] = {}
    seen: set[str] = set()
    waiting: list[tuple[Mapping[str, Any], str]] = [(entry, "")]
    while waiting:
        one, library = waiting.pop()
        use = one.get("use")
        reference = use.get("steps") if isinstance(use, Mapping) else None
        if not isinstance(reference, str):
            continue
        if library and "/" not in reference:
            reference = f"{library}/{reference}"  # by its name alone, within a library
        there = None if reference in seen else around.document(reference, scenario=False)
        seen.add(reference)
        if there is None:
            continue
        for place, inner in written_entries(there.data):
            if isinstance(inner.get("save_as"), str):
                found.setdefault(inner["save_as"], there.where((*place, "save_as")))
            waiting.append((inner, reference.partition("/")[0] if "/" in reference else ""))
    return found
