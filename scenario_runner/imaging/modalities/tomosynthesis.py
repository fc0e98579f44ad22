"""Breast Tomosynthesis Image IOD (PS3.3 A.55): the layers of one breast in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import functional_groups as groups
from scenario_runner.imaging.modules import mammography, study
from scenario_runner.imaging.modules.anatomy import VIEW_CODES
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_TYPE = ("DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE")
_DETECTOR_MM = 290.0
_THICKNESS_MM = 52.0
"""Of the compressed breast, from the first layer to the last."""


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the volumes of a series have alike."""
    dataset = Dataset()
    groups.head(dataset, series, frame, _TYPE)
    groups.volume(dataset, _TYPE, "TOMOSYNTHESIS")
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"
    common = groups.merged(
        (
            groups.measures(_pixel_mm(series), _spacing(series)),
            groups.window(frame),
            groups.rescale(frame, "US"),
        )
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from volume to volume: side and view, and so where the layers are."""
    series = planned.series
    side, view = mammography.side_and_view(series, planned.index)
    row, column = mammography.cosines(side, view)
    anatomy = groups.frame_anatomy(series, side)
    plane = groups.orientation((*row, *column))
    frame_type = groups.group_of(
        "XRay3DFrameTypeSequence", groups.volume(Dataset(), _TYPE, "TOMOSYNTHESIS")
    )
    frames = [
        groups.merged(
            (
                groups.frame_of(k + 1, _position(series, k, row, column)),
                anatomy,
                plane,
                frame_type,
            )
        )
        for k in range(series.frames)
    ]
    code, meaning = VIEW_CODES[view]
    item = study.code(code, "SCT", meaning)
    item.ViewModifierCodeSequence = Sequence()
    return {**groups.each(planned, frames), "ViewCodeSequence": [item]}


def _pixel_mm(series: PlannedSeries) -> float:
    return round(_DETECTOR_MM / max(series.rows, series.columns), 6)


def _spacing(series: PlannedSeries) -> float:
    return round(_THICKNESS_MM / series.frames, 4)


def _position(
    series: PlannedSeries, layer: int, row: mammography.Vector, column: mammography.Vector
) -> list[str]:
    """Where the first pixel of a layer is, in mm; layers follow the normal of the plane."""
    normal = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    step = _pixel_mm(series)
    right, down = (series.columns - 1) / 2 * step, (series.rows - 1) / 2 * step
    deep = (layer - (series.frames - 1) / 2) * _spacing(series)
    return [
        ds(round(deep * n - right * r - down * c, 6) + 0.0)
        for n, r, c in zip(normal, row, column, strict=True)
    ]
