"""Body parts: their codes are the Standard's, their sides are planned once and shown where they count."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from pydicom import dcmread
from pydicom.sr._concepts_dict import concepts

from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.imaging.phantoms.registry import usual_name
from scenario_runner.planning.anatomy import side
from tests.running import fabricate, record, write_scenario


@pytest.mark.parametrize("term", BODY_PARTS)
def test_a_body_part_has_a_code_of_the_standard(term: str) -> None:
    part = BODY_PARTS[term]
    scheme = cast("dict[str, dict[str, object]]", concepts["SCT"])
    known = {code for found in scheme.values() for code in found}
    # pydicom's copy has all but the calf.
    assert part.code in known or term == "CALF"
    assert len(term) <= 16
    assert term.isalnum()
    assert term.isupper()


@pytest.mark.parametrize(
    ("term", "phantom"),
    [
        ("THUMB", "xray/hand"),
        ("FIBULA", "xray/knee"),
        ("TOE", "xray/hand"),
        ("ORBIT", "xray/skull"),
        ("KIDNEY", "xray/abdomen"),
        ("CLAVICLE", "xray/chest"),
        ("CHEST", "xray/chest"),
        ("GREATTOE", "xray/hand"),
        ("", "xray/chest"),
    ],
)
def test_a_limb_is_not_drawn_as_a_chest(term: str, phantom: str) -> None:
    assert usual_name("DX", term, 1) == phantom


def test_the_table_has_vessels_and_what_animals_have() -> None:
    assert BODY_PARTS["RENALA"].paired
    assert BODY_PARTS["TARSUS"].paired
    assert not BODY_PARTS["AORTICARCH"].paired


@pytest.mark.parametrize(
    ("term", "sides"),
    [
        ("GREATTOE", {"L", "R"}),
        ("LITTLE FINGER", {"L", "R"}),
        ("LEFT_KNEE", {"L"}),
        ("RKNEE", {"R"}),
        ("UPPERCHEST", {None}),
        ("AFRICA", {None}),
        ("FOO", {None}),
    ],
)
def test_a_part_of_no_defined_term_has_the_sides_of_what_it_is_one_of(
    term: str, sides: set[str | None]
) -> None:
    assert {side("DX", term, seed) for seed in range(4)} == sides


@pytest.mark.parametrize("term", ["THUMB", "KIDNEY", "FIBULA"])
@pytest.mark.parametrize("modality", ["DX", "CR", "CT", "MR"])
def test_all_series_of_a_study_show_the_same_side_and_the_plan_says_which(
    term: str, modality: str, tmp_path: Path
) -> None:
    series = {"modality": modality, "images": 1, "size": [64, 64], "body_part": term, "count": 3}
    patients = [{"studies": [{"series": [series]}]}]
    scenario = write_scenario(
        tmp_path / "thumb.yaml", [{"generate": {"to": "dicom"}}], patients=patients, seed=7
    )
    fabricate("run", scenario, "--out", tmp_path / "out").check()
    [planned] = {
        one["laterality"]
        for patient in record(tmp_path / "out")["cases"][0]["patients"]
        for study in patient["studies"]
        for one in study["series"]
    }
    keyword = "ImageLaterality" if modality == "DX" else "Laterality"
    written = {dcmread(file)[keyword].value for file in tmp_path.rglob("*.dcm")}
    assert written == {planned}
    words = {"L": "left", "R": "right"}[planned]
    assert f", {words}" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert f", {words}" in fabricate("plan", scenario).check().out
