"""`--keep-objects` and `--previews`: what of a run's images stays in its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.dicom.datasets import read_file
from tests.running import fabricate, record, write_scenario

ONE_ALTERED = {
    "alter": {"attribute": "SeriesDescription", "value": "WRONG", "on": "retrieve", "share": 0.5}
}


def run(folder: Path, policy: str, *, fault: object = ONE_ALTERED, previews: int = 1) -> Path:
    steps = [
        {"misbehave": {"on": "pacs", "faults": [fault] if fault else []}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"assert": [{"tags": {"of": "back", "equal": "sent"}}]},
    ]
    series = {"modality": "CT", "images": 8, "size": [32, 32]}
    scenario = write_scenario(
        folder / "s.yaml", steps, patients=[{"studies": [{"series": [series, series]}]}]
    )
    out = folder / f"run-{policy}"
    fabricate(
        "run", scenario, "--registry", ":memory:", "--out", out, "--keep-objects", policy,
        "--previews", str(previews),
    ).check(1 if fault else 0)  # fmt: skip
    return out


def objects(out: Path) -> dict[str, Path]:
    below = out / "evidence" / "c001" / "objects"
    return {path.relative_to(below).as_posix(): path for path in below.rglob("*.dcm")}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("kept"), "failed", previews=2)


def test_what_differs_is_kept_as_it_was_sent_and_as_it_came_back(failed: Path) -> None:
    kept = objects(failed)
    case = record(failed)["cases"][0]
    (check,) = next(step["checks"] for step in case["steps"] if step["checks"])
    differing = {one["subject"] for one in check["differences"]}
    assert len(differing) == 8
    assert {*kept} == {f"{side}/{one}.dcm" for side in ("sent", "retrieve") for one in differing}
    for name, path in kept.items():
        wrong = read_file(path).SeriesDescription == "WRONG"
        assert wrong == name.startswith("retrieve/")
    attached = [one for step in case["steps"] for one in step["attachments"]]
    paths = {one["path"] for one in attached if one["media_type"] == "application/dicom"}
    assert paths == {f"evidence/c001/objects/{name}" for name in kept}
    fabricate("verify", failed).check()


def test_pictures_are_spread_over_all_series(failed: Path) -> None:
    pictures = [
        one["subject"]["image"]
        for step in record(failed)["cases"][0]["steps"]
        for one in step["attachments"]
        if one["media_type"] == "image/png"
    ]
    assert pictures == ["p1.s1.e1.i1", "p1.s1.e1.i5", "p1.s1.e2.i1", "p1.s1.e2.i5"]


def test_a_case_that_passed_keeps_nothing_unless_all_is_wanted(tmp_path: Path) -> None:
    assert objects(run(tmp_path, "failed", fault=None)) == {}
    kept = objects(run(tmp_path, "all", fault=None, previews=0))
    assert len(kept) == 32
    sent, back = (kept[f"{side}/p1.s1.e2.i3.dcm"] for side in ("sent", "retrieve"))
    assert read_file(sent).PixelData == read_file(back).PixelData
    assert not list(tmp_path.glob("run-all/evidence/**/*.png"))
