"""`fabricate list`, and scenarios that are run by their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import ROOT, fabricate

MINE = """\
schema: scenario/v1
name: mine
title: One of my own
tags: [quick]
patients: [{studies: [{series: [{modality: CR}]}]}]
steps: [{generate: {}}]
"""


def test_what_ships_is_listed_under_the_names_it_runs_by(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in fabricate("list", "--format", "json", cwd=tmp_path).check().out.splitlines()]  # fmt: skip
    shipped = {file.relative_to(ROOT) for file in (ROOT / "scenarios").rglob("*.yaml")}
    # Those of a site are run when the site is asked for.
    alone = {file for file in shipped if file.parts[1] not in ("libs", "sites")}
    of_libraries = {
        Path(file.parts[2], file.stem) for file in shipped if "scenarios" in file.parts[1:]
    }
    assert {Path(row["path"]) for row in rows} == alone | of_libraries
    assert of_libraries
    assert len({row["name"] for row in rows}) == len(rows), "no name stands for two"
    one = next(row for row in rows if row["name"] == "order_to_report")
    assert one["path"] == "scenarios/orders/order_to_report.yaml"
    fabricate("validate", *(row["name"] for row in rows), cwd=tmp_path).check()
    told = fabricate("list", "--tag", "smoke", cwd=tmp_path).check().out
    assert "xray_smoke" in told
    assert "fault" not in told


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["run", "xray-smoke"], "xray_smoke"),
        (["run", "first"], "first.yaml"),
        (["run", "first.yml"], "first.yaml"),
        (["lint", "first.yaml"], "validate"),
        (["echo", "PACS@host:104"], "pacs echo"),
    ],
)
def test_who_mistypes_a_name_is_told_what_there_is(
    tmp_path: Path, typed: list[str], meant: str
) -> None:
    (tmp_path / "first.yaml").write_text(MINE)
    assert f"id you mean '{meant}'?" in fabricate(*typed, cwd=tmp_path).check(2).err


def test_scenarios_of_ones_own_are_listed_and_files_win_over_names(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "a.yaml").write_text(MINE)
    (tmp_path / "scenarios" / "broken.yaml").write_text("schema: scenario/v1\nname: [")
    told = fabricate("list", "scenarios", "--format", "csv", cwd=tmp_path).check().out
    assert told.splitlines()[1:] == ["mine,One of my own,quick,scenarios/a.yaml,scenarios"]
    assert "mine" in fabricate("list", cwd=tmp_path).check().out
    fabricate("list", "scenarios", "--tag", "smoke", cwd=tmp_path).check(5)
    (tmp_path / "xray_smoke").write_text(MINE)
    told = fabricate("validate", "xray_smoke", "nobody", cwd=tmp_path).check(2).err
    assert "no 'nobody' here" in told
    assert "mine: 1 patient" in fabricate("plan", "xray_smoke", cwd=tmp_path).check().out


def test_scenarios_of_libraries_are_listed_as_they_are_run(tmp_path: Path) -> None:
    library = tmp_path / "libs" / "radiology"
    (library / "scenarios").mkdir(parents=True)
    (library / "library.yaml").write_text("schema: library/v1\nname: radiology\nversion: 1.2.0\n")
    (library / "scenarios" / "mine.yaml").write_text(MINE)
    rows = fabricate("list", "--tag", "quick", "--format", "csv", cwd=tmp_path).check().out
    assert rows.splitlines()[1:] == [
        "radiology/mine,One of my own,quick,radiology/mine,radiology 1.2.0"
    ]
    assert "radiology 1.2.0" in fabricate("list", "--tag", "quick", cwd=tmp_path).check().out
    fabricate("validate", "radiology/mine", cwd=tmp_path).check()
