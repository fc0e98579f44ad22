"""Enhanced MR Image IOD (PS3.3 A.36.2): a volume in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import enhanced_stack
from scenario_runner.imaging.modules import functional_groups as groups
from scenario_runner.imaging.modules.mr_sequence import contrast_of

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_CONTRASTS = {"FLAIR": "FLUID_ATTENUATED", "PD": "PROTON_DENSITY", "T1": "T1", "T2": "T2"}
"""Names of sequences to AcquisitionContrast (PS3.3 C.8.13.3.1.2)."""


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the volumes of a series have alike."""
    dataset = Dataset()
    contrast = contrast_of(series)
    image_type = ("DERIVED", "PRIMARY", contrast.name, "NONE")
    groups.head(dataset, series, frame, image_type)
    dataset.PatientPosition = "HFS"
    frame_type = groups.volume(dataset, image_type)
    for item in (dataset, frame_type):
        item.ComplexImageComponent = "MAGNITUDE"
        item.AcquisitionContrast = _CONTRASTS[contrast.name]
    dataset.MagneticFieldStrength = 1.5
    dataset.ResonantNucleus = "1H"
    dataset.ApplicableSafetyStandardAgency = "IEC"
    common = groups.merged(
        (
            *enhanced_stack.shared(series, frame, "US"),
            groups.group_of("MRImageFrameTypeSequence", frame_type),
            groups.functional_group("MREchoSequence", EffectiveEchoTime=float(contrast.echo_ms)),
        )
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([common])
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from volume to volume."""
    return enhanced_stack.each(planned)
