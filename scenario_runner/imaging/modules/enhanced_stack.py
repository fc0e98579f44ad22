"""The transverse stack of an enhanced CT or MR image, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.imaging.modules import functional_groups as groups
from scenario_runner.imaging.modules.geometry import stack_of
from scenario_runner.imaging.phantoms.stacked import slices_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame, rescale_type: str) -> Iterator[Dataset]:
    """The functional groups that all frames of a volume have alike."""
    stack = stack_of(slices_of(series))
    yield groups.measures(stack.pixel_mm, stack.spacing)
    yield groups.orientation(("1", "0", "0", "0", "1", "0"))
    yield groups.frame_anatomy(series)
    yield groups.window(frame)
    yield groups.rescale(frame, rescale_type)


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image: the next frames of one volume."""
    series = planned.series
    stack, first = stack_of(slices_of(series)), planned.index * series.frames
    return groups.each(
        planned,
        [
            groups.frame_of(k + 1, stack.each(first + k)["ImagePositionPatient"])
            for k in range(series.frames)
        ],
    )
