"""References to the images of a study: by SOP class and instance, in their series (PS3.3 10.8, C.17.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.errors import UsageError
from scenario_runner.imaging.modules.attribute_values import put

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence as Listed

    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

MOST = 1000
"""Images that one object refers to, of each series; nobody reads a longer list."""


def image_series(series: PlannedSeries, *, greyscale: bool = False) -> list[PlannedSeries]:
    """The series with images that stand before a series in its study."""
    found = []
    for other in series.study.series:
        if other.id == series.id:
            break
        if other.has_pixels and not (greyscale and other.color):
            found.append(other)
    return found


def required_series(series: PlannedSeries, *, greyscale: bool = False) -> list[PlannedSeries]:
    """The same, for an object that cannot do without. Raises UsageError when there are none."""
    found = image_series(series, greyscale=greyscale)
    if not found:
        raise UsageError(
            f"series {series.id}: an object of modality {series.modality} refers to images of its "
            "study, and there are none before it",
            hint="write a series with images before it, in the same study",
        )
    return found


def first_images(series: Iterable[PlannedSeries], most: int = MOST) -> list[PlannedImage]:
    """The first images of each series, ``most`` of each."""
    return [one.images[k] for one in series for k in range(min(most, one.image_count))]


def sop_reference(image: PlannedImage) -> Dataset:
    """SOP Instance Reference Macro (10.8)."""
    item = Dataset()
    put(
        item,
        ReferencedSOPClassUID=image.series.sop_class_uid,
        ReferencedSOPInstanceUID=image.uid,
    )
    return item


def by_series(images: Listed[PlannedImage], keyword: str) -> Sequence:
    """Items of ReferencedSeriesSequence. keyword: of the sequence that has the instances."""
    series: dict[str, list[Dataset]] = {}
    for image in images:
        series.setdefault(image.series.uid, []).append(sop_reference(image))
    items = []
    for uid, references in series.items():
        item = Dataset()
        put(item, SeriesInstanceUID=uid)
        setattr(item, keyword, Sequence(references))
        items.append(item)
    return Sequence(items)


def evidence(images: Listed[PlannedImage]) -> Sequence:
    """Hierarchical SOP Instance Reference Macro (C.17.2.1) of images of one study."""
    item = Dataset()
    put(item, StudyInstanceUID=images[0].series.study.uid)
    item.ReferencedSeriesSequence = by_series(images, "ReferencedSOPSequence")
    return Sequence([item])
