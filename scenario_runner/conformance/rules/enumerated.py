"""Attributes with Enumerated Values have one of them (PS3.3)."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.conformance.elements import text_of
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom.dictionary import tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items


class Enumerated(NamedTuple):
    """The values that attributes can have. classes: in which SOP classes; empty for all, and in items.

    keywords: parted by blanks.
    """

    keywords: str
    values: tuple[str, ...]
    section: str
    classes: tuple[str, ...] = ()


class Fixed(NamedTuple):
    """The one number that an attribute has in some classes."""

    keyword: str
    number: float
    section: str
    classes: tuple[str, ...]


_YES_NO = ("YES", "NO")
_Y_N = ("Y", "N")
_SHAPES = ("RECTANGULAR", "CIRCULAR", "POLYGONAL")
_PHASES = ("INSPIRATION", "MAXIMUM", "EXPIRATION", "MINIMUM")
_BREAST = (*classes.MG, *classes.TOMOSYNTHESIS)
_ANYWHERE = (
    Enumerated("ContextGroupExtensionFlag", _Y_N, "PS3.3 8.8"),
    Enumerated("PatientSex", ("M", "F", "O"), "PS3.3 C.7.1.1"),
    Enumerated("PatientIdentityRemoved QualityControlSubject", _YES_NO, "PS3.3 C.7.1.1"),
    Enumerated("PatientSexNeutered", ("ALTERED", "UNALTERED"), "PS3.3 C.7.2.2"),
    Enumerated("ConsentForDistributionFlag", ("NO", "YES", "WITHDRAWN"), "PS3.3 C.7.2.3"),
    Enumerated("Laterality", ("R", "L"), "PS3.3 C.7.3.1"),
    Enumerated("AnatomicalOrientationType", ("BIPED", "QUADRUPED"), "PS3.3 C.7.3.1"),
    Enumerated(
        "SynchronizationTrigger", ("SOURCE", "EXTERNAL", "PASSTHRU", "NO TRIGGER"), "PS3.3 C.7.4.2"
    ),
    Enumerated("AcquisitionTimeSynchronized", _Y_N, "PS3.3 C.7.4.2"),
    Enumerated("ImageLaterality FrameLaterality", ("R", "L", "U", "B"), "PS3.3 C.7.6.1"),
    Enumerated("BurnedInAnnotation RecognizableVisualFeatures", _YES_NO, "PS3.3 C.7.6.1"),
    Enumerated("QualityControlImage", (*_YES_NO, "BOTH"), "PS3.3 C.7.6.1"),
    Enumerated("LossyImageCompression", ("00", "01"), "PS3.3 C.7.6.1.1.5"),
    Enumerated("PresentationLUTShape", ("IDENTITY", "INVERSE"), "PS3.3 C.7.6.1"),
    Enumerated("SpatialLocationsPreserved", (*_YES_NO, "REORIENTED_ONLY"), "PS3.3 C.7.6.1"),
    Enumerated("ContrastBolusIngredientOpaque", _YES_NO, "PS3.3 C.7.6.4b"),
    Enumerated("StereoPairsPresent", _YES_NO, "PS3.3 C.7.6.6"),
    Enumerated("ShutterShape", (*_SHAPES, "BITMAP"), "PS3.3 C.7.6.11"),
    Enumerated(
        "ContrastBolusAgentAdministered ContrastBolusAgentDetected",
        _YES_NO,
        "PS3.3 C.7.6.16.2.12",
    ),
    Enumerated("StartingRespiratoryPhase EndingRespiratoryPhase", _PHASES, "PS3.3 C.7.6.16.2.17"),
    Enumerated("RotationDirection", ("CW", "CC"), "PS3.3 C.8.2.1"),
    Enumerated("AngioFlag", _Y_N, "PS3.3 C.8.3.1"),
    Enumerated("CollimatorShape", _SHAPES, "PS3.3 C.8.7.3"),
    Enumerated("PresentationIntentType", ("FOR PRESENTATION", "FOR PROCESSING"), "PS3.3 C.8.11.1"),
    Enumerated("ContentQualification", ("PRODUCT", "RESEARCH", "SERVICE"), "PS3.3 C.12.1"),
    Enumerated("ConstantVolumeFlag FluoroscopyFlag", _YES_NO, "PS3.3 C.8.15.3.2"),
    Enumerated("CalibrationImage", _YES_NO, "PS3.3 C.7.6.12"),
    Enumerated("SOPInstanceStatus", ("NS", "OR", "AO", "AC"), "PS3.3 C.12.1"),
    Enumerated("QueryRetrieveView", ("CLASSIC", "ENHANCED"), "PS3.3 C.12.1"),
    Enumerated(
        "LongitudinalTemporalInformationModified",
        ("UNMODIFIED", "MODIFIED", "REMOVED"),
        "PS3.3 C.12.1",
    ),
    Enumerated("BlockIdentifyingInformationStatus", ("SAFE", "UNSAFE", "MIXED"), "PS3.3 C.12.1"),
    Enumerated("ObserverType", ("PSN", "DEV"), "PS3.3 C.17.2"),
)
_OF_CLASSES = (
    Enumerated("PixelIntensityRelationship", ("LIN", "LOG"), "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Enumerated("RescaleType", ("US",), "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Enumerated("BreastImplantPresent PartialView", _YES_NO, "PS3.3 C.8.11.7", _BREAST),
    Enumerated("PositionerType", ("MAMMOGRAPHIC", "NONE"), "PS3.3 C.8.11.7", classes.MG),
    Enumerated("PositionerType", ("CEPHALOSTAT", "RIGID", "NONE"), "PS3.3 C.8.11.9", classes.IO),
    Enumerated(
        "PixelPresentation",
        ("COLOR", "MONOCHROME", "MIXED", "TRUE_COLOR"),
        "PS3.3 C.8.16.2.1",
        classes.ENHANCED,
    ),
    Enumerated(
        "VolumetricProperties",
        ("VOLUME", "SAMPLED", "DISTORTED", "MIXED"),
        "PS3.3 C.8.16.2.1",
        classes.ENHANCED,
    ),
    Enumerated("BurnedInAnnotation", ("NO",), "PS3.3 C.8.15.2", classes.ENHANCED),
    Enumerated("CompletionFlag", ("PARTIAL", "COMPLETE"), "PS3.3 C.17.2", classes.SR),
    Enumerated("VerificationFlag", ("UNVERIFIED", "VERIFIED"), "PS3.3 C.17.2", classes.SR),
    Enumerated("WholeBodyTechnique", ("1PS", "2PS", "PCN", "MSP"), "PS3.3 C.8.4.9", classes.NM),
    Enumerated("CountsSource", ("EMISSION", "TRANSMISSION"), "PS3.3 C.8.9.1", classes.PT),
    Enumerated("RadiationSetting", ("SC", "GR"), "PS3.3 C.8.7.2", (*classes.XA, *classes.RF)),
    Enumerated("ScanningSequence", ("SE", "IR", "GR", "EP", "RM"), "PS3.3 C.8.3.1", classes.MR),
    Enumerated("MRAcquisitionType", ("2D", "3D"), "PS3.3 C.8.3.1", classes.MR),
    Enumerated("InPlanePhaseEncodingDirection", ("ROW", "COL"), "PS3.3 C.8.3.1", classes.MR),
)
_FIXED = (
    Fixed("RescaleIntercept", 0.0, "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Fixed("RescaleSlope", 1.0, "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Fixed("RescaleIntercept", 0.0, "PS3.3 C.8.9.4", classes.PT),
)
"""P-Values of the DX family are not rescaled; counts of PET start at zero."""
_EARLIER = 0x04000561
"""OriginalAttributesSequence has what was replaced, right or wrong (C.12.1.1.9)."""


def enumerated(file: DicomFile) -> Iterator[Problem]:
    """Attributes with Enumerated Values have one of them, in items too."""
    yield from _anywhere(file.data)
    for keyword, row in _of_class(file.sop_class):
        wrong = [one for one in file.data.texts(keyword) if one not in row.values]
        if wrong:
            yield Problem(keyword, _message(wrong[0], row.values), row.section)
    yield from _image_type(file)
    for fixed in _fixed_in(file.sop_class):
        numbers = file.data.decimals(fixed.keyword)
        if numbers and numbers[0] != fixed.number:
            message = f"is {numbers[0]:g}, not {fixed.number:g}"
            yield Problem(fixed.keyword, message, fixed.section)
    if file.sop_class not in classes.DX_FAMILY:
        return
    sign = file.data.number("PixelIntensityRelationshipSign")
    if sign not in (None, 1, -1):
        message = f"is {sign}, not 1 or -1"
        yield Problem("PixelIntensityRelationshipSign", message, "PS3.3 C.8.11.3")


_OF_IMAGES = (("ORIGINAL", "DERIVED", "MIXED"), ("PRIMARY", "SECONDARY"))
_OF_NM = (
    *_OF_IMAGES,
    ("STATIC", "DYNAMIC", "GATED", "WHOLE BODY", "TOMO", "GATED TOMO", "RECON TOMO",
     "RECON GATED TOMO"),
    ("EMISSION", "TRANSMISSION"),
)  # fmt: skip
"""ImageType by the place of its values."""


def _image_type(file: DicomFile) -> Iterator[Problem]:
    if not classes.is_image(file.sop_class, file.data):
        return
    section = "PS3.3 C.8.4.9.1.1" if file.sop_class in classes.NM else "PS3.3 C.7.6.1.1.2"
    rows = _OF_NM if file.sop_class in classes.NM else _OF_IMAGES
    for value, values in zip(file.data.texts("ImageType"), rows, strict=False):
        if value and value not in values:
            yield Problem("ImageType", _message(value, values), section)
            return


def _anywhere(items: Items) -> Iterator[Problem]:
    rows = _by_tag()
    for element in items.elements.values():
        row = rows.get(element.tag)
        if row is not None and element.is_text:
            found = [one.strip(" \0") for one in text_of(element).split("\\")]
            wrong = [one for one in found if one and one not in row.values]
            if wrong:
                yield Problem(items.where(element), _message(wrong[0], row.values), row.section)
        if element.items and element.tag != _EARLIER:
            for item in element.items:
                yield from _anywhere(item)


@lru_cache(maxsize=1024)
def _of_class(sop_class: str) -> tuple[tuple[str, Enumerated], ...]:
    """The rows of a SOP class, by keyword."""
    rows = (row for row in _OF_CLASSES if sop_class in row.classes)
    return tuple((keyword, row) for row in rows for keyword in row.keywords.split())


@lru_cache(maxsize=1024)
def _fixed_in(sop_class: str) -> tuple[Fixed, ...]:
    return tuple(row for row in _FIXED if sop_class in row.classes)


@cache
def _by_tag() -> dict[int, Enumerated]:
    return {tag_of(keyword): row for row in _ANYWHERE for keyword in row.keywords.split()}


def _message(value: str, values: tuple[str, ...]) -> str:
    return f"is '{value}', not {', '.join(values)}"
