"""What ought to have come of what was asked for: the measure of every comparison with what was sent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.matching import matcher

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.api import Asked, SentInstance, StepContext
    from scenario_runner.planning.plan import PlannedImage

_IDENTITY: Mapping[str, Callable[[SentInstance], str]] = {
    "PatientID": lambda one: one.image.series.study.patient.patient_id,
    "StudyInstanceUID": lambda one: one.image.series.study.uid,
    "SeriesInstanceUID": lambda one: one.image.series.uid,
    "SOPInstanceUID": lambda one: one.status.sop_instance_uid,
}
"""What is known of an instance without building it."""


def asked_for(context: StepContext, asked: Asked) -> dict[str, SentInstance]:
    """What ought to come, by SOP instance UID: all that was acknowledged and that the request covers.

    An instance is covered when a request named it, and also when what was sent of it fits the match: a
    PACS that forgets a series forgets it in its answers to queries, too. Of a study (of a patient, at that
    level) that was sent to this target in part, that part; what was sent to others only, and came here on
    ways that nobody told us, is expected whole.
    """
    stored = {
        uid: one
        for uid, one in asked.sent.items()
        if one.stored and one.image.series.study.uid not in asked.deleted
    }
    covered = stored if asked.match is None else covers(context, asked, stored)
    if asked.match is None:
        return {uid: one for uid, one in covered.items() if uid in asked.held} or covered
    groups: dict[str, dict[str, SentInstance]] = {}
    for uid, one in covered.items():
        groups.setdefault(_group(asked, one), {})[uid] = one
    expected: dict[str, SentInstance] = {}
    for members in groups.values():
        expected |= {uid: one for uid, one in members.items() if uid in asked.held} or members
    return {uid: one for uid, one in covered.items() if uid in expected}


def _group(asked: Asked, one: SentInstance) -> str:
    study = one.image.series.study
    return study.patient.patient_id if asked.level == "patient" else study.uid


def covers(
    context: StepContext, asked: Asked, sent: Mapping[str, SentInstance]
) -> dict[str, SentInstance]:
    """Which of these a request named, or the match fits."""
    named = _Named(asked.keys)
    fits = _Fitting(context, asked, asked.match or {})
    return {uid: one for uid, one in sent.items() if named.covers(one) or fits.covers(one)}


def _listed(value: Any) -> list[str]:
    several = value if isinstance(value, list | tuple) else [value]
    return [part for one in several if one is not None for part in str(one).split("\\")]


def named_by(keys: Mapping[str, Any], sent: Mapping[str, SentInstance]) -> dict[str, SentInstance]:
    """Which of these a request named by its unique keys."""
    named = _Named([keys])
    return {uid: one for uid, one in sent.items() if named.covers(one)}


class _Named:
    """Whether a request named an instance by its unique keys, at whatever level."""

    def __init__(self, requests: Iterable[Mapping[str, Any]]) -> None:
        self._by_keys: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for keys in requests:
            names = tuple(keys)
            if names and all(name in _IDENTITY for name in names):
                values = itertools.product(*(_listed(keys[name]) for name in names))
                self._by_keys.setdefault(names, set()).update(values)

    def covers(self, one: SentInstance) -> bool:
        return any(
            tuple(_IDENTITY[name](one) for name in names) in values
            for names, values in self._by_keys.items()
        )


class _Fitting:
    """Whether what was sent fits the match, by the rules of C-FIND (PS3.4 C.2.2.2).

    Attributes above the level of an image are looked at in one image of each series.
    """

    def __init__(self, context: StepContext, asked: Asked, match: Mapping[str, Any]) -> None:
        self._context = context
        self._target = asked.target
        self._each_image = asked.level == "image"
        self._match = {key: value for key, value in match.items() if not _universal(value)}
        self._built: dict[str, Dataset] = {}

    def covers(self, one: SentInstance) -> bool:
        others = []
        for key, value in self._match.items():
            if key not in _IDENTITY:
                others.append((key, value))
            elif not _matches("UI" if key.endswith("UID") else "LO", value, [_IDENTITY[key](one)]):
                return False
        return all(self._has(one.image, key, value) for key, value in others)

    def _has(self, image: PlannedImage, key: str, value: Any) -> bool:
        from pydicom.datadict import keyword_dict

        dataset = self._dataset(image)
        if key == "ModalitiesInStudy":
            key = "Modality"
        # What has no name, or is a sequence, is left to the PACS: it named what it found.
        if key not in keyword_dict or isinstance(value, Mapping) or key not in dataset:
            return False
        element = dataset[key]
        values = element.value if element.VM > 1 else [element.value]
        return _matches(element.VR, value, ["" if v is None else str(v) for v in values])

    def _dataset(self, image: PlannedImage) -> Dataset:
        key = image.id if self._each_image else image.series.id
        if key not in self._built:
            if self._each_image:
                self._built.clear()
            [instance] = self._context.instances(iter([image]), self._target)
            self._built[key] = _header(instance.dataset())
        return self._built[key]


def _header(dataset: Dataset) -> Dataset:
    """Without the pixels, which nothing matches and which need not be kept."""
    if "PixelData" in dataset:
        del dataset.PixelData
    return dataset


def _universal(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == "*"


def _matches(vr: str, key: Any, values: Sequence[str]) -> bool:
    if isinstance(key, Mapping):
        key = key.get("raw", "")
    test = matcher(vr, _listed(key))
    return test is None or test(values)


def chosen(context: StepContext, what: str) -> dict[str, PlannedImage]:
    """The images of a selection by planned SOP instance UID."""
    return {image.uid: image for series in context.selection(what) for image in series.images}
