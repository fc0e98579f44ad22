"""dciodvfy's own errors do not fail a right object, and excuse no wrong one of the same words."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.outside import dicom3tools
from scenario_runner.conformance.outside.dcentvfy import Dcentvfy
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.outside.known_false import KNOWN_FALSE
from scenario_runner.conformance.standard import Standard
from tests.conformance import objects
from tests.imaging.test_what_validates_conforms import made as planned

if TYPE_CHECKING:
    from scenario_runner.conformance.api import Finding
    from tests.conformance.objects import Object

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]

UTF_8 = ("SpecificCharacterSet", "ISO_IR 192")
CYRILLIC = "Ж".encode()
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


def ct(*put: tuple[str, str | bytes], without: str = "") -> Object:
    made = objects.ct()
    for keyword, value in put:
        objects.put(made, keyword, value)
    if without:
        del made[objects.tag(without)]
    return made


def subsampled(length: int) -> Object:
    made = objects.colour()
    objects.put(made, "BodyPartExamined", "CHEST")
    objects.put(made, "PhotometricInterpretation", "YBR_FULL_422")
    objects.put(made, "PixelData", bytes(length), "OB")
    for window in ("WindowCenter", "WindowWidth"):
        del made[objects.tag(window)]
    return made


def vectors(made: Object, count: int = 2) -> Object:
    """So many values, whatever the number of frames."""
    objects.put(made, "EnergyWindowVector", struct.pack(f"<{count}H", *[1] * count))
    return made


def with_attribute(number: int) -> Object:
    made = objects.ct()
    made[number] = []
    return made


def with_empty(keyword: str) -> Object:
    made = objects.ct()
    made[objects.tag(keyword)] = []
    return made


def of_no_region(made: Object, *, modified: bool = False) -> Object:
    """A region that is empty, or one whose modifier is."""
    region: Object = {}
    objects.put(region, "CodeValue", "69536005")
    objects.put(region, "CodingSchemeDesignator", "SCT")
    objects.put(region, "CodeMeaning", "Head")
    region[objects.tag("AnatomicRegionModifierSequence")] = []
    made[objects.tag("AnatomicRegionSequence")] = [region] if modified else []
    return made


def enhanced(keyword: str, value: str) -> bytes:
    """An enhanced MR object with another value of that attribute."""
    series = {
        "modality": "MR",
        "sop_class": "1.2.840.10008.5.1.4.1.1.4.1",
        "frames": 1,
        "size": [16, 16],
    }
    tags = {keyword: {"raw": value}}
    instances = planned({"tags": tags, "studies": [{"series": [{**series, "images": 1}]}]})
    assert instances
    return b"".join((instances[0].meta, *instances[0].buffers))


RIGHT: dict[str, list[Object | bytes]] = {
    "beside-nothing": [with_empty("StrainStockSequence")],
    "defined-term": [
        enhanced("AcquisitionContrast", "OWN_TERM"),
        enhanced("ComplexImageComponent", "OWN_TERM"),
    ],
    "empty-optional": [
        with_empty("ProcedureCodeSequence"),
        with_empty("ReasonForPerformedProcedureCodeSequence"),
        of_no_region(ct()),
        of_no_region(ct(), modified=True),
    ],
    "length-in-bytes": [
        ct(UTF_8, ("StudyDescription", CYRILLIC * 64), ("StudyID", CYRILLIC * 16)),
        ct(("PatientName", b"A" * 64 + b"=" + b"B" * 64 + b" ")),
        ct(UTF_8, ("PatientName", b"A" * 30 + b"=" + CYRILLIC * 30 + b"=" + CYRILLIC * 30)),
    ],
    "character-unknown": [
        ct(
            ("SpecificCharacterSet", "ISO_IR 203"),
            ("PatientName", "TESTŒUF^ŽÁ".encode("iso8859-15")),
        ),
        ct(("SpecificCharacterSet", "ISO 2022 IR 138"), ("PatientName", b"\xf9\xf8^\xe3")),
        ct(("SpecificCharacterSet", "GBK"), ("PatientName", "=王^小东".encode("gbk"))),
    ],
    "backslash-in-character": [
        ct(
            ("SpecificCharacterSet", "\\ISO 2022 IR 87"),
            ("PatientName", b"A=\x1b$BK\\\x1b(B"),
        )
    ],
    "control-in-text": [ct(("ImageComments", b"one\r\ntwo\tthree\x0c "))],
    "laterality-of-no-part": [
        ct(without="BodyPartExamined"),
        ct(("BodyPartExamined", "")),
        ct(("BodyPartExamined", "MANDIBLE")),
    ],
    "laterality-of-a-pair": [
        ct(("BodyPartExamined", part), ("Laterality", "R"))
        for part in ("ILIUM", "MAXILLA", "URETER")
    ],
    "vector-of-no-frames": [vectors(objects.ct())],
    "class-unknown": [
        ct(("SOPClassUID", LABEL_MAP)),
        ct(("SOPClassUID", "1.2.840.10008.5.1.4.1.1.99999")),
    ],
    "attribute-unknown": [with_attribute(0x00100043)],
    "subsampled-length": [subsampled(8 * 6 * 2)],
    "subsampled-term": [subsampled(8 * 6 * 2)],
}
WRONG: dict[str, Object | bytes] = {
    "beside-nothing": ct(("PatientSpeciesDescription", "MOUSE ")),
    "defined-term": enhanced("AcquisitionContrast", "of no form"),
    "empty-optional": ct(("PatientAge", "012Y\\013Y ")),
    "length-in-bytes": ct(UTF_8, ("StudyDescription", CYRILLIC * 65)),
    "character-unknown": ct(("PatientName", b"\xf9\xf8^\xe3 ")),
    "backslash-in-character": ct(("PatientName", b"A^B\\C^D ")),
    "control-in-text": ct(("ImageComments", b"one\x07two ")),
    "laterality-of-no-part": ct(("BodyPartExamined", "HAND")),
    "laterality-of-a-pair": ct(("BodyPartExamined", "CHEST"), ("Laterality", "R")),
    "vector-of-no-frames": vectors(objects.nuclear(), 5),
    "class-unknown": ct(("SOPClassUID", "1.2.3.4")),
    "attribute-unknown": with_attribute(0x00080FFE),
    "subsampled-length": subsampled(8 * 6 * 2 - 2),
    "subsampled-term": subsampled(8 * 6 * 2 - 2),
}


def found(made: Object | bytes, folder: Path) -> list[Finding]:
    file = folder / "one.dcm"
    file.write_bytes(made if isinstance(made, bytes) else objects.part10(made))
    return Dciodvfy().check(file)


def test_every_known_false_error_has_a_right_and_a_wrong_object_here() -> None:
    assert set(RIGHT) == set(WRONG) == {row.rule for row in KNOWN_FALSE} <= Dciodvfy().rules()
    assert all(row.section.startswith("PS3.") and row.reason for row in KNOWN_FALSE)


def test_the_reference_has_every_known_false_error_with_its_reason() -> None:
    page = (ROOT / "docs/reference/conformance.md").read_text(encoding="utf-8")
    for row in KNOWN_FALSE:
        assert f"| `{row.rule}` | {row.reason} | {row.section} |" in page


@pytest.mark.parametrize("rule", [row.rule for row in KNOWN_FALSE])
def test_a_right_object_does_not_fail_and_is_told_why(rule: str, tmp_path: Path) -> None:
    for made in RIGHT[rule]:
        said = found(made, tmp_path)
        assert [each for each in said if each.severity == "error"] == []
        (marked, *_) = [each for each in said if each.rule == rule]
        assert "known to be false" in marked.message
        assert marked.section.startswith("PS3.")
        assert Standard().check(tmp_path / "one.dcm") == [] or rule in (
            "class-unknown",  # one that is newer than our registry too is a warning there
            "laterality-of-no-part",
        )


@pytest.mark.parametrize("rule", [row.rule for row in KNOWN_FALSE])
def test_the_same_words_about_a_wrong_object_still_fail(rule: str, tmp_path: Path) -> None:
    (row,) = [each for each in KNOWN_FALSE if each.rule == rule]
    said = found(WRONG[rule], tmp_path)
    assert any(each.severity == "error" and row.wording.match(each.message) for each in said)
    assert not any(each.rule == rule for each in said)


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
        ("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"),
        ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
        ("1.2.840.10008.1.2.4.99999", "1.2.840.10008.1.2.4.99999"),
    ],
)
def test_a_younger_compression_is_judged_by_a_copy_that_it_can_read(
    syntax: str, name: str, tmp_path: Path
) -> None:
    said = found(objects.compressed(syntax=syntax), tmp_path)
    assert [(each.severity, each.rule) for each in said] == [("warning", "copy")]
    assert name in said[0].message
    broken = objects.ct()
    del broken[objects.tag("RescaleSlope")]
    said = found(objects.compressed(broken, syntax=syntax), tmp_path)
    assert [each.attribute for each in said if each.severity == "error"] == ["RescaleSlope"]


def deflated(made: Object) -> bytes:
    syntax = "1.2.840.10008.1.2.1.99"
    head = objects.encode(objects.meta(made, syntax))
    length = objects.element(0x00020000, ("UL", struct.pack("<I", len(head))), implicit=False)
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = deflate.compress(objects.encode(made)) + deflate.flush()
    return bytes(128) + b"DICM" + length + head + body


def test_a_deflated_object_is_judged_inflated(tmp_path: Path) -> None:
    said = found(deflated(objects.ct()), tmp_path)
    assert [(each.severity, each.rule) for each in said] == [("warning", "copy")]
    broken = objects.ct()
    objects.put(broken, "PatientSex", "X")
    said = found(deflated(broken), tmp_path)
    assert [each.attribute for each in said if each.severity == "error"] == ["PatientSex"]


def test_studies_of_what_dicom3tools_cannot_read_are_compared_all_the_same(tmp_path: Path) -> None:
    other = objects.ct(1)
    objects.put(other, "PatientName", "OTHER^JANE")
    files = [tmp_path / "a.dcm", tmp_path / "b.dcm"]
    for file, made in zip(files, (objects.ct(0), other), strict=True):
        file.write_bytes(deflated(made))
    errors = [each for each in Dcentvfy().check_study(files) if each.severity == "error"]
    assert {each.attribute for each in errors} == {"PatientName"}
    assert {each.file for each in errors} <= set(map(str, files))


def test_native_pixels_at_which_the_program_ends_are_kept_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = objects.ct()
    for keyword, value in (("BitsAllocated", 32), ("BitsStored", 32), ("HighBit", 31)):
        objects.put(made, keyword, value)
    objects.put(made, "PixelData", bytes(8 * 6 * 4))
    asked: list[str] = []
    monkeypatch.setattr(dicom3tools, "findings", lambda _said, program: asked.append(program))
    (said,) = found(made, tmp_path)
    assert (said.severity, said.rule, asked) == ("warning", "not-judged", [])
    assert "32 bits" in said.message
