"""Two studies beside each other: where they differ, and how much is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.service.studies.finding import detail
from scenario_runner.service.studies.tags import of_study

if TYPE_CHECKING:
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service

_FACTS: Final = (
    "patient_name", "patient_id", "patient_birth_date", "patient_sex", "study_date", "accession_number",
    "study_description", "modality", "number_of_series", "number_of_instances",
)  # fmt: skip
_MOST: Final = 500
"""Differences that are told."""


def compared(service: Service, asking: Asking, one: str, other: str) -> dict[str, Any]:
    """What they say of themselves, and the attributes of the first image of each. Raises NotThere.

    ``facts`` (keys of a study) and ``tags`` (keywords, those within sequences with their path) are (name, of the one, of the other); ``more`` are beyond what is told, and ``same`` counts attributes with equal values.
    """
    studies = [detail(service, asking, uid) for uid in (one, other)]
    first, second = (
        dict(_flat(of_study(service, asking, uid, None)["tags"])) for uid in (one, other)
    )
    names = [*first, *(name for name in second if name not in first)]
    tags = [
        (name, first.get(name), second.get(name))
        for name in names
        if first.get(name) != second.get(name)
    ]
    facts = [
        (name, studies[0][name], studies[1][name])
        for name in _FACTS
        if studies[0][name] != studies[1][name]
    ]
    return {
        "studies": studies,
        "facts": facts,
        "tags": tags[:_MOST],
        "more": max(0, len(tags) - _MOST),
        "same": len(names) - len(tags),
    }


def _flat(entries: Sequence[Mapping[str, Any]], above: str = "") -> Iterator[tuple[str, str]]:
    """The path of each attribute that is no sequence, and its value as text."""
    for one in entries:
        name = above + (one["keyword"] or one["tag"])
        if "items" in one:
            for number, item in enumerate(one["items"]):
                yield from _flat(item, f"{name}[{number}].")
        else:
            yield name, _told(one)


def _told(one: Mapping[str, Any]) -> str:
    """The value as text; with the digest of what it does not tell, since what is told alike need not be the same."""
    told = "\\".join(one["value"])
    if "sha256" not in one:
        return told
    which = f"{one['length']} bytes, SHA-256 {one['sha256']}"
    return f"{which}: {told}" if told else which
