"""Is everything we sent in the PACS, and nothing else? Asked with C-FIND, level by level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from scenario_runner.api import Deadline, Difference, FindRequest, Target
from scenario_runner.planning.plan import PlannedImage, PlannedSeries, PlannedStudy


@dataclass(slots=True)
class Presence:
    """What a PACS reports of what it was sent."""

    expected: int
    """Instances."""
    stored: int = 0
    """Instances found."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Instances not found."""
        return self.expected - self.stored

    @property
    def exact(self) -> bool:
        """Everything is there, counts agree, and nothing else is."""
        return not self.missing and not self.differences


def presence(target: Target, images: Sequence[PlannedImage], deadline: Deadline) -> Presence:
    """Look for every image below its study and series (PS3.4 C.6.2, hierarchical queries).

    images: in plan order. Costs one query for each study, and one for each of its series.
    """
    result = Presence(expected=len(images))
    for study, of_study in groupby(images, key=lambda image: image.series.study):
        _look_for_study(target, study, list(of_study), result, deadline)
    return result


def _look_for_study(
    target: Target,
    study: PlannedStudy,
    images: list[PlannedImage],
    result: Presence,
    deadline: Deadline,
) -> None:
    by_series = {
        series.uid: (series, list(members))
        for series, members in groupby(images, key=lambda image: image.series)
    }
    reported = _series_of(target, study, deadline)
    if reported is None:
        _differ(result, study.id, "StudyInstanceUID", study.uid, "not in the PACS")
        return
    for uid in reported:
        if uid not in by_series:
            _differ(result, study.id, "SeriesInstanceUID", "no other series", uid)
    for uid, (series, members) in by_series.items():
        if uid not in reported:
            _differ(result, series.id, "SeriesInstanceUID", uid, "not in the PACS")
            continue
        count = reported[uid]
        if count is not None and count != len(members):
            _differ(result, series.id, "NumberOfSeriesRelatedInstances", len(members), count)
        _look_for_images(target, series, members, result, deadline)


def _series_of(
    target: Target, study: PlannedStudy, deadline: Deadline
) -> dict[str, int | None] | None:
    """Series UID to instance count as the PACS tells them; None when there is no such study."""
    request = FindRequest(
        level="series",
        match={"StudyInstanceUID": study.uid, "SeriesInstanceUID": ""},
        returned=("NumberOfSeriesRelatedInstances",),
    )
    matches = target.find(request, deadline)
    found = {str(match.get("SeriesInstanceUID")): _count(match) for match in matches}
    return found or None


def _count(match: dict[str, Any]) -> int | None:
    value = match.get("NumberOfSeriesRelatedInstances")
    return value if isinstance(value, int) else None


def _look_for_images(
    target: Target,
    series: PlannedSeries,
    members: list[PlannedImage],
    result: Presence,
    deadline: Deadline,
) -> None:
    request = FindRequest(
        level="image",
        match={"StudyInstanceUID": series.study.uid, "SeriesInstanceUID": series.uid},
    )
    found = {str(match.get("SOPInstanceUID")) for match in target.find(request, deadline)}
    wanted = {image.uid: image for image in members}
    result.stored += len(found & wanted.keys())
    for uid in wanted.keys() - found:
        _differ(result, wanted[uid].id, "SOPInstanceUID", uid, "not in the PACS")
    for uid in found - wanted.keys():
        _differ(result, series.id, "SOPInstanceUID", "no other instance", uid)


def _differ(result: Presence, subject: str, attribute: str, expected: Any, actual: Any) -> None:
    result.differences.append(
        Difference(subject=subject, attribute=attribute, expected=expected, actual=actual)
    )


def expected_images(series: Iterator[PlannedSeries]) -> list[PlannedImage]:
    """All images of the series, in plan order."""
    return [image for one in series for image in one.images]
