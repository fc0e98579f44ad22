"""Which attributes the modules of an object require: a table, not a copy of PS3.3.

The modules that every composite object has, and of the common image IODs the attributes that
receivers rely on. For everything else there is dciodvfy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from scenario_runner.conformance.rules.classes import (
    CR,
    CT,
    DX_FAMILY,
    ENHANCED,
    KO,
    MG,
    MR,
    NM,
    PDF,
    PR,
    PT,
    RF,
    SC,
    SR,
    TOMOSYNTHESIS,
    US,
    VL,
    XA,
    composite,
)  # fmt: skip
from scenario_runner.dicom.dictionary import registered


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

_GENERAL_IMAGE = _module("C.7.6.1", "", "InstanceNumber")
_EQUIPMENT = _module("C.7.5.1", "", "Manufacturer")
_CONTEXT = _module("C.7.6.14", "", "AcquisitionContextSequence")
_SLICE = (
    *_module("C.7.4.1", "FrameOfReferenceUID", "PositionReferenceIndicator"),
    *_module(
        "C.7.6.2", "PixelSpacing ImageOrientationPatient ImagePositionPatient", "SliceThickness"
    ),
)
"""Frame of Reference and Image Plane."""
_NUCLEAR = _module(
    "C.8.4.6", "", "PatientOrientationCodeSequence PatientGantryRelationshipCodeSequence"
)
_CT = _module("C.8.2.1", "ImageType RescaleIntercept RescaleSlope", "KVP AcquisitionNumber")
_MR = _module(
    "C.8.3.1",
    "ImageType ScanningSequence SequenceVariant",
    "ScanOptions MRAcquisitionType EchoTime EchoTrainLength",
)
_NM = (
    *_module("C.8.4.7", "", "PixelSpacing"),
    *_module("C.8.4.8", "FrameIncrementPointer NumberOfEnergyWindows NumberOfDetectors"),
    *_module("C.8.4.9", "ImageType", "CountsAccumulated"),
    *_module(
        "C.8.4.10", "", "EnergyWindowInformationSequence RadiopharmaceuticalInformationSequence"
    ),
    *_module("C.8.4.11", "", "DetectorInformationSequence"),
)
_PT = (
    *_module(
        "C.8.9.1",
        "SeriesDate SeriesTime Units CountsSource SeriesType NumberOfSlices DecayCorrection",
        "CollimatorType CorrectedImage",
    ),
    *_module("C.8.9.2", "", "RadiopharmaceuticalInformationSequence"),
    *_module(
        "C.8.9.4",
        "ImageType RescaleIntercept RescaleSlope FrameReferenceTime ImageIndex",
        "AcquisitionDate AcquisitionTime ActualFrameDuration",
    ),
)
_X_RAY = (
    *_module("C.8.7.1", "ImageType PixelIntensityRelationship"),
    *_module("C.8.7.2", "RadiationSetting", "KVP"),
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
)
_MG = _module("C.8.11.7", "PositionerType OrganExposed AnatomicRegionSequence ViewCodeSequence")
_SC = _module("C.8.6.1", "ConversionType")
_VL = _module("C.8.12.1", "ImageType", "LossyImageCompression")

_MOMENT = "InstanceNumber ContentDate ContentTime"
_ENHANCED = (
    *_module("C.7.4.1", "FrameOfReferenceUID", "PositionReferenceIndicator"),
    *_module("C.7.5.2", "Manufacturer ManufacturerModelName DeviceSerialNumber SoftwareVersions"),
    *_module("C.7.6.16", f"{_MOMENT} NumberOfFrames PerFrameFunctionalGroupsSequence"),
    *_module("C.7.6.17", "DimensionOrganizationSequence DimensionIndexSequence"),
    *_module("C.7.6.1", "ImageType"),
    *_CONTEXT,
)
_CONTENT = _module("C.17.3", "ValueType ConceptNameCodeSequence")
_SR = (
    *_module("C.17.1", "", "ReferencedPerformedProcedureStepSequence"),
    *_module(
        "C.17.2", f"{_MOMENT} CompletionFlag VerificationFlag", "PerformedProcedureCodeSequence"
    ),
    *_CONTENT,
)
_KO = (
    *_module("C.17.6.1", "", "ReferencedPerformedProcedureStepSequence"),
    *_module("C.17.6.2", f"{_MOMENT} CurrentRequestedProcedureEvidenceSequence"),
    *_CONTENT,
)
_PR = (
    *_module(
        "C.11.10",
        "InstanceNumber ContentLabel PresentationCreationDate PresentationCreationTime",
        "ContentDescription ContentCreatorName",
    ),
    *_module("C.11.11", "ReferencedSeriesSequence"),
    *_module("C.10.4", "DisplayedAreaSelectionSequence"),
)
_PDF = (
    *_module("C.8.6.1", "ConversionType"),
    *_module(
        "C.24.2",
        "InstanceNumber BurnedInAnnotation MIMETypeOfEncapsulatedDocument EncapsulatedDocument",
        "ContentDate ContentTime AcquisitionDateTime DocumentTitle ConceptNameCodeSequence",
    ),
)

_BY_CLASS: tuple[tuple[tuple[str, ...], tuple[Required, ...]], ...] = (
    (CR, (*_EQUIPMENT, *_module("C.8.1.1", "", "BodyPartExamined ViewPosition"))),
    (CT, (*_EQUIPMENT, *_SLICE, *_CT)),
    (MR, (*_EQUIPMENT, *_SLICE, *_MR)),
    (PT, (*_EQUIPMENT, *_SLICE, *_NUCLEAR, *_PT)),
    (NM, (*_EQUIPMENT, *_NUCLEAR, *_NM)),
    ((*XA, *RF), (*_EQUIPMENT, *_X_RAY)),
    (XA, _module("C.8.7.5", "", "PositionerPrimaryAngle PositionerSecondaryAngle")),
    (MG, _MG),
    (DX_FAMILY, (*_EQUIPMENT, *_DX, *_CONTEXT)),
    (US, (*_EQUIPMENT, *_module("C.8.5.6", "", "ImageType"))),
    (SC, _SC),
    (SC[1:], _module("C.8.6.3", "BurnedInAnnotation")),
    (VL, (*_EQUIPMENT, *_VL, *_CONTEXT)),
    (ENHANCED, _ENHANCED),
    (TOMOSYNTHESIS, _module("C.8.21.1", "BurnedInAnnotation")),
    (SR, (*_EQUIPMENT, *_SR)),
    (KO, (*_EQUIPMENT, *_KO)),
    (PR, (*_EQUIPMENT, *_PR)),
    (PDF, (*_EQUIPMENT, *_PDF)),
)


IN_ITEMS = {
    "SequenceOfUltrasoundRegions": _module(
        "C.8.5.5",
        "RegionSpatialFormat RegionDataType RegionFlags RegionLocationMinX0 RegionLocationMinY0 "
        "RegionLocationMaxX1 RegionLocationMaxY1 PhysicalUnitsXDirection PhysicalUnitsYDirection "
        "PhysicalDeltaX PhysicalDeltaY",
    ),
}
"""What each item of a sequence must have."""


@lru_cache(maxsize=256)
def required(sop_class: str) -> tuple[Required, ...]:
    """What an object of a SOP class must have, each attribute once, the stricter module first.

    Nothing for a class that has no patient.
    """
    name, kind = registered(sop_class)
    if kind and not composite(sop_class, name):
        return ()
    rows = list(EVERYWHERE)
    for classes, more in _BY_CLASS:
        if sop_class in classes:
            rows += [*more, *_GENERAL_IMAGE]
    rows.sort(key=lambda row: row.type)
    return tuple({row.keyword: row for row in reversed(rows)}.values())
