"""Warnings about keys of a query that belong to a level below its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.levels import below
from scenario_runner.errors import Diagnostic
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path


def keys_below(document: Document) -> Iterator[Diagnostic]:
    """Keys that a PACS need not match at the level of the query (PS3.4 C.4.1.1.3.1); ``{raw: …}`` means it."""
    for path, entry in written_entries(document.data):
        for place, query in _queries(entry, path):
            match, level = query.get("match"), query.get("level", "study")
            for key, value in match.items() if isinstance(match, Mapping) else ():
                lower = below(key, level) if isinstance(level, str) else None
                if lower is None or (isinstance(value, Mapping) and "raw" in value):
                    continue
                yield Diagnostic(
                    "FAB911",
                    document.where((*place, "match", key), key=True),
                    f"{key} belongs to the level {lower}, and a PACS need not match it at level {level}",
                    "ModalitiesInStudy is matched at level study"
                    if (key, level) == ("Modality", "study")
                    else f"ask with 'level: {lower}'",
                    "warning",
                )


def _queries(entry: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """What an entry asks for: as a ``query``, or in what a ``wait`` waits for."""
    until = wait.get("until") if isinstance(wait := entry.get("wait"), Mapping) else None
    for above, query in (
        (path, entry.get("query")),
        ((*path, "wait", "until"), until.get("query") if isinstance(until, Mapping) else None),
    ):
        if isinstance(query, Mapping):
            yield (*above, "query"), query
