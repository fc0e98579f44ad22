"""SOP classes by family: which Modality goes with them, what their modules require.

A small table on purpose: the modules that every composite object has, and of the common image IODs
the attributes that receivers rely on. Not a copy of PS3.3. For everything else there is dciodvfy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from scenario_runner.conformance.elements import Items

STORAGE = "1.2.840.10008.5.1.4.1.1."
DICOMDIR = "1.2.840.10008.1.3.10"

MODALITIES: dict[str, frozenset[str]] = {
    STORAGE + "1": frozenset({"CR", "MG", "RG", "DX", "PX", "IO"}),
    STORAGE + "1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE + "1.1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE + "1.2": frozenset({"MG"}),
    STORAGE + "1.2.1": frozenset({"MG"}),
    STORAGE + "1.3": frozenset({"IO"}),
    STORAGE + "1.3.1": frozenset({"IO"}),
    STORAGE + "2": frozenset({"CT"}),
    STORAGE + "2.1": frozenset({"CT"}),
    STORAGE + "3.1": frozenset({"US"}),
    STORAGE + "4": frozenset({"MR"}),
    STORAGE + "4.1": frozenset({"MR"}),
    STORAGE + "6.1": frozenset({"US"}),
    STORAGE + "11.1": frozenset({"PR"}),
    STORAGE + "12.1": frozenset({"XA"}),
    STORAGE + "12.2": frozenset({"RF"}),
    STORAGE + "13.1.3": frozenset({"MG"}),
    STORAGE + "20": frozenset({"NM"}),
    STORAGE + "77.1.1": frozenset({"ES"}),
    STORAGE + "77.1.2": frozenset({"GM"}),
    STORAGE + "77.1.4": frozenset({"XC"}),
    STORAGE + "88.11": frozenset({"SR"}),
    STORAGE + "88.22": frozenset({"SR"}),
    STORAGE + "88.33": frozenset({"SR"}),
    STORAGE + "88.59": frozenset({"KO"}),
    STORAGE + "128": frozenset({"PT"}),
    STORAGE + "130": frozenset({"PT"}),
}
"""SOP class to the modalities its IOD allows; a class that is not here allows any."""

CR = (STORAGE + "1",)
DX = (STORAGE + "1.1", STORAGE + "1.1.1")
MG = (STORAGE + "1.2", STORAGE + "1.2.1")
IO = (STORAGE + "1.3", STORAGE + "1.3.1")
CT, MR, PT = (STORAGE + "2",), (STORAGE + "4",), (STORAGE + "128",)
NM = (STORAGE + "20",)
US = (STORAGE + "6.1", STORAGE + "3.1")
XA, RF = (STORAGE + "12.1",), (STORAGE + "12.2",)
SC = tuple(STORAGE + n for n in ("7", "7.1", "7.2", "7.3", "7.4"))
DX_FAMILY = (*DX, *MG, *IO)
"""For presentation and for processing alike."""


class Required(NamedTuple):
    """One row of a module table. type: 1 must have a value, 2 may be empty."""

    keyword: str
    type: int
    section: str


def _module(section: str, one: str = "", two: str = "") -> tuple[Required, ...]:
    return tuple(Required(k, 1, f"PS3.3 {section}") for k in one.split()) + tuple(
        Required(k, 2, f"PS3.3 {section}") for k in two.split()
    )


EVERYWHERE = (
    *_module("C.7.1.1", "", "PatientName PatientID PatientBirthDate PatientSex"),
    *_module(
        "C.7.2.1",
        "StudyInstanceUID",
        "StudyDate StudyTime ReferringPhysicianName StudyID AccessionNumber",
    ),
    *_module("C.7.3.1", "Modality SeriesInstanceUID", "SeriesNumber"),
    *_module("C.12.1", "SOPClassUID SOPInstanceUID"),
)
"""Patient, General Study, General Series and SOP Common."""

IMAGE = _module(
    "C.7.6.3",
    "SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit "
    "PixelRepresentation",
)
"""Image Pixel."""

PIXEL_DATA = _module("C.7.6.3", "PixelData")[0]
_GENERAL_IMAGE = _module("C.7.6.1", "", "InstanceNumber")
_EQUIPMENT = _module("C.7.5.1", "", "Manufacturer")
_FRAME_OF_REFERENCE = _module("C.7.4.1", "FrameOfReferenceUID", "PositionReferenceIndicator")
_PLANE = _module(
    "C.7.6.2", "PixelSpacing ImageOrientationPatient ImagePositionPatient", "SliceThickness"
)
_DX = (
    *_module("C.8.11.1", "PresentationIntentType"),
    *_module("C.8.11.2", "ImageLaterality", "AnatomicRegionSequence"),
    *_module(
        "C.8.11.3",
        "ImageType PixelIntensityRelationship PixelIntensityRelationshipSign RescaleIntercept "
        "RescaleSlope RescaleType PresentationLUTShape LossyImageCompression BurnedInAnnotation",
    ),
    *_module("C.8.11.4", "ImagerPixelSpacing", "DetectorType"),
    *_module("C.8.11.5", "", "PositionerType"),
    *_module("C.7.6.14", "", "AcquisitionContextSequence"),
)

_BY_CLASS: tuple[tuple[tuple[str, ...], tuple[Required, ...]], ...] = (
    (CR, _module("C.8.1.1", "", "BodyPartExamined ViewPosition")),
    (
        MG,
        _module("C.8.11.7", "PositionerType OrganExposed AnatomicRegionSequence ViewCodeSequence"),
    ),
    (DX_FAMILY, _DX),
    (
        CT,
        (
            *_FRAME_OF_REFERENCE,
            *_PLANE,
            *_module("C.8.2.1", "ImageType RescaleIntercept RescaleSlope", "KVP AcquisitionNumber"),
        ),
    ),
    (
        MR,
        (
            *_FRAME_OF_REFERENCE,
            *_PLANE,
            *_module(
                "C.8.3.1",
                "ImageType ScanningSequence SequenceVariant",
                "ScanOptions MRAcquisitionType EchoTime EchoTrainLength",
            ),
        ),
    ),
    (
        PT,
        (
            *_FRAME_OF_REFERENCE,
            *_PLANE,
            *_module(
                "C.8.9.1",
                "SeriesDate SeriesTime Units CountsSource SeriesType NumberOfSlices "
                "DecayCorrection",
                "CollimatorType CorrectedImage",
            ),
            *_module(
                "C.8.9.4",
                "ImageType RescaleIntercept RescaleSlope FrameReferenceTime ImageIndex",
                "AcquisitionDate AcquisitionTime",
            ),
        ),
    ),
    ((*XA, *RF), _module("C.8.7.1", "ImageType PixelIntensityRelationship")),
    (SC, _module("C.8.6.1", "ConversionType")),
    (SC[1:], _module("C.8.6.3", "BurnedInAnnotation")),
)


@lru_cache(maxsize=256)
def required(sop_class: str) -> tuple[Required, ...]:
    """What an object of a SOP class must have; nothing for a class that has no patient."""
    name, kind = uid_name(sop_class)
    if kind and not composite(sop_class, name):
        return ()
    rows = list(EVERYWHERE)
    for classes, more in _BY_CLASS:
        if sop_class in classes:
            rows += more
    if any(sop_class in classes for classes, _ in _BY_CLASS):
        rows += _EQUIPMENT if sop_class not in SC else ()
        rows += _GENERAL_IMAGE
    return tuple(rows)


@lru_cache(maxsize=256)
def uid_name(sop_class: str) -> tuple[str, str]:
    """Name and kind (``SOP Class``) of a UID of the Standard, empty when it is none."""
    from pydicom import config
    from pydicom.uid import UID

    found = UID(sop_class, config.IGNORE)
    return (found.name, found.type) if found.type else ("", "")


def composite(sop_class: str, name: str) -> bool:
    """Whether instances of the class belong to a patient: not templates, protocols or palettes."""
    without = (
        "Hanging",
        "Palette",
        "Implant",
        "Defined Procedure Protocol",
        "Approval",
        "Inventory",
    )
    return sop_class != DICOMDIR and not any(word in name for word in without)


def is_image(sop_class: str, data: Items) -> bool:
    """Whether the Image Pixel Module is due: an image class, or an object that says it has rows."""
    if data.get("FloatPixelData") is not None or data.get("DoubleFloatPixelData") is not None:
        return False
    name, _ = uid_name(sop_class)
    return ("Image" in name and "Storage" in name) or data.get("Rows") is not None
