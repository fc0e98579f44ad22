"""Attributes that stand or fall together: with another one, or with a module an object need not have (PS3.3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from scenario_runner.amounts import amount
from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import Required, modules_of
from scenario_runner.dicom.dictionary import tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items


def of_a_module(
    data: Items, rows: Sequence[Required], others: Sequence[str], what: str
) -> Iterator[Problem]:
    """What is missing of a module that an object need not have, and has something of."""
    keywords = [*others, *(row.keyword for row in rows)]
    told = next((keyword for keyword in keywords if data.get(keyword) is not None), None)
    for row in rows if told is not None else ():
        element = data.get(row.keyword)
        if element is None or (row.type == "1" and element.empty):
            yield Problem(row.keyword, f"is missing, and {told} tells of {what}", row.section)


_SPECIES: Final = ("PatientSpeciesDescription", "PatientSpeciesCodeSequence")
_OF_AN_ANIMAL: Final = (
    "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence",
    "ResponsiblePerson", "ResponsibleOrganization", "PatientSexNeutered",
)  # fmt: skip
_TELLING_OF_AN_ANIMAL: Final = (*_SPECIES, *_OF_AN_ANIMAL[:3])
_HUMANS: Final = frozenset(("337915000", "L-85B00"))


def animal(file: DicomFile) -> Iterator[Problem]:
    """A patient that is an animal has a species, and what else an animal has (1C and 2C, PS3.3 C.7.1.1, C.7.2.2)."""
    if "patient" not in modules_of(file.sop_class):
        return
    data = file.data
    for item in data.items_of("BreedRegistrationSequence"):
        for keyword in ("BreedRegistrationNumber", "BreedRegistryCodeSequence"):
            element = item.get(keyword)
            if element is None or element.empty:
                yield Problem(item.path + keyword, "is missing from a registration")
    told = next((one for one in _TELLING_OF_AN_ANIMAL if data.get(one) is not None), None)
    if told is None or _is_human(data):
        return
    if all((element := data.get(one)) is None or element.empty for one in _SPECIES):
        yield Problem(_SPECIES[0], f"is missing, and {told} tells of an animal")
    for keyword in _OF_AN_ANIMAL:
        coded = keyword == "PatientBreedDescription" and data.items_of("PatientBreedCodeSequence")
        if data.get(keyword) is None and not coded:
            section = "PS3.3 C.7.2.2" if keyword == "PatientSexNeutered" else ""
            yield Problem(keyword, f"is missing, and {told} tells of an animal", section)


def _is_human(data: Items) -> bool:
    coded = {item.text("CodeValue") for item in data.items_of("PatientSpeciesCodeSequence")}
    described = data.text("PatientSpeciesDescription").casefold()
    return bool(coded & _HUMANS) or described in ("human", "homo sapiens")


def responsible_role(file: DicomFile) -> Iterator[Problem]:
    """Who is responsible for a patient is so as owner, parent and the like (1C)."""
    if "patient" not in modules_of(file.sop_class):
        return
    person, role = file.data.text("ResponsiblePerson"), file.data.get("ResponsiblePersonRole")
    if person and role is None:
        yield Problem("ResponsiblePersonRole", "is missing; there is a ResponsiblePerson")
    elif role is not None and not person:
        yield Problem("ResponsiblePersonRole", "is there, but no ResponsiblePerson")


_TRIAL_STUDY: Final = (Required("ClinicalTrialTimePointID", "2", "PS3.3 C.7.2.3"),)
_TRIAL_STUDY_OTHERS: Final = (
    "ClinicalTrialTimePointDescription",
    "ConsentForClinicalTrialUseSequence",
)
_TRIAL_SERIES: Final = (Required("ClinicalTrialCoordinatingCenterName", "2", "PS3.3 C.7.3.2"),)
_TRIAL_SERIES_OTHERS: Final = ("ClinicalTrialSeriesID", "ClinicalTrialSeriesDescription")


def clinical_trial_parts(file: DicomFile) -> Iterator[Problem]:
    """Who tells of the study or series of a clinical trial says at which time, or of which centre."""
    if "patient" in modules_of(file.sop_class):
        data = file.data
        yield from of_a_module(
            data, _TRIAL_STUDY, _TRIAL_STUDY_OTHERS, "a study of a clinical trial"
        )
        yield from of_a_module(
            data, _TRIAL_SERIES, _TRIAL_SERIES_OTHERS, "a series of a clinical trial"
        )


def one_region(file: DicomFile) -> Iterator[Problem]:
    """An image shows one region (tables 10-5 to 10-8)."""
    count = len(file.data.items_of("AnatomicRegionSequence"))
    if count > 1 and classes.is_image(file.sop_class, file.data):
        yield Problem("AnatomicRegionSequence", f"has {amount(count, 'item')}; an image has one")


def intraoral_region(file: DicomFile) -> Iterator[Problem]:
    """An intra-oral image says which part of its region it shows: by a modifier or by a structure, not both (1C)."""
    data, structure = file.data, "PrimaryAnatomicStructureSequence"
    regions = data.items_of("AnatomicRegionSequence")
    if file.sop_class not in classes.IO or not regions:
        return
    modified = any(one.get("AnatomicRegionModifierSequence") is not None for one in regions)
    if modified and data.get(structure) is not None:
        yield Problem(structure, "stands beside AnatomicRegionModifierSequence")
    elif not modified and data.get(structure) is None:
        yield Problem(structure, "is missing, and so is AnatomicRegionModifierSequence")


_MAY_BE_IN_A_FRAME: Final = (
    *classes.DX_FAMILY, *classes.US, *classes.NM, *classes.SEGMENTATION
)  # fmt: skip
"""Classes for which the Frame of Reference Module is no more than allowed, and is the only one with these attributes."""


def frame_of_reference(file: DicomFile) -> Iterator[Problem]:
    """Who names a frame of reference has both of its attributes (Type 1 and 2)."""
    rows = (
        Required("FrameOfReferenceUID", "1", "PS3.3 C.7.4.1"),
        Required("PositionReferenceIndicator", "2", "PS3.3 C.7.4.1"),
    )
    if file.sop_class in _MAY_BE_IN_A_FRAME:
        yield from of_a_module(file.data, rows, (), "a frame of reference")


def shown_by(file: DicomFile) -> Iterator[Problem]:
    """A digital X-ray image for presentation has a window or a table to be shown by (1C)."""
    data = file.data
    if file.sop_class in classes.DX_FAMILY and (
        data.text("PresentationIntentType") == "FOR PRESENTATION"
        and data.get("WindowCenter") is None
        and data.get("VOILUTSequence") is None
    ):
        yield Problem("WindowCenter", "is missing, and so is VOILUTSequence")


_DISTANCES: Final = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def aspect_ratio(file: DicomFile) -> Iterator[Problem]:
    """PixelAspectRatio is there where pixels are not square and no distance says so (1C)."""
    data, keyword = file.data, "PixelAspectRatio"
    ratio = data.decimals(keyword)
    if data.get(keyword) is None or not classes.is_image(file.sop_class, data):
        return
    distance = next((one for one in _DISTANCES if data.get(one) is not None), None)
    if ratio is not None and len(ratio) == 2 and ratio[0] == ratio[1]:
        yield Problem(keyword, "is 1:1, which goes without saying")
    elif distance is not None:
        yield Problem(keyword, f"stands beside {distance}")


def padding_range(file: DicomFile) -> Iterator[Problem]:
    """A limit of the range of padding has its other end (1C)."""
    if file.data.get("PixelPaddingRangeLimit") is not None and (
        file.data.get("PixelPaddingValue") is None
    ):
        yield Problem("PixelPaddingValue", "is missing, and there is a PixelPaddingRangeLimit")


_PALETTES: Final = tuple(
    f"{color}PaletteColorLookupTable{part}"
    for color in ("Red", "Green", "Blue")
    for part in ("Descriptor", "Data")
)


def palette(file: DicomFile) -> Iterator[Problem]:
    """Tables of colours are of images that are shown by them (1C)."""
    data = file.data
    if not classes.is_image(file.sop_class, data) or (
        data.text("PhotometricInterpretation") == "PALETTE COLOR"
        or data.text("PixelPresentation") in ("COLOR", "MIXED")
    ):
        return
    for keyword in _PALETTES:
        if data.get(keyword) is not None:
            shown = data.text("PhotometricInterpretation")
            yield Problem(keyword, f"is there, but PhotometricInterpretation is '{shown}'")


_GATED: Final = ("TriggerTime", "FrameTime", "LowRRValue", "HighRRValue")
_OF_A_SERIES: Final = {
    "GATED": ("NumberOfRRIntervals", "NumberOfTimeSlots"),
    "DYNAMIC": ("NumberOfTimeSlices",),
}


def pet_series(file: DicomFile) -> Iterator[Problem]:
    """What tells of heart beats or of time is in the PET series that were gated or followed in time (1C)."""
    if file.sop_class not in classes.PT:
        return
    kind = (file.data.texts("SeriesType") or [""])[0]
    wanted = dict.fromkeys(_GATED, "GATED")
    for name, keywords in _OF_A_SERIES.items():
        wanted |= dict.fromkeys(keywords, name)
    for keyword, of in wanted.items():
        section = "PS3.3 C.8.9.4" if keyword in _GATED else "PS3.3 C.8.9.1"
        element = file.data.get(keyword)
        if kind == of and (element is None or element.empty):
            yield Problem(keyword, f"is missing, and SeriesType is {of}", section)
        elif kind and kind != of and element is not None:
            yield Problem(keyword, f"is there, but SeriesType is '{kind}', not {of}", section)


_FRAME_TIME_VECTOR: Final = 0x00181065


def cine(file: DicomFile) -> Iterator[Problem]:
    """A vector of frame times is there where the frames are told apart by it (1C)."""
    data = file.data
    if file.sop_class not in (*classes.XA, *classes.RF) or data.get("FrameTimeVector") is None:
        return
    if _FRAME_TIME_VECTOR not in _pointed_to(data):
        yield Problem("FrameTimeVector", "is there, but FrameIncrementPointer does not point to it")


def _pointed_to(data: Items) -> list[int]:
    """The tags in FrameIncrementPointer."""
    pointer = data.get("FrameIncrementPointer")
    value = pointer.value if pointer else b""
    tags = struct.iter_unpack("<HH", value[: len(value) // 4 * 4])
    return [group << 16 | element for group, element in tags]


_WINDOWS: Final = ("EnergyWindowVector", "DetectorVector")
_ROUND: Final = (*_WINDOWS, "RotationVector")
_BEATS: Final = ("RRIntervalVector", "TimeSlotVector")
_POINTERS: Final = {
    "STATIC": _WINDOWS,
    "WHOLE BODY": _WINDOWS,
    "DYNAMIC": (*_WINDOWS, "PhaseVector", "TimeSliceVector"),
    "GATED": (*_WINDOWS, *_BEATS),
    "TOMO": (*_ROUND, "AngularViewVector"),
    "GATED TOMO": (*_ROUND, *_BEATS, "AngularViewVector"),
    "RECON TOMO": ("SliceVector",),
    "RECON GATED TOMO": (*_BEATS, "SliceVector"),
}
"""What tells frames apart, by the third value of ImageType."""


def nuclear_frames(file: DicomFile) -> Iterator[Problem]:
    """Frames of nuclear medicine are told apart by what their kind of image has, and by no other vector (1C)."""
    if file.sop_class not in classes.NM:
        return
    data, pointed = file.data, _pointed_to(file.data)
    kind = [*file.data.texts("ImageType"), "", "", ""][2]
    due = {tag_of(vector): vector for vector in _POINTERS.get(kind, ())}
    if due and (others := [tag for tag in pointed if tag not in due]):
        message = f"points to {name_of(others[0])}; frames of a {kind} image differ by {', '.join(due.values())}"
        yield Problem("FrameIncrementPointer", message)
    for vector in sorted({one for each in _POINTERS.values() for one in each}):
        if data.get(vector) is not None and tag_of(vector) not in pointed:
            yield Problem(vector, "is there, but FrameIncrementPointer does not point to it")


_VECTORS: Final = {
    "EnergyWindowVector": "NumberOfEnergyWindows",
    "DetectorVector": "NumberOfDetectors",
    "PhaseVector": "NumberOfPhases",
    "RotationVector": "NumberOfRotations",
    "RRIntervalVector": "NumberOfRRIntervals",
    "TimeSlotVector": "NumberOfTimeSlots",
    "SliceVector": "NumberOfSlices",
}


def vectors(file: DicomFile) -> Iterator[Problem]:
    """A vector of nuclear medicine counts to as many as there are (PS3.3 C.8.4.8)."""
    if file.sop_class not in classes.NM:
        return
    frames = file.data.number("NumberOfFrames") or 1
    for vector, number in _VECTORS.items():
        element, count = file.data.get(vector), file.data.number(number)
        if element is None or element.vr != "US" or count is None:
            continue
        values = [
            one for (one,) in struct.iter_unpack("<H", element.value[: len(element.value) // 2 * 2])
        ]
        if len(values) == frames and max(values) != count:
            yield Problem(number, f"is {count}, but {vector} counts to {max(values)}")
