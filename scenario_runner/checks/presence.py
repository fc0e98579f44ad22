"""Is everything we sent in the PACS, and nothing else? Asked with queries, level by level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Any, Final

from scenario_runner.api import Deadline, Difference, Differences, FindRequest, StepContext, Target
from scenario_runner.api.asking import CUT, Answers, ask_each
from scenario_runner.checks.unlisted import look_behind
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import PlannedImage, PlannedSeries, PlannedStudy

_COUNT: Final = "NumberOfSeriesRelatedInstances"


@dataclass(slots=True)
class Presence:
    """What a PACS reports of what it was sent."""

    expected: int
    """Instances."""
    stored: int = 0
    """Instances found."""
    uncounted: bool = False
    """A series was answered without NumberOfSeriesRelatedInstances, or what it says there does not count."""
    again: bool = False
    """What follows the first answers of a query cannot be asked for: the same come again."""
    ended_early: bool = False
    """The PACS ended an answer before its matches did."""
    unlisted: int = 0
    """Series and instances that are found by their UID alone, and are in no list of a PACS that gives a part."""
    counted: set[str] = field(default_factory=set)
    """UIDs of series of which the PACS counts as many instances as were looked for."""
    partly: set[str] = field(default_factory=set)
    """UIDs of studies of which it cannot be told whether there is more."""
    differences: Differences = field(default_factory=Differences)
    studies: set[str] = field(default_factory=set)
    """UIDs of the studies that are there, whole or in part."""
    foreign: dict[str, set[str]] = field(default_factory=dict)
    """Study UID to the UIDs of series and instances that are there and were not looked for."""

    @property
    def missing(self) -> int:
        """Instances not found."""
        return self.expected - self.stored

    @property
    def exact(self) -> bool:
        """Everything is there, counts agree, and nothing else is."""
        return not self.missing and not self.differences.total


def presence(
    target: Target,
    images: Sequence[PlannedImage],
    deadline: Deadline,
    besides: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Presence:
    """Look for every image below its study and series (PS3.4 C.6.2, hierarchical queries).

    images: in plan order. besides: by the UID of a series, those of instances that may be there, too. Costs one query for each study and one for each of its series, all studies'
    over one association and all series' over another.
    """
    result = Presence(expected=len(images))
    # By UID: generated and imported series of one study, and unlike images of one imported series.
    studies = [
        (members[0].series.study, members)
        for members in _by(images, lambda image: image.series.study.uid).values()
    ]
    there: list[tuple[PlannedSeries, list[PlannedImage]]] = []
    counted = _COUNT not in target.expects.lacking
    requests = [_series_of(study) for study, _ in studies]
    answers = ask_each(target, requests, deadline)
    for (study, members), request, answer in zip(studies, requests, answers, strict=True):
        _hold(result, study.id, answer)
        if answer.matches:
            uids = [one.series.uid for one in members]
            found = look_behind(answer, target, request, "SeriesInstanceUID", uids, deadline)
            result.unlisted += found
            if found or answer.remarks & CUT:
                result.partly.add(study.uid)
        there += _look_for_series(study, members, answer.matches, result, besides, counted=counted)
    if not there:
        return result
    requests = [_images_of(series) for series, _ in there]
    answers = ask_each(target, requests, deadline)
    for (series, members), request, answer in zip(there, requests, answers, strict=True):
        _hold(result, series.id, answer)
        uids = [one.uid for one in members]
        found = look_behind(answer, target, request, "SOPInstanceUID", uids, deadline)
        result.unlisted += found
        if (found or answer.remarks & CUT) and series.uid not in result.counted:
            result.partly.add(series.study.uid)
        others = besides.get(series.uid, ())
        _look_for_images(series, members, answer.matches, result, others)
    return result


def lacking(target: Target, images: Sequence[PlannedImage], deadline: Deadline) -> Differences:
    """Those of the images that a PACS does not find by their UIDs, all asked for over one association."""
    requests = [
        FindRequest(
            level="image",
            match={
                "StudyInstanceUID": image.series.study.uid,
                "SeriesInstanceUID": image.series.uid,
                "SOPInstanceUID": image.uid,
            },
        )
        for image in images
    ]
    result = Presence(expected=len(images))
    for image, answer in zip(images, ask_each(target, requests, deadline), strict=True):
        if image.uid not in {str(match.get("SOPInstanceUID")) for match in answer.matches}:
            _differ(result, image.id, "SOPInstanceUID", image.uid, "not in the PACS")
    return result.differences


def _hold(result: Presence, subject: str, answers: Answers) -> None:
    """An answer about something else than was asked for says nothing of what is there, nor does one that is cut off."""
    result.again = result.again or "no offset" in answers.remarks
    result.ended_early = result.ended_early or "ended early" in answers.remarks
    if "cut off" in answers.remarks:
        _differ(result, subject, "offset", "those that follow", "the same answers again")
    for key, found in answers.unmet.items():
        if other := next((one for one in found if one.actual is not None), None):
            _differ(result, subject, key, other.expected, other.actual)


def _by(
    images: Sequence[PlannedImage], key: Callable[[PlannedImage], str]
) -> dict[str, list[PlannedImage]]:
    found: dict[str, list[PlannedImage]] = {}
    for image in images:
        found.setdefault(key(image), []).append(image)
    return found


def _series_of(study: PlannedStudy) -> FindRequest:
    return FindRequest(
        level="series",
        match={"StudyInstanceUID": study.uid, "SeriesInstanceUID": ""},
        returned=(_COUNT,),
    )


def _images_of(series: PlannedSeries) -> FindRequest:
    return FindRequest(
        level="image",
        match={"StudyInstanceUID": series.study.uid, "SeriesInstanceUID": series.uid},
    )


def _look_for_series(
    study: PlannedStudy,
    images: list[PlannedImage],
    matches: Sequence[dict[str, Any]],
    result: Presence,
    besides: Mapping[str, Collection[str]],
    *,
    counted: bool,
) -> list[tuple[PlannedSeries, list[PlannedImage]]]:
    """The series of a study that are there, each with the images it should have. counted: whether counts are held against it."""
    if not matches:
        _differ(result, study.id, "StudyInstanceUID", study.uid, "not in the PACS")
        return []
    result.studies.add(study.uid)
    wanted = {
        uid: (members[0].series, members)
        for uid, members in _by(images, lambda image: image.series.uid).items()
    }
    reported = {str(match.get("SeriesInstanceUID")): match for match in matches}
    _repeated(result, study.id, "SeriesInstanceUID", matches)
    for uid in sorted(reported.keys() - wanted.keys() - set(besides)):
        _differ(result, study.id, "SeriesInstanceUID", "no other series", uid)
        result.foreign.setdefault(study.uid, set()).add(uid)
    there = []
    for uid, (series, members) in wanted.items():
        if uid not in reported:
            _differ(result, series.id, "SeriesInstanceUID", uid, "not in the PACS")
            continue
        count = reported[uid].get(_COUNT) if counted else None
        # A PACS need not know the count; what it says has to be right.
        result.uncounted = result.uncounted or count is None
        others = len(set(besides.get(uid, ())) - {image.uid for image in members})
        if isinstance(count, int) and not 0 <= count - len(members) <= others:
            _differ(result, series.id, _COUNT, len(members), count)
        elif count is not None and not others:
            result.counted.add(uid)
        there.append((series, members))
    return there


def _look_for_images(
    series: PlannedSeries,
    members: list[PlannedImage],
    matches: list[dict[str, Any]],
    result: Presence,
    besides: Collection[str],
) -> None:
    found = {str(match.get("SOPInstanceUID")) for match in matches}
    wanted = {image.uid: image for image in members}
    _repeated(result, series.id, "SOPInstanceUID", matches)
    result.stored += len(found & wanted.keys())
    for uid in sorted(wanted.keys() - found):
        _differ(result, wanted[uid].id, "SOPInstanceUID", uid, "not in the PACS")
    for uid in sorted(found - wanted.keys() - set(besides)):
        _differ(result, series.id, "SOPInstanceUID", "no other instance", uid)
        result.foreign.setdefault(series.study.uid, set()).add(uid)


def _repeated(
    result: Presence, subject: str, attribute: str, matches: Sequence[dict[str, Any]]
) -> None:
    """A unique key names one thing, so each match has another."""
    counts = Counter(str(match.get(attribute)) for match in matches)
    for uid, count in counts.items():
        if count > 1:
            _differ(result, subject, attribute, f"{uid} once", f"{uid} {count} times")


def _differ(result: Presence, subject: str, attribute: str, expected: Any, actual: Any) -> None:
    result.differences.append(
        Difference(subject=subject, attribute=attribute, expected=expected, actual=actual)
    )


def expected_images(context: StepContext, what: str, target: str) -> list[PlannedImage]:
    """All images of a selection in plan order, without those that the target does not take."""
    return [
        image
        for series in context.selection(what)
        for image in series.images
        if not context.ledger.is_left_out(image, target)
    ]
