"""Reports, key objects and enhanced images at real PACS, and under the eyes of other makers' programs."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.imaging.study_of_objects import EVERYTHING, plan_study, write_all
from tests.peers.processes import orthanc
from tests.running import ROOT, events, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ROOT / "scenarios" / "report_and_key_objects.yaml"
NAMES = {
    "ascii": "CITIZEN^JANE",
    "japanese": "'Yamada^Tarou=山田^太郎=やまだ^たろう'",
    "arabic": "محمد^علي",
}


def output(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def test_the_shipped_scenario_passes_on_the_embedded_pacs(tmp_path: Path) -> None:
    out = tmp_path / "run"
    fabricate("run", SHIPPED, "--registry", ":memory:", "--out", out).check(0)
    compared = steps(record(out))["assert"]["checks"]
    message = next(each["message"] for each in compared if each["check"] == "pixels")
    assert message == "9 images are equal; 8 without pixels, reports and the like"
    previews = [each for each in events(out) if each.get("media_type") == "image/png"]
    assert len(previews) == 9, "one of each series, reports too"


def test_pixels_of_a_report_alone_are_nothing_to_compare(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "a.yaml",
        [
            {"send": {"to": "pacs"}},
            {"save_as": "back", "retrieve": {"from": "pacs"}},
            {"assert": [{"pixels": {"of": "back", "equal": "sent"}}]},
        ],
        patients=[{"studies": [{"series": [{"modality": "SR"}]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    (check,) = steps(record(out))["assert"]["checks"]
    assert check["message"] == "nothing to compare; 1 without pixels, reports and the like"


@pytest.mark.peer
def test_the_shipped_scenario_passes_on_orthanc(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        out = tmp_path / "run"
        fabricate("run", SHIPPED, "--registry", ":memory:", "--out", out, "--site", site).check(0)
    assert record(out)["outcome"] == "passed"


@pytest.mark.peer
@pytest.mark.parametrize("script", NAMES)
def test_dcentvfy_and_dciodvfy_find_no_error_in_a_study_of_everything(
    script: str, tmp_path: Path
) -> None:
    files = write_all(plan_study(EVERYTHING, f"name: {NAMES[script]}"), tmp_path)
    assert len(files) == 17
    found = output("dcentvfy", *files)
    assert "Error" not in found, found
    for file in files:
        found = output("dciodvfy", file)
        assert "Error" not in found, (file.name, found)


@pytest.mark.peer
def test_dsrdump_reads_reports_and_key_objects(tmp_path: Path) -> None:
    read = []
    for file in write_all(plan_study(EVERYTHING), tmp_path):
        found = output("dsrdump", "+Pl", file)
        if "Modality" in found or "<CONTAINER:" in found:
            read.append(found)
    assert len(read) == 4
    text = "\n".join(read)
    for words in (
        "Basic Text SR Document",
        "Comprehensive SR Document",
        "Key Object Selection Document",
        'NUM:(,,"Diameter")',
        '"Of Interest"',
        "SYNTHETIC TEST DATA",
    ):
        assert words in text
    assert "\nE: " not in text


@pytest.mark.peer
def test_other_programs_read_each_object_and_find_the_name(tmp_path: Path) -> None:
    for file in write_all(plan_study(EVERYTHING), tmp_path):
        for program in ("dcmdump", "gdcmdump"):
            found = output(program, file)
            assert "CITIZEN^JANE" in found, (program, file.name)
            assert not found.startswith(("E:", "W:"))


def test_frames_are_asked_of_images_only(tmp_path: Path) -> None:
    series = [
        {"modality": "CT", "sop_class": "EnhancedCT", "frames": 3, "size": [64, 64]},
        {"modality": "SR"},
        {"modality": "DOC"},
    ]
    scenario = write_scenario(
        tmp_path / "a.yaml",
        [
            {"send": {"to": "pacs", "via": "stow"}},
            {"save_as": "frames", "retrieve": {"from": "pacs", "as": "frames"}},
            {"assert": [{"pixels": {"of": "frames", "equal": "sent"}}]},
        ],
        patients=[{"studies": [{"series": series}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(0)
    assert steps(record(out))["retrieve"]["message"] == "3 frames retrieved"
