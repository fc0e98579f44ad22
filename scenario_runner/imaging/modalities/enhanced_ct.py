"""Enhanced CT Image IOD (PS3.3 A.38.1): a volume in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import enhanced_stack
from scenario_runner.imaging.modules import functional_groups as groups
from scenario_runner.planning.identity import uid_below

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_TYPE = ("DERIVED", "PRIMARY", "VOLUME", "NONE")


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the volumes of a series have alike."""
    dataset = Dataset()
    groups.head(dataset, series, frame, _TYPE)
    dataset.PatientPosition = "HFS"
    frame_type = groups.volume(dataset, _TYPE)
    item = groups.merged(
        (
            *enhanced_stack.shared(series, frame, "HU"),
            groups.functional_group(
                "IrradiationEventIdentificationSequence",
                IrradiationEventUID=uid_below(None, series.uid, "irradiation"),
            ),
            groups.group_of("CTImageFrameTypeSequence", frame_type),
        )
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([item])
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from volume to volume."""
    return enhanced_stack.each(planned)
