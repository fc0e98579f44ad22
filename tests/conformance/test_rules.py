"""Each rule is proved by an object that breaks it, and nothing else."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.rules.table import ELEMENTS, OBJECT, READING
from scenario_runner.conformance.standard import judge
from tests.conformance import objects
from tests.conformance.objects import EXPLICIT, IMPLICIT, Object, ct, dx, put, tag

Change = Callable[[Object], object]

GOOD: dict[str, Callable[[], Object]] = {
    "ct": ct, "dx": dx, "mr": objects.mr, "pet": objects.pet, "cine": objects.cine,
    "colour": objects.colour, "nuclear": objects.nuclear,
}  # fmt: skip


def found(raw: bytes) -> set[tuple[str, str | None]]:
    """Rule and attribute of each finding."""
    return {(each.rule, each.attribute) for each in judge(read_stream(io.BytesIO(raw)))}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("name", GOOD)
def test_the_unbroken_objects_have_no_finding(name: str, syntax: str) -> None:
    assert found(objects.part10(GOOD[name](), syntax=syntax)) == set()
    assert found(objects.compressed()) == set()


def value(keyword: str, text: str | int | bytes, vr: str = "") -> Change:
    return lambda target: put(target, keyword, text, vr)


def in_set(terms: str, name: bytes) -> Change:
    """A patient's name in these character sets."""
    return several(
        value("SpecificCharacterSet", terms), value("PatientName", name + b" " * (len(name) % 2))
    )


def without(keyword: str) -> Change:
    return lambda target: target.pop(tag(keyword))


def empty_sequence(keyword: str) -> Change:
    return lambda target: target.__setitem__(tag(keyword), [])


def region() -> Object:
    """A code of a region of the body."""
    item: Object = {}
    put(item, "CodeValue", "661005")
    put(item, "CodingSchemeDesignator", "SCT")
    put(item, "CodeMeaning", "Jaw region")
    return item


def regions(count: int) -> Change:
    """So many times the same region of the body."""
    return lambda target: target.__setitem__(tag("AnatomicRegionSequence"), [region()] * count)


def raw(number: int, vr: str, data: bytes) -> Change:
    return lambda target: target.__setitem__(number, (vr, data))


def several(*changes: Change) -> Change:
    return lambda target: [change(target) for change in changes]


def inside(change: Change) -> Change:
    """Change the item of the only sequence that has one."""

    def changed(target: Object) -> None:
        items = next(each for each in target.values() if isinstance(each, list) and each)
        assert isinstance(items, list)
        change(items[0])

    return changed


# rule, attribute, kind of object, change
ONE_WRONG: list[tuple[str, str, str, Change]] = [
    ("vr-length", "AccessionNumber", "ct", value("AccessionNumber", "A" * 18)),
    ("vr-length", "PatientID", "ct", value("PatientID", "A" * 66)),
    ("vr-length", "PatientName", "ct", value("PatientName", "A" * 66)),
    ("vr-length", "BodyPartExamined", "ct", value("BodyPartExamined", "A" * 18)),
    ("vr-length", "SliceThickness", "ct", value("SliceThickness", "5.0000000000000000")),
    ("vr-length", "SeriesNumber", "ct", value("SeriesNumber", "0000000000001 ")),
    ("vr-length", "SeriesNumber", "ct", value("SeriesNumber", "1" * 6000)),
    ("vr-length", "RetrieveAETitle", "ct", value("RetrieveAETitle", "A" * 18)),
    ("vr-length", "FrameOfReferenceUID", "ct", value("FrameOfReferenceUID", "1." + "2" * 64)),
    ("vr-length", "AnatomicRegionSequence[0].CodeValue", "dx", inside(value("CodeValue", "1" * 18))),
    ("vr-form", "BodyPartExamined", "ct", value("BodyPartExamined", "Abdomen")),
    ("vr-form", "ScanOptions", "ct", value("ScanOptions", "A-B")),
    ("vr-form", "SeriesDate", "ct", value("SeriesDate", "20230229")),
    ("vr-form", "SeriesDate", "ct", value("SeriesDate", "2024.02.29")),
    ("vr-form", "SeriesTime", "ct", value("SeriesTime", "246000")),
    ("vr-form", "SeriesTime", "ct", value("SeriesTime", "10:15")),
    ("vr-form", "AcquisitionDateTime", "ct", value("AcquisitionDateTime", "20240230101500")),
    ("vr-form", "PatientAge", "ct", value("PatientAge", "54Y")),
    ("vr-form", "KVP", "ct", value("KVP", "120 kV")),
    ("vr-form", "KVP", "ct", value("KVP", "nan")),
    ("vr-form", "AcquisitionNumber", "ct", value("AcquisitionNumber", "1.0")),
    ("vr-form", "AcquisitionNumber", "ct", value("AcquisitionNumber", "2147483648")),
    ("vr-form", "StationAETitle", "ct", value("StationAETitle", "A\tB")),
    ("vr-form", "PatientID", "ct", value("PatientID", "A\r\nB")),
    ("vr-form", "PatientName", "ct", value("PatientName", "A^B^C^D^E^F")),
    ("vr-form", "PatientName", "ct", value("PatientName", "A=B=C=D")),
    ("vr-form", "ImageComments", "ct", value("ImageComments", "bell\a ")),
    ("character-set", "SpecificCharacterSet", "ct", value("SpecificCharacterSet", "ISO 2022 IR 87")),
    ("vr-form", "RetrieveURL", "ct", value("RetrieveURL", " http://a ")),
    ("vr-size", "ExposureTimeInms", "ct", raw(tag("ExposureTimeInms"), "FD", bytes(6))),
    ("vr-size", "TagThickness", "ct", raw(tag("TagThickness"), "FD", bytes(12))),
    ("padding", "StudyInstanceUID", "ct", value("StudyInstanceUID", b"2.25.1001 ")),
    ("padding", "StationName", "ct", value("StationName", b"ROOM1\0")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "1.2.03")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "1.2..3")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "1.2.a")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "1.2.")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "3.2")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "1.40.2")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", f"2.25.{1 << 128}")),
    ("uid", "StudyInstanceUID", "ct", value("StudyInstanceUID", "2.25.1.2")),
    ("multiplicity", "PixelSpacing", "ct", value("PixelSpacing", "0.5")),
    ("multiplicity", "ImagePositionPatient", "ct", value("ImagePositionPatient", "1\\2")),
    ("multiplicity", "StudyID", "ct", value("StudyID", "1\\2")),
    ("multiplicity", "ImageType", "ct", value("ImageType", "ORIGINAL")),
    ("multiplicity", "Rows", "ct", value("Rows", struct.pack("<HH", 8, 8), "US")),
    ("characters", "PatientName", "ct", value("PatientName", "Müller".encode("latin-1"))),
    (
        "alphabetic-group", "PatientName", "ct",
        in_set("ISO 2022 IR 100\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B^A=\x1b$B;3ED\x1b(B"),
    ),
    ("alphabetic-group", "PatientName", "ct", in_set("\\ISO 2022 IR 144", b"\x1b-L\xb8")),
    ("alphabetic-group", "PatientName", "ct", in_set("ISO_IR 192", "O’HARA^ANN".encode())),
    ("alphabetic-group", "PatientName", "ct", in_set("GB18030", "王^小东".encode("gb18030"))),
    ("character-set", "SpecificCharacterSet", "ct", value("SpecificCharacterSet", "ISO IR 100")),
    ("character-set", "SpecificCharacterSet", "ct", value("SpecificCharacterSet", "LATIN1")),
    (
        "character-set", "SpecificCharacterSet", "ct",
        value("SpecificCharacterSet", "ISO_IR 100\\ISO_IR 144"),
    ),
    ("vr", "StudyDescription", "ct", value("StudyDescription", "Abdomen ", "SH")),
    ("vr", "SeriesNumber", "ct", value("SeriesNumber", "1 ", "DS")),
    ("private-creator", "(0011,1001)", "ct", raw(0x00111001, "LO", b"value ")),
    (
        "private-creator", "(0011,1101)", "ct",
        several(raw(0x00110010, "LO", b"MAKER "), raw(0x00111101, "LO", b"value ")),
    ),
    ("private-creator", "(0011,0001)", "ct", raw(0x00110001, "LO", b"value ")),
    ("group", "CommandField", "ct", raw(0x00000100, "US", b"\1\0")),
    ("retired", "(0008,0000)", "ct", raw(0x00080000, "UL", bytes(4))),
    ("retired", "OtherPatientIDs", "ct", raw(0x00101000, "LO", b"X ")),
    ("unknown-tag", "(0008,0FFE)", "ct", raw(0x00080FFE, "LO", b"value ")),
    ("timezone", "TimezoneOffsetFromUTC", "ct", value("TimezoneOffsetFromUTC", "0100")),
    ("timezone", "TimezoneOffsetFromUTC", "ct", value("TimezoneOffsetFromUTC", "+1500 ")),
    ("timezone", "TimezoneOffsetFromUTC", "ct", value("TimezoneOffsetFromUTC", "-0000 ")),
    ("enumerated", "RotationDirection", "ct", value("RotationDirection", "LEFT")),
    ("known-region", "AnatomicRegionSequence", "dx", empty_sequence("AnatomicRegionSequence")),
    ("sop-class", "SOPClassUID", "ct", value("SOPClassUID", "1.2.3.4")),
    ("modality", "Modality", "ct", value("Modality", "MR")),
    ("modality", "Modality", "dx", value("Modality", "CR")),
    ("type-1", "RescaleSlope", "ct", value("RescaleSlope", "")),
    ("type-1", "StudyInstanceUID", "ct", without("StudyInstanceUID")),
    ("type-1", "SeriesInstanceUID", "ct", value("SeriesInstanceUID", "")),
    ("type-1", "FrameOfReferenceUID", "ct", without("FrameOfReferenceUID")),
    ("type-1", "BitsStored", "ct", without("BitsStored")),
    ("type-1", "BurnedInAnnotation", "dx", without("BurnedInAnnotation")),
    ("type-1", "ImageLaterality", "dx", value("ImageLaterality", "  ")),
    ("type-2", "PatientID", "ct", without("PatientID")),
    ("type-2", "StudyDate", "ct", without("StudyDate")),
    ("type-2", "ReferringPhysicianName", "ct", without("ReferringPhysicianName")),
    ("type-2", "Manufacturer", "ct", without("Manufacturer")),
    ("type-2", "DetectorType", "dx", without("DetectorType")),
    ("pixel-data", "PixelData", "ct", without("PixelData")),
    ("enumerated", "PatientSex", "ct", value("PatientSex", "W")),
    ("enumerated", "BurnedInAnnotation", "ct", value("BurnedInAnnotation", "TRUE")),
    ("enumerated", "LossyImageCompression", "ct", value("LossyImageCompression", "1")),
    ("enumerated", "PixelIntensityRelationshipSign", "dx",
     value("PixelIntensityRelationshipSign", b"\0\0", "SS")),
    ("enumerated", "RescaleSlope", "dx", value("RescaleSlope", "2")),
    ("enumerated", "PresentationLUTShape", "dx", value("PresentationLUTShape", "LINEAR")),
    ("enumerated", "ScanningSequence", "mr", value("ScanningSequence", "SE\\XX")),
    ("patient-orientation", "PatientOrientation", "dx", without("PatientOrientation")),
    ("type-1c", "PatientOrientation", "dx", value("PatientOrientation", "")),
    ("enumerated", "ImageType", "ct", value("ImageType", "YES\\PRIMARY\\AXIAL")),
    ("enumerated", "ImageType", "nuclear", value("ImageType", "ORIGINAL\\PRIMARY\\CT\\EMISSION")),
    ("region-modifier", "AnatomicRegionModifierSequence", "ct",
     value("AnatomicRegionModifierSequence", b"", "SQ")),
    ("patient-orientation", "PatientOrientation", "ct", value("PatientOrientation", "YES\\L")),
    ("type-1c", "VOILUTSequence", "mr", value("VOILUTSequence", b"", "SQ")),
    ("type-1c", "RealWorldValueMappingSequence", "ct",
     value("RealWorldValueMappingSequence", b"", "SQ")),
    ("patient-position", "PatientPosition", "ct", without("PatientPosition")),
    ("patient-position", "PatientPosition", "nuclear", value("PatientPosition", "HFS")),
    ("repetition-time", "RepetitionTime", "mr", without("RepetitionTime")),
    ("decay-factor", "DecayFactor", "pet", without("DecayFactor")),
    ("type-1", "FrameIncrementPointer", "cine", without("FrameIncrementPointer")),
    ("frames", "FrameIncrementPointer", "cine", without("FrameTime")),
    ("frames", "EnergyWindowVector", "nuclear", value("EnergyWindowVector", b"\1\0")),
    ("patient-orientation", "PatientOrientation", "colour", without("PatientOrientation")),
    ("type-1", "SequenceOfUltrasoundRegions[0].RegionFlags", "cine", inside(without("RegionFlags"))),
    ("reference", "AnatomicRegionSequence[0].ReferencedSOPInstanceUID", "dx",
     inside(value("ReferencedSOPClassUID", objects.CT_CLASS))),
    ("hounsfield", "RescaleType", "ct", value("RescaleType", "US")),
    ("code", "AnatomicRegionSequence[0].CodeMeaning", "dx", inside(without("CodeMeaning"))),
    ("code", "AnatomicRegionSequence[0].CodeValue", "dx", inside(value("CodeValue", ""))),
    ("code", "AnatomicRegionSequence[0].CodingSchemeDesignator", "dx",
     inside(without("CodingSchemeDesignator"))),
    ("type-2", "AcquisitionContextSequence", "dx", without("AcquisitionContextSequence")),
    ("spacing", "SpacingBetweenSlices", "ct", value("SpacingBetweenSlices", "-5")),
    ("laterality", "Laterality", "ct", value("BodyPartExamined", "KNEE")),
    ("no-laterality", "Laterality", "ct", value("Laterality", "L")),
    ("no-laterality", "Laterality", "ct", value("Laterality", "")),
    ("no-laterality", "Laterality", "ct",
     several(value("BodyPartExamined", "LIVER"), value("Laterality", "R"))),
    ("age", "PatientAge", "ct", value("PatientAge", "053Y")),
    ("age", "PatientAge", "ct", value("PatientAge", "660M")),
    ("birth", "PatientBirthDate", "ct", value("PatientBirthDate", "20240301")),
    ("bits", "BitsAllocated", "ct", value("BitsAllocated", 12)),
    ("bits", "BitsStored", "ct", value("BitsStored", 17)),
    ("bits", "HighBit", "ct", value("HighBit", 15)),
    ("photometric", "PhotometricInterpretation", "ct", value("PhotometricInterpretation", "GREY")),
    ("photometric", "SamplesPerPixel", "ct", value("PhotometricInterpretation", "RGB")),
    ("planar", "PlanarConfiguration", "ct", value("PlanarConfiguration", 0)),
    ("planar", "PlanarConfiguration", "colour", without("PlanarConfiguration")),
    ("planar", "PlanarConfiguration", "colour", value("PlanarConfiguration", 2)),
    ("pixel-representation", "PixelRepresentation", "ct", value("PixelRepresentation", 2)),
    ("image-size", "Rows", "ct", several(value("Rows", 0), value("PixelData", b""))),
    ("pixel-length", "PixelData", "ct", value("PixelData", bytes(94))),
    ("pixel-length", "PixelData", "ct", value("PixelData", bytes(98))),
    ("pixel-length", "PixelData", "ct", value("NumberOfFrames", "2")),
    ("pixel-length", "PixelData", "colour", value("Rows", 4)),
    ("pixel-vr", "PixelData", "ct", value("PixelData", bytes(96), "OB")),
    ("pixel-vr", "PixelData", "ct", value("PixelData", bytes(96), "UN")),
    ("lossy", "LossyImageCompressionRatio", "dx", value("LossyImageCompression", "01")),
    ("orientation", "ImageOrientationPatient", "ct",
     value("ImageOrientationPatient", "1\\0\\0\\0\\2\\0")),
    ("orientation", "ImageOrientationPatient", "ct",
     value("ImageOrientationPatient", "1\\0\\0\\0.6\\0.8\\0")),
    ("spacing", "PixelSpacing", "ct", value("PixelSpacing", "0\\0.5")),
    ("spacing", "ImagerPixelSpacing", "dx", value("ImagerPixelSpacing", "-1\\-1")),
    ("thickness", "SliceThickness", "ct", value("SliceThickness", "0")),
    ("window", "WindowWidth", "ct", value("WindowWidth", "0")),
    ("window", "WindowWidth", "ct", value("WindowWidth", "400\\80")),
    ("window", "WindowWidth", "ct", several(value("WindowCenter", "40\\40"), value("WindowWidth", "80\\"))),
    ("rescale", "RescaleSlope", "ct", value("RescaleSlope", "0")),
    (
        "rescale", "RescaleSlope", "colour",
        several(value("RescaleIntercept", "0"), value("RescaleType", "US")),
    ),
    (
        "rescale", "RescaleType", "colour",
        several(value("RescaleSlope", "2"), value("RescaleIntercept", "0")),
    ),
    (
        "rescale", "RescaleSlope", "colour",
        several(value("RescaleSlope", ""), value("RescaleIntercept", "0"), value("RescaleType", "US")),
    ),
    ("spacing", "PixelSpacing", "ct", value("PixelSpacing", "0.5\\")),
    ("orientation", "ImageOrientationPatient", "ct", value("ImageOrientationPatient", "1\\0\\0\\0\\1\\")),
    ("orientation", "ImagePositionPatient", "ct", value("ImagePositionPatient", "1\\\\0")),
    ("responsible-role", "ResponsiblePersonRole", "ct", value("ResponsiblePerson", "DOE^JANE")),
    ("responsible-role", "ResponsiblePersonRole", "ct", value("ResponsiblePersonRole", "OWNER")),
    ("clinical-trial-part", "ClinicalTrialTimePointID", "ct", value("ClinicalTrialTimePointDescription", "T")),
    ("clinical-trial-part", "ClinicalTrialCoordinatingCenterName", "pet", value("ClinicalTrialSeriesID", "1")),
    ("one-region", "AnatomicRegionSequence", "ct", regions(2)),
    ("aspect-ratio", "PixelAspectRatio", "ct", value("PixelAspectRatio", "2\\1")),
    ("aspect-ratio", "PixelAspectRatio", "colour", value("PixelAspectRatio", "1\\1")),
    ("padding-range", "PixelPaddingValue", "ct", value("PixelPaddingRangeLimit", 1, "US")),
    (
        "palette",
        "RedPaletteColorLookupTableDescriptor",
        "ct",
        value("RedPaletteColorLookupTableDescriptor", struct.pack("<3H", 1, 0, 8), "US"),
    ),
    ("pet-series", "FrameTime", "pet", value("FrameTime", "1")),
    ("pet-series", "NumberOfTimeSlices", "pet", value("NumberOfTimeSlices", 2)),
    (
        "frames-by", "FrameIncrementPointer", "nuclear",
        several(
            value("FrameIncrementPointer", struct.pack("<6H", 0x54, 0x10, 0x54, 0x20, 0x54, 0x80), "AT"),
            value("DetectorVector", struct.pack("<2H", 1, 1), "US"),
            value("SliceVector", struct.pack("<2H", 1, 2), "US"),
        ),
    ),
    ("frames-by", "SliceVector", "nuclear", value("SliceVector", 1, "US")),
    ("vector", "NumberOfEnergyWindows", "nuclear", value("NumberOfEnergyWindows", 5)),
    ("frame-of-reference-module", "PositionReferenceIndicator", "dx", value("FrameOfReferenceUID", "2.25.7")),
    ("shown-by", "WindowCenter", "dx", several(without("WindowCenter"), without("WindowWidth"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sequence", "items", "wrong"),
    [
        ("ProcedureCodeSequence", 1, {("code", "[0].CodeValue"), ("code", "[0].CodeMeaning")}),
        ("ProcedureCodeSequence", 0, set()),
        (
            "SourceImageSequence",
            2,
            {
                ("reference", "[0].ReferencedSOPClassUID"),
                ("reference", "[1].ReferencedSOPClassUID"),
            },
        ),
        ("ReferencedImageSequence", 1, {("reference", "[0].ReferencedSOPClassUID")}),
        ("RequestAttributesSequence", 1, set()),
    ],
)
def test_an_item_of_codes_or_references_says_one(
    sequence: str, items: int, wrong: set[tuple[str, str]]
) -> None:
    made = objects.ct()
    made[objects.tag(sequence)] = [{} for _ in range(items)]
    said = {
        (rule, attribute)
        for rule, attribute in found(objects.part10(made))
        if rule in ("code", "reference")
    }
    assert said == {(rule, sequence + place) for rule, place in wrong}


def test_a_concept_has_one_name() -> None:
    made = objects.ct()
    name: objects.Object = {}
    objects.put(name, "CodeValue", "1")
    objects.put(name, "CodingSchemeDesignator", "99FAB")
    objects.put(name, "CodeMeaning", "One")
    made[objects.tag("ConceptNameCodeSequence")] = [name]
    assert ("code", "ConceptNameCodeSequence") not in found(objects.part10(made))
    made[objects.tag("ConceptNameCodeSequence")] = [name, name]
    assert ("code", "ConceptNameCodeSequence") in found(objects.part10(made))


def test_the_subject_of_a_trial_is_of_one() -> None:
    made = objects.ct()
    objects.put(made, "ClinicalTrialSubjectID", "S1")
    missing = {
        attribute for rule, attribute in found(objects.part10(made)) if rule == "clinical-trial"
    }
    assert missing == {
        f"ClinicalTrial{one}"
        for one in ("SponsorName", "ProtocolID", "ProtocolName", "SiteID", "SiteName")
    }


SPECIES = {"PatientSpeciesDescription"}
OF_AN_ANIMAL = {
    "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence",
    "ResponsiblePerson", "ResponsibleOrganization", "PatientSexNeutered",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tells", "missing"),
    [
        (value("PatientSpeciesDescription", "Human"), set()),
        (value("PatientSpeciesDescription", "dog"), OF_AN_ANIMAL),
        (
            empty_sequence("PatientBreedCodeSequence"),
            SPECIES | OF_AN_ANIMAL - {"PatientBreedCodeSequence"},
        ),
        (
            lambda made: made.__setitem__(tag("BreedRegistrationSequence"), [{}]),
            SPECIES
            | OF_AN_ANIMAL - {"BreedRegistrationSequence"}
            | {
                f"BreedRegistrationSequence[0].Breed{one}"
                for one in ("RegistrationNumber", "RegistryCodeSequence")
            },
        ),
    ],
    ids=["human", "dog", "breed", "registration"],
)
def test_an_animal_has_what_animals_have(tells: Change, missing: set[str]) -> None:
    made = objects.ct()
    tells(made)
    assert {
        attribute for rule, attribute in found(objects.part10(made)) if rule == "animal"
    } == missing


@pytest.mark.parametrize(
    ("modified", "structure"), [(True, False), (False, True), (True, True), (False, False)]
)
def test_an_intraoral_image_says_in_one_way_which_part_it_shows(
    modified: bool, structure: bool
) -> None:
    made = dx()
    put(made, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.1.3")
    shown = region()
    if modified:
        shown[tag("AnatomicRegionModifierSequence")] = [region()]
    made[tag("AnatomicRegionSequence")] = [shown]
    made.pop(tag("PrimaryAnatomicStructureSequence"), None)
    if structure:
        made[tag("PrimaryAnatomicStructureSequence")] = [region()]
    told = {
        attribute for rule, attribute in found(objects.part10(made)) if rule == "intraoral-region"
    }
    assert told == (set() if modified != structure else {"PrimaryAnatomicStructureSequence"})


def test_a_gated_pet_series_says_where_its_gates_are() -> None:
    made = objects.pet()
    put(made, "SeriesType", "GATED\\IMAGE")
    assert {attribute for rule, attribute in found(objects.part10(made)) if rule == "pet-series"} == {
        "TriggerTime", "FrameTime", "LowRRValue", "HighRRValue", "NumberOfRRIntervals", "NumberOfTimeSlots",
    }  # fmt: skip


def test_frame_times_of_an_angiogram_are_what_its_frames_are_told_apart_by() -> None:
    made = objects.cine()
    put(made, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.12.1")
    put(made, "FrameTimeVector", "0\\40\\40 ")
    put(made, "FrameIncrementPointer", struct.pack("<HH", 0x0018, 0x1065), "AT")
    assert "cine" not in {rule for rule, _ in found(objects.part10(made))}
    put(made, "FrameIncrementPointer", struct.pack("<HH", 0x0018, 0x1063), "AT")
    assert ("cine", "FrameTimeVector") in found(objects.part10(made))


def test_a_photograph_of_a_specimen_says_of_which() -> None:
    made = objects.colour()
    objects.put(made, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.77.1.4")
    assert "specimen" not in {rule for rule, _ in found(objects.part10(made))}
    objects.put(made, "ContainerDescription", "jar")
    missing = {attribute for rule, attribute in found(objects.part10(made)) if rule == "specimen"}
    assert missing == {
        "ContainerIdentifier", "SpecimenDescriptionSequence", "ContainerTypeCodeSequence",
        "IssuerOfTheContainerIdentifierSequence",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "attribute", "kind", "change"),
    ONE_WRONG,
    ids=[f"{rule}-{attribute}-{n}" for n, (rule, attribute, *_) in enumerate(ONE_WRONG)],
)
def test_one_wrong_is_one_finding(rule: str, attribute: str, kind: str, change: Change) -> None:
    made = GOOD[kind]()
    change(made)
    assert found(objects.part10(made)) == {(rule, attribute)}


def test_what_was_right_in_one_object_is_found_where_it_is_wrong() -> None:
    """Elements that are right are remembered with all that decides about them."""
    latin = raw(tag("OperatorsName"), "PN", b"M\xfcller")
    for _ in range(2):
        for kind in GOOD.values():
            assert found(objects.part10(kind())) == set()
        wrong, foreign = ct(), ct()
        raw(tag("PatientID"), "SH", ct()[tag("PatientID")][1])(wrong)  # type: ignore[arg-type]
        assert found(objects.part10(wrong)) == {("vr", "PatientID")}
        several(value("SpecificCharacterSet", "ISO_IR 100"), latin)(foreign)
        assert found(objects.part10(foreign)) == set()
        value("SpecificCharacterSet", "ISO_IR 192")(foreign)
        assert found(objects.part10(foreign)) == {("characters", "OperatorsName")}


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ("\\ISO 2022 IR 87", b"YAMADA^A=\x1b$B;3ED\x1b(B^A=\x1b$B$d$^$@\x1b(B"),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^A=\x1b$B;3ED\x1b(J"),
        ("ISO_IR 144", b"\xb8\xd2\xd0\xdd"),
        ("ISO_IR 192", "Ἀθηνᾶ^Ивана=山田^花子=やまだ^はなこ".encode()),
        ("ISO_IR 192", "=山田^花子".encode()),
    ],
    ids=["kanji", "katakana", "cyrillic", "utf-8", "no-alphabetic"],
)
def test_an_alphabetic_group_in_the_first_character_set_is_right(terms: str, name: bytes) -> None:
    made = ct()
    in_set(terms, name)(made)
    assert found(objects.part10(made)) == set()


def test_text_is_judged_by_characters_not_by_bytes() -> None:
    made = ct()
    put(made, "SpecificCharacterSet", "ISO_IR 192")
    put(made, "StudyID", ("受" * 16).encode(), "SH")
    put(made, "PatientName", ("A" * 64 + "=" + "山" * 63).encode(), "PN")
    assert found(objects.part10(made)) == set()
    put(made, "StudyID", ("受" * 18).encode(), "SH")
    assert found(objects.part10(made)) == {("vr-length", "StudyID")}


# What a change of the data set cannot say: file meta information, order, structure.


def meta_of(change: Change, *, syntax: str = EXPLICIT) -> bytes:
    group = objects.meta(ct(), syntax)
    change(group)
    return objects.part10(ct(), group=group, syntax=syntax)


META: list[tuple[str, str, Change]] = [
    ("meta-missing", "ImplementationClassUID", without("ImplementationClassUID")),
    ("meta-missing", "FileMetaInformationVersion", without("FileMetaInformationVersion")),
    ("meta-missing", "MediaStorageSOPInstanceUID", value("MediaStorageSOPInstanceUID", "")),
    ("meta-missing", "TransferSyntaxUID", without("TransferSyntaxUID")),
    ("meta-length", "FileMetaInformationGroupLength",
     value("FileMetaInformationGroupLength", 4)),
    ("meta-class", "MediaStorageSOPClassUID",
     value("MediaStorageSOPClassUID", objects.CR_CLASS)),
    ("meta-instance", "MediaStorageSOPInstanceUID",
     value("MediaStorageSOPInstanceUID", "2.25.3002")),
    ("transfer-syntax", "TransferSyntaxUID", value("TransferSyntaxUID", "1.2.3.4.5")),
    ("newer-uid", "TransferSyntaxUID", value("TransferSyntaxUID", "1.2.840.10008.1.2.4.99999")),
    ("uid", "ImplementationClassUID", value("ImplementationClassUID", "1.2.03")),
    ("unknown-tag", "(0002,0FFE)", raw(0x00020FFE, "LO", b"value ")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "attribute", "change"), META)
def test_one_wrong_in_file_meta_is_one_finding(rule: str, attribute: str, change: Change) -> None:
    assert found(meta_of(change)) == {(rule, attribute)}


def test_elements_out_of_order_and_repeated_are_found() -> None:
    made = ct()
    late = objects.element(tag("StudyID"), ("SH", b"1 "), implicit=False)
    assert found(objects.part10(made) + late) == {("element-repeated", "StudyID")}
    del made[tag("StudyID")]
    assert found(objects.part10(made) + late) == {("element-order", "StudyID")}


def test_an_odd_length_is_found() -> None:
    made = ct()
    put(made, "StationName", b"ROOM1")
    assert found(objects.part10(made)) == {("even-length", "StationName")}


def test_a_value_that_is_cut_off_is_found() -> None:
    assert found(objects.part10(ct())[:-2]) == {("truncated", "PixelData")}


def test_bytes_that_are_no_element_are_found() -> None:
    assert found(objects.part10(ct()) + b"\xfc\xff\xf0\xffno element") == {
        ("structure", "(FFFC,FFF0)")
    }


def test_compressed_and_native_pixels_are_told_apart() -> None:
    native = objects.part10(ct(), syntax=objects.JPEG_LS)
    assert found(native) == {("encapsulation", "PixelData")}
    compressed = objects.compressed()
    claims = compressed.replace(objects.JPEG_LS.encode(), EXPLICIT.encode() + b"\0\0\0")
    assert ("encapsulation", "PixelData") in found(claims)


def test_a_frame_without_a_fragment_is_found() -> None:
    item = objects.item(bytes(16))
    assert found(objects.compressed().replace(item, b"")) == {("fragments", "PixelData")}


JPEG = "1.2.840.10008.1.2.4."
RLE = "1.2.840.10008.1.2.5"


def eight_bits(**more: str) -> Object:
    made = objects.colour()
    for keyword, text in more.items():
        put(made, keyword, text)
    return made


def test_lossy_pixels_must_be_told() -> None:
    baseline = objects.compressed(eight_bits(), syntax=JPEG + "50")
    assert found(baseline) == {("lossy", "LossyImageCompression")}


def test_each_lossy_compression_has_a_ratio_and_a_method() -> None:
    made = ct()
    put(made, "LossyImageCompression", "01")
    put(made, "LossyImageCompressionRatio", "10\\2")
    put(made, "LossyImageCompressionMethod", "ISO_15444_1")
    assert found(objects.compressed(made, syntax=JPEG + "91")) == {
        ("lossy", "LossyImageCompressionMethod")
    }


def test_jpeg_baseline_of_more_than_eight_bits_is_found() -> None:
    assert ("baseline-bits", "BitsAllocated") in found(objects.compressed(syntax=JPEG + "50"))


@pytest.mark.parametrize(
    ("name", "syntax", "right"),
    [
        ("YBR_RCT", JPEG + "90", True),
        ("YBR_RCT", JPEG + "201", True),
        ("YBR_RCT", JPEG + "70", False),
        ("YBR_ICT", JPEG + "91", True),
        ("YBR_ICT", JPEG + "90", False),
        ("YBR_FULL_422", RLE, False),
        ("RGB", RLE, True),
        ("RGB", JPEG + "80", True),
    ],
)
def test_colour_is_what_the_transfer_syntax_has(name: str, syntax: str, *, right: bool) -> None:
    file = objects.compressed(eight_bits(PhotometricInterpretation=name), syntax=syntax)
    expected = set() if right else {("compressed-color", "PhotometricInterpretation")}
    assert found(file) == expected


def test_native_pixels_have_no_colour_of_jpeg_2000() -> None:
    made = eight_bits(PhotometricInterpretation="YBR_RCT")
    for syntax in (EXPLICIT, IMPLICIT):
        assert found(objects.part10(made, syntax=syntax)) == {
            ("compressed-color", "PhotometricInterpretation")
        }


@pytest.mark.parametrize(
    ("table", "right"),
    [((), True), ((0, 24), True), ((0, 20), False), ((0,), False), ((24, 0), False)],
)
def test_offsets_lead_to_the_frames(table: tuple[int, ...], *, right: bool) -> None:
    made = objects.cine()
    put(made, "NumberOfFrames", "2")
    file = objects.compressed(
        made, table=b"".join(each.to_bytes(4, "little") for each in table), fragments=(16, 10)
    )
    wrong = {("offset-table", "PixelData")} & found(file)
    assert not wrong if right else wrong


@pytest.mark.parametrize(("syntax", "fragments"), [(RLE, (16, 16)), (JPEG + "80", (16, 15))])
def test_a_fragment_too_many_or_of_odd_length_is_found(
    syntax: str, fragments: tuple[int, ...]
) -> None:
    file = objects.compressed(syntax=syntax, fragments=fragments)
    assert ("fragments", "PixelData") in found(file)


ENCODED = {
    "ISO_IR 100": ("Müller^Jürgen", "latin_1"),
    "ISO_IR 144": ("Люкceмбypг", "iso8859_5"),
    "ISO_IR 127": ("قباني^لنزار", "iso8859_6"),
    "ISO_IR 126": ("Διονυσιος", "iso8859_7"),
    "ISO_IR 138": ("שרון^דבורה", "iso8859_8"),
    "ISO_IR 166": ("นามสกุล", "tis_620"),
    "ISO_IR 13": ("ﾔﾏﾀﾞ^ﾀﾛｳ", "shift_jis"),
    "ISO_IR 192": ("Wang^XiaoDong=王^小東", "utf_8"),
    "GB18030": ("Wang^XiaoDong=王^小东", "gb18030"),
    "GBK": ("Wang^XiaoDong=王^小东", "gbk"),
}


@pytest.mark.parametrize("term", ENCODED)
def test_every_single_character_set_is_decoded(term: str) -> None:
    text, codec = ENCODED[term]
    made = ct()
    encoded = text.encode(codec)
    put(made, "SpecificCharacterSet", term)
    put(made, "PatientName", encoded + b" " * (len(encoded) % 2))
    assert found(objects.part10(made)) == set()


KANJI = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"


@pytest.mark.parametrize(
    ("terms", "name", "right"),
    [
        ("\\ISO 2022 IR 87", KANJI, True),
        ("ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde=" + KANJI[13:], True),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", True),
        ("\\ISO 2022 IR 58", b"Zhang=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1", True),
        ("ISO 2022 IR 100\\ISO 2022 IR 144", b"M\xfcller=\x1b-L\xbb\xee\xda", True),
        ("\\ISO 2022 IR 149", KANJI, False),
        ("\\ISO 2022 IR 87", KANJI[:-3], False),
        ("\\ISO 2022 IR 87", b"A=\x1b$B;3E\x1b(B", False),
        ("\\ISO 2022 IR 87", b"A=\x1b%G\xe5\xb1\xb1", False),
        ("ISO_IR 100", KANJI, False),
        ("ISO_IR 192", "Müller".encode("latin-1"), False),
        ("ISO_IR 192", b"M\xc3", False),
        ("ISO_IR 126", b"\xae", False),
        ("ISO_IR 13", "山田".encode("shift_jis"), False),
    ],
)
def test_code_extension_is_followed_strictly(terms: str, name: bytes, right: bool) -> None:
    made = ct()
    put(made, "SpecificCharacterSet", terms)
    put(made, "PatientName", name + b" " * (len(name) % 2))
    expected = set() if right else {("characters", "PatientName")}
    assert found(objects.part10(made)) == expected


def test_an_item_has_the_character_set_of_the_object_or_its_own() -> None:
    made = dx()
    put(made, "SpecificCharacterSet", "ISO_IR 192")
    inside(value("CodeMeaning", "Hände".encode()))(made)
    assert found(objects.part10(made)) == set()
    inside(value("SpecificCharacterSet", "ISO_IR 100"))(made)
    inside(value("CodeMeaning", "Hände ".encode("latin-1")))(made)
    assert found(objects.part10(made)) == set()


def test_a_private_block_with_its_creator_is_right() -> None:
    made = ct()
    made[0x00110010] = ("LO", b"MAKER ")
    made[0x00111001] = ("LO", b"value ")
    assert found(objects.part10(made)) == set()


@pytest.mark.parametrize("inner", [0x00111002, tag("ReferencedStudySequence")])
@pytest.mark.parametrize(
    ("sequence", "item"),
    [
        ("ProcedureCodeSequence", several(value("CodeValue", ""), value("CodeMeaning", ""))),
        ("ReferencedImageSequence", value("ReferencedSOPInstanceUID", "2.25.7")),
        ("RealWorldValueMappingSequence", value("LUTLabel", "PERCENT ")),
    ],
)
def test_what_is_in_a_private_sequence_is_its_makers_business(
    sequence: str, item: Change, inner: int
) -> None:
    """Philips writes empty codes there: what an item has to hold is said of public sequences (PS3.5 7.8)."""
    one: Object = {}
    item(one)
    made = ct()
    made[0x00110010] = ("LO", b"MAKER ")
    made[0x00111001] = [{0x00110010: ("LO", b"MAKER "), inner: [one], tag(sequence): [dict(one)]}]
    assert found(objects.part10(made)) == set()
    made[tag(sequence)] = [one]
    assert found(objects.part10(made))


def test_every_rule_is_proved_here_or_in_the_tests_beside_it() -> None:
    proved = {rule for rule, *_ in ONE_WRONG} | {rule for rule, *_ in META}
    proved |= {
        "element-repeated", "element-order", "even-length", "truncated", "structure",
        "unjudged", "encapsulation", "fragments", "not-dicom", "no-preamble", "too-large",
        "offset-table", "compressed-color", "baseline-bits", "zeros",
        "functional-groups", "content-item", "dimensions", "original", "whole-body",
            "evidence", "display", "graphics", "positioner-motion", "manufacturer", "real-world-value",
                "specimen", "clinical-trial", "animal", "intraoral-region", "cine",
        "segments", "references-listed", "verified",
    }  # fmt: skip
    assert proved == {rule.id for rule in (*READING, *ELEMENTS, *OBJECT)}


def test_an_offset_from_utc_that_cannot_be_read_is_no_end_of_the_judging() -> None:
    broken = objects.ct()
    put(broken, "SpecificCharacterSet", "ISO_IR 192")
    put(broken, "TimezoneOffsetFromUTC", b"\xff\xfe")
    found = {one.rule for one in judge(read_stream(io.BytesIO(objects.part10(broken))))}
    assert "characters" in found
