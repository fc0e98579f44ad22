"""Objects by modality and SOP class: what a scenario gets, and what it is told when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.imaging.modalities.defaults import ALL
from tests.planning.support import diagnostics, plan

KINDS = {kind.key: kind for kind in ALL}
STUDY = "patients: [{studies: [{series: [%s]}]}]\n"
CT, ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"


def planned(series: str) -> Any:
    return plan(STUDY % series, modalities=KINDS)[0].patients[0].studies[0].series


def said(series: str) -> list[tuple[str, int, str, str | None]]:
    return [
        (each.code, each.where.column, each.message, each.hint)
        for each in diagnostics(STUDY % series, modalities=KINDS)
    ]


@pytest.mark.parametrize(
    "given",
    [
        ENHANCED_CT,
        "EnhancedCTImageStorage",
        "Enhanced CT Image Storage",
        "enhanced ct image",
        "EnhancedCT",
    ],
)
def test_a_sop_class_is_known_by_uid_keyword_and_name(given: str) -> None:
    one = planned(f"{{modality: CT, sop_class: {given}}}")[0]
    assert (one.sop_class_uid, one.modality, one.frames) == (ENHANCED_CT, "CT", 30)
    assert (one.image_count, one.kind) == (1, f"CT {ENHANCED_CT}")


def test_xr_is_dx() -> None:
    one = planned("{modality: XR}")[0]
    assert (one.modality, one.sop_class_uid) == ("DX", "1.2.840.10008.5.1.4.1.1.1.1")


def test_a_modality_has_its_usual_object_without_a_sop_class() -> None:
    assert [one.sop_class_uid for one in planned("{modality: CT}, {modality: SR}")] == [
        CT,
        "1.2.840.10008.5.1.4.1.1.88.11",
    ]


def test_a_foreign_sop_class_is_refused_where_it_stands_and_the_fitting_ones_are_named() -> None:
    (code, column, message, hint), *others = said(
        "{modality: CT, sop_class: EnhancedMRImageStorage}"
    )
    assert not others
    assert (code, column) == ("FAB310", 59)
    assert message == "no series of modality CT can be made as 'EnhancedMRImageStorage'; MR can"
    assert hint is not None
    assert "CTImageStorage, EnhancedCTImageStorage" in hint
    assert "{raw: …}" in hint


def test_a_foreign_class_can_be_claimed_on_purpose() -> None:
    one = planned(f"{{modality: MR, tags: {{SOPClassUID: {{raw: {ENHANCED_CT}}}}}}}")[0]
    assert (one.sop_class_uid, one.kind) == (ENHANCED_CT, "MR")


@pytest.mark.parametrize("modality", ["KO", "PR"])
@pytest.mark.parametrize("after", ["", ", {modality: CT}"])
def test_what_refers_to_images_needs_some_before_it(modality: str, after: str) -> None:
    (code, column, message, hint), *others = said(f"{{modality: {modality}}}{after}")
    assert not others
    assert (code, column) == ("FAB118", 44)
    assert "there are none before it" in message
    assert hint == "write a series with images before it, in the same study"


def test_a_report_can_stand_alone() -> None:
    assert planned("{modality: SR}, {modality: DOC}")[0].image_count == 1


def test_a_presentation_state_is_of_greyscale_images() -> None:
    assert [each[0] for each in said("{modality: XC}, {modality: PR}")] == ["FAB118"]
    assert [each[0] for each in said("{modality: US, frames: 4}, {modality: PR}")] == ["FAB118"]
    assert said("{modality: US}, {modality: PR}") == []


def test_there_is_one_presentation_state_for_each_series() -> None:
    series = planned("{modality: CT, count: 2}, {modality: XC}, {modality: DX}, {modality: PR}")
    assert series[4].image_count == 3
    assert planned("{modality: CT}, {modality: PR, images: 5}")[1].image_count == 5


@pytest.mark.parametrize(
    ("key", "value"), [("size", "[10, 10]"), ("frames", "2"), ("phantom", "ct/head")]
)
def test_what_belongs_to_images_is_refused_on_a_report(key: str, value: str) -> None:
    found = said(f"{{modality: SR, {key}: {value}}}")
    assert [(code, message) for code, _, message, _ in found] == [
        ("FAB118", "an object of modality SR has no pixels")
    ]


def test_a_report_cannot_be_compressed_but_deflated() -> None:
    assert [each[0] for each in said("{modality: SR, transfer_syntax: jpeg-ls}")] == ["FAB118"]
    assert said("{modality: SR, transfer_syntax: deflated}") == []


def test_frames_of_a_class_of_single_frames_are_refused() -> None:
    assert [each[0] for each in said("{modality: CT, frames: 3}")] == ["FAB118"]
    single = "{modality: US, sop_class: UltrasoundImageStorage, frames: 3}"
    assert [each[0] for each in said(single)] == ["FAB118"]
    assert planned("{modality: US, frames: 3}")[0].color


@pytest.mark.parametrize(
    ("series", "told"),
    [
        (
            "{modality: CT, size: [32, 32], burn_in: {code: qr}}",
            "a code can be read from 64 rows and columns on",
        ),
        ("{modality: SR, burn_in: {code: qr}}", "no pixels that could show a code"),
        (
            '{modality: CT, burn_in: ["{{ vars.shown }}"]}',
            "there is no DICOM attribute 'PatientNme'",
        ),
    ],
)
def test_what_cannot_be_written_on_an_image_is_known_before_anything_is_made(
    series: str, told: str
) -> None:
    found = diagnostics("vars: {shown: PatientNme}\n" + STUDY % series, modalities=KINDS)
    assert [told in each.message for each in found] == [True]
    assert "burn_in" in found[0].where.path


@pytest.mark.parametrize(
    ("head", "series"),
    [
        ("", "burn_in: [PatientPosition, PatientOrientation]"),
        ("", "burn_in: [PatientName], tags: {BurnedInAnnotation: {raw: 'YES'}}"),
        ("tags: {BurnedInAnnotation: {raw: 'YES'}}, ", "burn_in: [PatientName]"),
    ],
)
def test_an_enhanced_image_shows_what_identifies_nobody_and_what_it_is_made_wrong_with(
    head: str, series: str
) -> None:
    text = STUDY.replace("{series:", "{" + head + "series:")
    kind = "{modality: CT, sop_class: EnhancedCTImageStorage, %s}"
    assert diagnostics(text % (kind % series), modalities=KINDS) == []
