"""The plugins in `plugins/` work as their first lines say, through the doors a third party has."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT, fabricate, record, steps, write_scenario, write_site

STEPS: list[Any] = [
    {"send": {"to": "pacs"}},
    {"inventory": {"of": "pacs"}, "save_as": "listed"},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {"assert": [
        {"equal": {"actual": "{{ listed }}", "expected": 2}},
        {"plausible_age": {"of": "back"}},
    ]},
]  # fmt: skip
PATIENTS = [
    {
        "age": "40y",
        "studies": [
            {
                "accession": "{ward}-{YYYY}-{4digits}",
                "series": [{"modality": "CT", "images": 2, "size": [64, 64]}],
            }
        ],
    }
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(
        tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(ROOT / "plugins")
    )


def test_the_examples_in_one_run(tmp_path: Path, site: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, patients=PATIENTS)
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check()
    result = record(out)
    accession = result["cases"][0]["patients"][0]["studies"][0]["accession"]
    ward, year, number = accession.split("-")
    assert ward in {"ICU", "ER", "ORT", "PED", "ONC", "CAR"}
    assert (len(year), number) == (4, "0001")
    (attached,) = [
        one for one in steps(result)["inventory"]["attachments"] if one["media_type"] == "text/csv"
    ]
    with (out / attached["path"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["accession"], row["status"]) for row in rows] == [(accession, "0000")] * 2
    assert "| s | passed |" in (out / "summary.md").read_text("utf-8")
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert "summary.md" in json.dumps(manifest)
    assert sorted(result["environment"]["plugins"]) == [
        "contacts.py", "inventory.py", "plausible_age.py", "summary_markdown.py", "ward.py"
    ]  # fmt: skip


def test_a_plugin_shows_up_in_the_schema_and_nowhere_without_its_site(site: Path) -> None:
    with_site = fabricate("schema", "scenario", "--site", site).check().out
    assert "List every instance sent to a PACS" in with_site
    assert "plausible_age" in with_site
    assert "inventory" not in fabricate("schema", "scenario").check().out


def test_mistakes_in_a_plugins_step_are_positioned_like_any_other(
    tmp_path: Path, site: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema: scenario/v1\nname: bad\nsteps:\n  - inventory: {off: pacs}\n"
        "  - inventory: {of: pcas}\n",
        encoding="utf-8",
    )
    done = fabricate("validate", bad, "--site", site).check(3)
    assert f"{bad}:4:17: error FAB104: unknown key 'off'; did you mean 'of'?" in done.out
    assert f"{bad}:5:21: error FAB116: the site has no target 'pcas'" in done.out


def test_two_plugins_of_one_name_are_both_named(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    text = (ROOT / "plugins" / "inventory.py").read_text("utf-8")
    (folder / "one.py").write_text(text, encoding="utf-8")
    (folder / "two.py").write_text(text, encoding="utf-8")
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins="plugins")
    done = fabricate("schema", "--site", site).check(2)
    for word in ("'inventory'", "one.py", "two.py"):
        assert word in done.err


def test_a_broken_plugin_is_named_with_its_error_and_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "broken.py").write_text("import nothing_like_that\n", encoding="utf-8")
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins="plugins")
    done = fabricate("schema", "--site", site).check(2)
    assert "broken.py" in done.err
    assert "nothing_like_that" in done.err


def test_a_plugin_whose_model_cannot_be_built_is_named_before_anything_runs(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "strange.py").write_text(
        "from typing import ClassVar\n"
        "from scenario_runner.api import Step\n"
        "from scenario_runner.hooks import hookimpl\n"
        "class Thing:\n    pass\n"
        "class Strange(Step):\n    name: ClassVar[str] = 'strange'\n    thing: Thing\n"
        "@hookimpl\ndef fabricate_steps():\n    return [Strange]\n",
        encoding="utf-8",
    )
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins="plugins")
    scenario = write_scenario(tmp_path / "s.yaml", [{"log": "never said"}])
    done = fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check(2)
    assert "plugin 'strange.py'" in done.err
    assert "Thing" in done.err
