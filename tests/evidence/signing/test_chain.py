"""Runs that name the one before them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from scenario_runner.evidence.chain import chain_to_previous
from scenario_runner.evidence.signing.verify import verify
from tests.evidence.signing.people import command, run_folder
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = """schema: scenario/v1
name: nothing_much
steps: [{log: {message: hello}}]
"""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs by the command line, chained."""
    there = tmp_path_factory.mktemp("chain")
    (there / "nothing.yaml").write_text(NOTHING, encoding="utf-8")
    for name in ("a", "b", "c"):
        arguments = ("--out", f"runs/{name}", "--chain", "--registry", ":memory:")
        fabricate("run", "nothing.yaml", *arguments, cwd=there).check()
    return there / "runs"


@pytest.fixture
def runs(three: Path, tmp_path: Path) -> Path:
    return shutil.copytree(three, tmp_path / "runs")


def _id(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_bytes())["run"])


def test_a_chain_leads_back_to_the_first_run(runs: Path) -> None:
    verdict = verify(runs / "c", whole_chain=True)
    assert not verdict.everything()
    assert verdict.chain == [_id(runs / "b"), _id(runs / "a")]
    assert command("verify", runs / "c", "--chain") == 0


def test_a_run_made_anew_breaks_the_chain_of_those_after_it(runs: Path) -> None:
    manifest = json.loads((runs / "a/manifest.json").read_bytes())
    manifest["outcome"] = "passed with honours"
    (runs / "a/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert [one.change for one in verify(runs / "c").everything()] == ["chain"]
    assert command("verify", runs / "c") == 1


def test_a_file_that_was_changed_in_an_earlier_run_is_told_when_the_chain_is_asked_for(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = runs / "a/events.ndjson"
    log.write_bytes(log.read_bytes().replace(b"hello", b"hallo"))
    (runs / "a/junit.xml").unlink()
    assert command("verify", runs / "c") == 0
    capsys.readouterr()
    assert command("verify", runs / "c", "--chain") == 1
    said = capsys.readouterr().out
    assert "is not what it was: events.ndjson" in said
    assert "and 1 more" in said
    assert command("verify", runs / "b", "--chain") == 1
    assert "chained to 1 run before" in capsys.readouterr().out


def test_of_a_run_and_its_copies_one_that_is_whole_is_enough(runs: Path) -> None:
    for name in ("0", "z"):
        shutil.copytree(runs / "a", runs / name)
    for name in ("0", "z"):
        (runs / name / "events.ndjson").unlink()
    assert command("verify", runs / "c", "--chain") == 0
    (runs / "a/events.ndjson").unlink()
    assert command("verify", runs / "c", "--chain") == 1


def test_a_run_taken_away_is_missed_when_the_chain_is_asked_for(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = _id(runs / "a")
    shutil.rmtree(runs / "a")
    assert command("verify", runs / "c") == 0
    assert f"the run before, {gone}, does not lie beside it" in capsys.readouterr().out
    assert command("verify", runs / "c", "--chain") == 1


def test_reports_made_again_keep_the_chain(runs: Path) -> None:
    before = (runs / "c/manifest.json").read_bytes()
    assert command("report", runs / "c") == 0
    assert (runs / "c/manifest.json").read_bytes() == before


def test_only_runs_of_the_same_site_are_named(tmp_path: Path) -> None:
    run_folder(tmp_path / "one")
    folder = run_folder(tmp_path / "two", "20260201-093000-aaaa")
    assert chain_to_previous(folder, "south") is None
    assert not (folder / "inputs/previous.json").exists()
    found = chain_to_previous(folder, "north")
    assert found is not None
    assert found.run == _id(tmp_path / "one")
