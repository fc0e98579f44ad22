"""Warnings about attributes of a patient or study that stand under a part of it, and that the other parts have otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scenario_runner.dicom.levels import ATTRIBUTES
from scenario_runner.errors import Diagnostic

if TYPE_CHECKING:
    from scenario_runner.dicom.levels import Level
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path

_OF: Final[Mapping[str, Level]] = {
    keyword: level
    for level in ("PATIENT", "STUDY")
    for keyword in ATTRIBUTES[level]
    if keyword != "TimezoneOffsetFromUTC"  # of each instance (PS3.3 C.12.1)
}
_WITHOUT: Final = object()


class _Tags(NamedTuple):
    """The tags of one entry, and where they are."""

    given: Mapping[str, Any]
    path: Path


def parted(document: Document) -> Iterator[Diagnostic]:
    """``tags`` of one series that say of the study or patient what its other series do not; ``{raw: …}`` means it."""
    for path, patient in _entries(document.data, "patients", ()):
        studies = list(_studies(patient, path))
        for study in studies:
            yield from _unlike(document, "STUDY", study)
        yield from _unlike(document, "PATIENT", [one for study in studies for one in study])


def _studies(patient: Mapping[str, Any], path: Path) -> Iterator[list[list[_Tags]]]:
    """For each study its series, each with the tags that it has: of its own first, then of what it belongs to."""
    own = _tags(patient, path)
    for at, study in _entries(patient, "studies", path):
        above = [_tags(study, at), own]
        series = [[_tags(one, place), *above] for place, one in _entries(study, "series", at)]
        yield series or [above]


def _unlike(document: Document, level: Level, series: list[list[_Tags]]) -> Iterator[Diagnostic]:
    """What stands in tags below an entity of that level, and is not the same in all of its series."""
    # Tags of the entity itself, the last one or two, are of all its series.
    shared = 1 if level == "PATIENT" else 2
    told: set[Path] = set()
    for tags in series:
        for part in tags[:-shared]:
            for keyword, value in part.given.items():
                place = (*part.path, keyword)
                if _OF.get(keyword) != level or _is_raw(value) or place in told:
                    continue
                told.add(place)
                if any(_value(keyword, other) != value for other in series):
                    yield _warning(document, level, keyword, place)


def _warning(document: Document, level: Level, keyword: str, place: Path) -> Diagnostic:
    whole = level.lower()
    return Diagnostic(
        "FAB910",
        document.where(place, key=True),
        f"{keyword} is the {whole}'s, and other series of the {whole} do not have it so",
        f"put it under 'tags' of the {whole}; {{raw: …}} says that they are to disagree",
        "warning",
    )


def _value(keyword: str, tags: list[_Tags]) -> Any:
    return next((one.given[keyword] for one in tags if keyword in one.given), _WITHOUT)


def _is_raw(value: Any) -> bool:
    return isinstance(value, Mapping) and "raw" in value


def _tags(entry: Mapping[str, Any], path: Path) -> _Tags:
    given = entry.get("tags")
    return _Tags(given if isinstance(given, Mapping) else {}, (*path, "tags"))


def _entries(
    above: Mapping[str, Any], key: str, path: Path
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The entries of a list, or the one that stands without a list around it."""
    given = above.get(key)
    if isinstance(given, Mapping):
        yield (*path, key), given
    for number, one in enumerate(given if isinstance(given, list) else ()):
        if isinstance(one, Mapping):
            yield (*path, key, number), one
