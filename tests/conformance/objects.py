"""DICOM objects made byte by byte, so that a test can break exactly one thing about them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR, tag_for_keyword

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.conformance.elements import Items

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
JPEG_LS = "1.2.840.10008.1.2.4.80"
CT_CLASS, DX_CLASS = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1.1"
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4"
NM_CLASS = "1.2.840.10008.5.1.4.1.1.20"
PT_CLASS, US_CLASS = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.3.1"
CR_CLASS, SC_CLASS = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.7"

LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})

Value = "tuple[str, bytes] | list[Object]"
Object = dict[int, "tuple[str, bytes] | list[Object]"]


def tag(keyword: str) -> int:
    """The tag of a keyword."""
    found = tag_for_keyword(keyword)
    assert found is not None, keyword
    return found


def put(target: Object, keyword: str, value: str | int | bytes, vr: str = "") -> None:
    """Set an attribute; texts are padded to an even length, bytes are taken as they are."""
    known = str(dictionary_VR(tag(keyword)))
    vr = vr or ("OW" if "OW" in known else known.split(" or ", maxsplit=1)[0])
    if isinstance(value, int):
        raw = struct.pack({"US": "<H", "UL": "<I", "SS": "<h"}[vr], value)
    elif isinstance(value, str):
        raw = value.encode("ascii")
        raw += (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)
    else:
        raw = value
    target[tag(keyword)] = (vr, raw)


def encode(target: Object, *, implicit: bool = False) -> bytes:
    """Elements in the order of their tags."""
    return b"".join(element(number, target[number], implicit=implicit) for number in sorted(target))


def element(number: int, value: tuple[str, bytes] | list[Object], *, implicit: bool) -> bytes:
    """One element, with the length its value has."""
    if isinstance(value, list):
        items = b"".join(item(encode(each, implicit=implicit)) for each in value)
        return header(number, "SQ", len(items), implicit=implicit) + items
    vr, raw = value
    return header(number, vr, len(raw), implicit=implicit) + raw


def header(number: int, vr: str, length: int, *, implicit: bool) -> bytes:
    """Tag, VR and length."""
    start = struct.pack("<HH", number >> 16, number & 0xFFFF)
    if implicit:
        return start + struct.pack("<I", length)
    if vr in LONG:
        return start + vr.encode() + b"\0\0" + struct.pack("<I", length)
    return start + vr.encode() + struct.pack("<H", length)


def item(raw: bytes) -> bytes:
    """An item of defined length."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(raw)) + raw


def meta(target: Object, syntax: str = EXPLICIT) -> Object:
    """File meta information that agrees with an object."""
    made: Object = {}
    put(made, "FileMetaInformationVersion", b"\0\1", "OB")
    for keyword, source in (
        ("MediaStorageSOPClassUID", "SOPClassUID"),
        ("MediaStorageSOPInstanceUID", "SOPInstanceUID"),
    ):
        value = target.get(tag(source), ("UI", b"1.2.3\0"))
        assert isinstance(value, tuple)
        made[tag(keyword)] = value
    put(made, "TransferSyntaxUID", syntax)
    put(made, "ImplementationClassUID", "2.25.305294631622918079176222463595070891101")
    return made


def part10(target: Object, *, syntax: str = EXPLICIT, group: Object | None = None) -> bytes:
    """A file. group: other file meta information than what agrees with the object."""
    head = encode(meta(target, syntax) if group is None else group)
    if group is None or tag("FileMetaInformationGroupLength") not in group:
        head = element(0x00020000, ("UL", struct.pack("<I", len(head))), implicit=False) + head
    return bytes(128) + b"DICM" + head + encode(target, implicit=syntax == IMPLICIT)


def write(path: Path, target: Object, *, syntax: str = EXPLICIT) -> Path:
    """Write a file."""
    path.write_bytes(part10(target, syntax=syntax))
    return path


_COMMON = {
    "StudyDate": "20240229", "StudyTime": "101500", "AccessionNumber": "A0000001",
    "ReferringPhysicianName": "", "PatientName": "CITIZEN^JANE", "PatientID": "PID000001",
    "PatientBirthDate": "19700131", "PatientSex": "F", "PatientAge": "054Y",
    "StudyInstanceUID": "2.25.1001", "SeriesInstanceUID": "2.25.2001", "StudyID": "1",
    "SeriesNumber": "1", "InstanceNumber": "1", "Manufacturer": "MAKER",
    "SOPInstanceUID": "2.25.3001", "PhotometricInterpretation": "MONOCHROME2",
    "WindowCenter": "40", "WindowWidth": "400", "LossyImageCompression": "00",
}  # fmt: skip
_PIXELS = {
    "SamplesPerPixel": 1, "Rows": 8, "Columns": 6, "BitsAllocated": 16, "BitsStored": 12,
    "HighBit": 11, "PixelRepresentation": 0,
}  # fmt: skip


def _image(**more: str | int) -> Object:
    made: Object = {}
    for keyword, value in {**_COMMON, **_PIXELS, **more}.items():
        put(made, keyword, value)
    put(made, "PixelData", bytes(8 * 6 * 2))
    return made


def ct(index: int = 0) -> Object:
    """A slice of a CT stack, 5 mm from the one before."""
    return _image(
        SOPClassUID=CT_CLASS, Modality="CT", ImageType="ORIGINAL\\PRIMARY\\AXIAL", KVP="120",
        SOPInstanceUID=f"2.25.{3001 + index}", InstanceNumber=str(index + 1),
        AcquisitionNumber="1", FrameOfReferenceUID="2.25.4001", PositionReferenceIndicator="",
        PixelSpacing="0.5\\0.5", SliceThickness="5", ImageOrientationPatient="1\\0\\0\\0\\1\\0",
        ImagePositionPatient=f"-1.25\\-1.75\\{index * 5}", RescaleIntercept="-1024",
        RescaleSlope="1", BodyPartExamined="ABDOMEN",
        PatientPosition="HFS",
    )  # fmt: skip


def dx() -> Object:
    """A digital radiograph of a hand, for presentation."""
    made = _image(
        SOPClassUID=DX_CLASS, Modality="DX", ImageType="ORIGINAL\\PRIMARY\\",
        PresentationIntentType="FOR PRESENTATION", ImageLaterality="L", BodyPartExamined="HAND",
        PixelIntensityRelationship="LOG", RescaleIntercept="0",
        RescaleSlope="1", RescaleType="US", PresentationLUTShape="IDENTITY",
        BurnedInAnnotation="NO", ImagerPixelSpacing="0.2\\0.2", DetectorType="SCINTILLATOR",
        PositionerType="NONE", PatientOrientation="L\\F",
    )  # fmt: skip
    put(made, "PixelIntensityRelationshipSign", struct.pack("<h", -1))
    made[tag("AcquisitionContextSequence")] = []
    region: Object = {}
    put(region, "CodeValue", "85562004")
    put(region, "CodingSchemeDesignator", "SCT")
    put(region, "CodeMeaning", "Hand")
    made[tag("AnatomicRegionSequence")] = [region]
    return made


def mr() -> Object:
    """A spin echo MR image."""
    made = ct()
    for keyword, value in {
        "SOPClassUID": MR_CLASS, "Modality": "MR", "ScanningSequence": "SE", "SequenceVariant": "NONE",
        "ScanOptions": "", "MRAcquisitionType": "2D", "RepetitionTime": "500", "EchoTime": "15",
        "EchoTrainLength": "1",
    }.items():  # fmt: skip
        put(made, keyword, value)
    return made


def pet() -> Object:
    """A PET slice, corrected for decay."""
    made = ct()
    more: dict[str, str | int] = {
        "SOPClassUID": PT_CLASS, "Modality": "PT", "SeriesDate": "20240229", "SeriesTime": "101500",
        "Units": "BQML", "CountsSource": "EMISSION", "SeriesType": "WHOLE BODY\\IMAGE",
        "DecayCorrection": "START", "CollimatorType": "NONE", "CorrectedImage": "DECY",
        "RescaleIntercept": "0", "FrameReferenceTime": "0", "AcquisitionDate": "20240229", "AcquisitionTime": "101500",
        "ActualFrameDuration": "1000", "DecayFactor": "1.1", "NumberOfSlices": 1, "ImageIndex": 1,
    }  # fmt: skip
    for keyword, value in more.items():
        put(made, keyword, value)
    for keyword in (
        "RadiopharmaceuticalInformationSequence", "PatientOrientationCodeSequence",
        "PatientGantryRelationshipCodeSequence",
    ):  # fmt: skip
        made[tag(keyword)] = []
    del made[tag("PatientPosition")]  # which its orientation stands for
    return made


def cine() -> Object:
    """Two frames of ultrasound with one calibrated region."""
    made = _image(
        SOPClassUID=US_CLASS, Modality="US", ImageType="ORIGINAL\\PRIMARY", NumberOfFrames="2",
        FrameTime="40", PatientOrientation="",
    )  # fmt: skip
    put(made, "FrameIncrementPointer", struct.pack("<HH", 0x0018, 0x1063), "AT")
    put(made, "PixelData", bytes(2 * 8 * 6 * 2))
    region: Object = {}
    for keyword, vr in (
        ("RegionSpatialFormat", "US"), ("RegionDataType", "US"), ("RegionFlags", "UL"),
        ("RegionLocationMinX0", "UL"), ("RegionLocationMinY0", "UL"), ("RegionLocationMaxX1", "UL"),
        ("RegionLocationMaxY1", "UL"), ("PhysicalUnitsXDirection", "US"),
        ("PhysicalUnitsYDirection", "US"), ("PhysicalDeltaX", "FD"), ("PhysicalDeltaY", "FD"),
    ):  # fmt: skip
        put(region, keyword, bytes({"US": 2, "UL": 4, "FD": 8}[vr]), vr)
    made[tag("SequenceOfUltrasoundRegions")] = [region]
    return made


def nuclear() -> Object:
    """Two frames of nuclear medicine, one for each of two energy windows."""
    made = _image(
        SOPClassUID=NM_CLASS, Modality="NM", ImageType="ORIGINAL\\PRIMARY\\STATIC\\EMISSION",
        NumberOfFrames="2", PixelSpacing="", CountsAccumulated="", NumberOfEnergyWindows=2,
        NumberOfDetectors=1,
    )  # fmt: skip
    put(made, "FrameIncrementPointer", struct.pack("<HH", 0x0054, 0x0010), "AT")
    put(made, "EnergyWindowVector", struct.pack("<HH", 1, 2))
    put(made, "PixelData", bytes(2 * 8 * 6 * 2))
    for keyword in (
        "EnergyWindowInformationSequence", "RadiopharmaceuticalInformationSequence",
        "DetectorInformationSequence", "PatientOrientationCodeSequence",
        "PatientGantryRelationshipCodeSequence",
    ):  # fmt: skip
        made[tag(keyword)] = []
    return made


def colour() -> Object:
    """A Secondary Capture in RGB."""
    made = _image(
        SOPClassUID=SC_CLASS, Modality="OT", ConversionType="WSD",
        PhotometricInterpretation="RGB", SamplesPerPixel=3, PlanarConfiguration=0,
        BitsAllocated=8, BitsStored=8, HighBit=7, PatientOrientation="",
    )  # fmt: skip
    put(made, "PixelData", bytes(8 * 6 * 3), "OB")
    return made


def compressed(
    made: Object | None = None,
    *,
    syntax: str = JPEG_LS,
    table: bytes = b"",
    fragments: Sequence[int] = (16,),
) -> bytes:
    """An object, or a CT slice, with fragments of what an encoder could have written.

    fragments: their lengths. table: the Basic Offset Table.
    """
    made = ct() if made is None else made
    del made[tag("PixelData")]
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    pixels = header(tag("PixelData"), "OB", 0xFFFFFFFF, implicit=False)
    items = b"".join(item(bytes(length)) for length in fragments)
    return part10(made, syntax=syntax) + pixels + item(table) + items + end


def read_back(items: Items) -> Object:
    """An object as it was read, to be changed and written again."""
    made: Object = {}
    for number, found in items.elements.items():
        if found.items is not None:
            made[number] = [read_back(each) for each in found.items]
        else:
            value = found.value if found.kept else bytes(found.length or 0)
            made[number] = (found.written_vr, value)
    return made
