"""The tables of the ground room beside those of pydicom, which come from the Standard's own text."""

from __future__ import annotations

import struct

import pytest
from pydicom import uid, valuerep
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.datadict import get_entry

from scenario_runner.dicom import levels, sop_classes, syntaxes, vrs
from scenario_runner.dicom.dictionary import tag_of, vr_of, vrs_of


def _names(members: set[valuerep.VR]) -> set[str]:
    return {str(one) for one in members}


def test_value_representations_are_those_of_the_standard() -> None:
    assert _names(valuerep.STANDARD_VR) == vrs.ALL
    assert _names(valuerep.BYTES_VR) == vrs.BYTES
    assert _names(valuerep.CUSTOMIZABLE_CHARSET_VR) == vrs.CHARACTER_SET
    assert _names(valuerep.DEFAULT_CHARSET_VR) == vrs.ASCII
    assert _names(valuerep.STR_VR) == vrs.TEXT
    assert _names(valuerep.INT_VR) - {"AT"} == vrs.INTEGERS
    assert _names(valuerep.FLOAT_VR) == vrs.REALS


def test_lengths_are_written_in_as_many_bytes_as_the_standard_says() -> None:
    assert _names(valuerep.EXPLICIT_VR_LENGTH_32) == vrs.LONG
    assert _names(valuerep.EXPLICIT_VR_LENGTH_16) == vrs.ALL - vrs.LONG


def test_sizes_of_numbers_are_those_of_their_codes() -> None:
    assert {vr: struct.calcsize(f"<{code}") for vr, code in vrs.STRUCT_CODES.items()} == (
        valuerep.VALUE_LENGTH
    )
    assert {vr: vrs.VALUE_SIZES[vr] for vr in valuerep.VALUE_LENGTH} == valuerep.VALUE_LENGTH


def test_no_text_is_longer_than_pydicom_would_let_it() -> None:
    assert valuerep.MAX_VALUE_LEN.items() <= vrs.LONGEST_TEXT.items()


@pytest.mark.parametrize(
    ("vr", "value", "turned"),
    [
        ("US", b"\1\2\3\4", b"\2\1\4\3"),
        ("AT", b"\1\2\3\4", b"\2\1\4\3"),
        ("FL", b"\1\2\3\4", b"\4\3\2\1"),
        ("OD", bytes(range(8)), bytes(range(7, -1, -1))),
        ("OW", b"\1\2\3", b"\2\1\3"),
        ("OB", b"\1\2", b"\1\2"),
        ("UN", b"\1\2", b"\1\2"),
    ],
)
def test_words_change_places_and_bytes_do_not(vr: str, value: bytes, turned: bytes) -> None:
    assert vrs.swapped(value, vr) == turned
    assert vrs.swapped(turned, vr) == value


def _constants(module: object) -> dict[str, str]:
    return {
        name: value
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and not name.endswith("ARC")
    }


@pytest.mark.parametrize(("name", "value"), _constants(syntaxes).items())
def test_a_transfer_syntax_is_one(name: str, value: str) -> None:
    known = uid.UID(value)
    assert known.type == "Transfer Syntax", name
    assert ("Lossless" in known.name) >= (name.endswith("LOSSLESS")), known.name


@pytest.mark.parametrize(("name", "value"), syntaxes.TRANSFER_SYNTAXES.items())
def test_a_transfer_syntax_goes_by_the_standards_words_too(name: str, value: str) -> None:
    known = uid.UID(value)
    words = (name, name.upper().replace("-", "_"), value, known.keyword, known.name.lower())
    assert {syntaxes.transfer_syntax_uid(one) for one in words} == {value}
    assert syntaxes.transfer_syntax_uid("JPEGLossless") is None  # Process 14 of any selection value


def test_sop_classes_have_the_names_of_the_dictionary() -> None:
    words = {name: uid.UID(value).name.upper() for name, value in _constants(sop_classes).items()}
    spelt = {
        "MPPS": "MODALITY PERFORMED PROCEDURE STEP",
        "STORAGE_COMMITMENT_INSTANCE": "STORAGE COMMITMENT PUSH MODEL SOP INSTANCE",
        "DIGITAL_XRAY": "DIGITAL X-RAY",
        "DIGITAL_INTRA_ORAL": "DIGITAL INTRA-ORAL X-RAY",
        "ULTRASOUND_MULTI_FRAME": "ULTRASOUND MULTI-FRAME",
        "GRAYSCALE_PRESENTATION_STATE": "GRAYSCALE SOFTCOPY PRESENTATION STATE",
        "XRAY_ANGIOGRAPHIC": "X-RAY ANGIOGRAPHIC",
        "XRAY_RADIOFLUOROSCOPIC": "X-RAY RADIOFLUOROSCOPIC",
        "LEGACY_ENHANCED_PET": "LEGACY CONVERTED ENHANCED PET",
        "APPLICATION_CONTEXT": "DICOM APPLICATION CONTEXT",
        "MEDIA_STORAGE_DIRECTORY": "MEDIA STORAGE DIRECTORY STORAGE",
    }
    assert {
        name: found
        for name, found in words.items()
        if not found.startswith(spelt.get(name, name.replace("_", " ")))
    } == {}


def test_services_are_those_of_the_information_models() -> None:
    for root, name in (
        (sop_classes.PATIENT_ROOT, "Patient Root Query/Retrieve Information Model"),
        (sop_classes.STUDY_ROOT, "Study Root Query/Retrieve Information Model"),
    ):
        for service, value in (("FIND", root.find), ("MOVE", root.move), ("GET", root.get)):
            assert uid.UID(value).name == f"{name} - {service}"


def test_unique_keys_go_from_the_patient_down() -> None:
    assert [levels.UNIQUE_KEY[level] for level in levels.LEVELS] == ["PatientID", *levels.UIDS]
    assert levels.unique_keys("series") == ("StudyInstanceUID", "SeriesInstanceUID")
    assert levels.unique_keys("PATIENT") == ("PatientID",)


def test_every_tag_of_the_dictionary_has_a_vr_that_can_be_written() -> None:
    # To look one up adds what is newer than pydicom to its dictionary.
    for tag, (vr, *_rest) in list(DicomDictionary.items()):
        found = vr_of(tag)
        assert found in vrs.ALL, f"{tag:08X}"
        assert vr == "NONE" or found in vr
        assert set(vrs_of(tag)) <= vrs.ALL


@pytest.mark.parametrize("mask", RepeatersDictionary)
def test_a_repeating_group_has_the_vr_of_its_mask(mask: str) -> None:
    assert vr_of(int(mask.replace("x", "2"), 16)) in RepeatersDictionary[mask][0]


def test_choices_follow_the_default_transfer_syntax() -> None:
    smallest = tag_of("SmallestImagePixelValue")
    assert get_entry(smallest)[0] == "US or SS"
    assert (vr_of(smallest), vr_of(smallest, signed=True)) == ("US", "SS")
    assert vr_of(tag_of("PixelData")) == "OW"  # PS3.5 A.1
    assert vr_of(0x00090010) == "LO"  # a private creator
    assert vr_of(0x00091001) == "UN"
    assert vr_of(tag_of("PatientName"), "UN") == "PN"
    assert vr_of(0x00080000) == "UL"
