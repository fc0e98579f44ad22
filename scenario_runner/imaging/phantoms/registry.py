"""Which phantoms there are, without loading any of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from scenario_runner.dicom.body_parts import resembling
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frames, Phantom
    from scenario_runner.planning.plan import PlannedSeries

_PHANTOMS = {
    "xray/abdomen": "skeleton:SkeletonFrames",
    "xray/chest": "chest:ChestFrames",
    "xray/hand": "skeleton:SkeletonFrames",
    "xray/knee": "skeleton:SkeletonFrames",
    "xray/skull": "skeleton:SkeletonFrames",
    "ct/abdomen": "ct:CtFrames",
    "ct/chest": "ct:CtFrames",
    "ct/head": "ct:CtFrames",
    "es/bowel": "photo:PhotoFrames",
    "io/teeth": "dental:DentalFrames",
    "mg/breast": "breast:BreastFrames",
    "mg/tomosynthesis": "tomosynthesis:TomosynthesisFrames",
    "mr/brain": "mr:BrainFrames",
    "nm/bones": "bonescan:BoneScanFrames",
    "pt/abdomen": "pet:PetFrames",
    "pt/chest": "pet:PetFrames",
    "px/jaws": "dental:DentalFrames",
    "qa/flat": "qa:QaFrames",
    "qa/gradient": "qa:QaFrames",
    "qa/noise": "qa:QaFrames",
    "qa/smpte": "qa:QaFrames",
    "rf/barium": "angiography:RunFrames",
    "us/abdomen": "ultrasound:UltrasoundFrames",
    "us/doppler": "ultrasound:UltrasoundFrames",
    "xa/coronary": "angiography:RunFrames",
    "xc/mole": "photo:PhotoFrames",
}

# A part that has no phantom of its own is shown by its likest neighbour.
_XRAY = {
    "head": "xray/skull",
    "abdomen": "xray/abdomen",
    "arm": "xray/knee",
    "hand": "xray/hand",
    "leg": "xray/knee",
    "foot": "xray/hand",
    "": "xray/chest",
}

_USUAL = {
    "CT": {"head": "ct/head", "chest": "ct/chest", "": "ct/abdomen"},
    "CR": _XRAY,
    "DX": _XRAY,
    "MG": {"": "mg/breast"},
    "MR": {"": "mr/brain"},
    "ES": {"": "es/bowel"},
    "IO": {"": "io/teeth"},
    "NM": {"": "nm/bones"},
    "PT": {"chest": "pt/chest", "": "pt/abdomen"},
    "XC": {"": "xc/mole"},
    "OT": {"": "qa/smpte"},
    "PX": {"": "px/jaws"},
    "RF": {"": "rf/barium"},
    "US": {"": "us/abdomen"},
    "XA": {"": "xa/coronary"},
}
"""By modality and the region that a body part lies in."""


_FITS = {
    "ct": "CT",
    "es": "ES XC",
    "io": "IO",
    "mg": "MG",
    "mr": "MR",
    "nm": "NM",
    "pt": "PT",
    "px": "PX",
    "rf": "RF XA",
    "us": "US",
    "xa": "RF XA",
    "xc": "ES XC",
    "xray": "CR CT DX",
}
"""Modalities a phantom can stand for, by the first part of its name; one that is not here, such as
``qa``, can stand for any. OT is a picture of anything, and the scout of a CT a projection."""


@dataclass(frozen=True, slots=True)
class BuiltInPhantom:
    """A phantom whose module is loaded when a series is opened."""

    name: str
    where: str
    """``module:class`` below this package; the class takes the series and the phantom's name."""

    @property
    def modalities(self) -> frozenset[str] | None:
        """See FittingPhantom."""
        fits = _FITS.get(self.name.partition("/")[0])
        return frozenset(f"{fits} OT".split()) if fits else None

    def open(self, series: PlannedSeries) -> Frames:
        """See Phantom."""
        module, _, name = self.where.partition(":")
        frames = getattr(import_module(f"scenario_runner.imaging.phantoms.{module}"), name)
        return cast("Frames", frames(series, self.name))


def phantoms() -> list[Phantom]:
    """All built-in phantoms."""
    return [BuiltInPhantom(name, where) for name, where in _PHANTOMS.items()]


def usual_phantom(series: PlannedSeries) -> str:
    """What a series shows when the scenario does not say: by modality and body part."""
    return usual_name(series.modality, series.body_part, series.frames)


def usual_name(modality: str, body_part: str, frames: int) -> str:
    """The same before there is a series."""
    if modality == "MG" and frames > 1:
        return "mg/tomosynthesis"
    if modality == "US" and frames > 1:
        return "us/doppler"
    usual = _USUAL.get(modality, {})
    found = resembling(body_part)
    return usual.get(found[1].region if found else "") or usual.get("") or "qa/gradient"
