"""Many runs: what stands out, and which of them may be deleted."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from scenario_runner.app.run_store import prunable, stored
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.chain import chain_to_previous
from scenario_runner.evidence.history import CaseHistory, Past
from scenario_runner.evidence.pages import words_about
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples
from tests.evidence.signing.people import command, key, key_file, run_folder, signed

if TYPE_CHECKING:
    from pathlib import Path


def past(outcomes: str, *durations: float) -> CaseHistory:
    words = {"p": "passed", "f": "failed", "e": "error", "s": "skipped", "i": "interrupted"}
    times = durations or (1.0,) * len(outcomes)
    return CaseHistory(
        "case",
        [
            Past(f"r{n}", "", words[letter], took)  # type: ignore[arg-type]
            for n, (letter, took) in enumerate(zip(outcomes, times, strict=True))
        ],
    )


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ("pppp", []),
        ("pppf", ["newly failing"]),
        ("pppsf", ["newly failing"]),
        ("ppfe", ["failing"]),
        ("f", ["failing"]),
        ("pfpp", []),
        ("pfpfp", ["flaky"]),
        ("pfpf", ["newly failing", "flaky"]),
        ("pisp", []),
        ("s", []),
    ],
)
def test_what_stands_out_is_said_in_words(outcomes: str, words: list[str]) -> None:
    assert words_about(past(outcomes), 1.0) == words


def test_a_case_is_slow_against_what_it_usually_takes() -> None:
    assert words_about(past("pppp", 1, 1.2, 0.9, 2.5), 1.0) == ["slow"]
    assert words_about(past("pppp", 1, 1.2, 0.9, 1.8), 1.0) == []
    assert words_about(past("pp", 1, 9), 1.0) == []  # one run is no habit
    assert words_about(past("pppp", 0.01, 0.01, 0.01, 0.3), 1.0) == []


def test_the_command_reads_a_folder_of_runs_and_draws_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    samples.passing("20260130-a").write(runs / "a")
    samples.failing().write(runs / "b")
    (runs / "no-run").mkdir()
    page = tmp_path / "history.html"
    assert command("history", runs, "--html", page) == 0
    out = capsys.readouterr().out
    assert "newly failing" in out
    assert "2 runs, 2 cases" in out
    text = page.read_text(encoding="utf-8")
    assert text.count("<rect") == 3
    assert command("history", runs, "--format", "json") == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 2
    assert command("runs", "list", runs) == 0
    assert capsys.readouterr().out.count("cases, ") == 2
    assert command("runs", "show", runs / "b") == 0
    assert "assert_1: " in capsys.readouterr().out
    assert command("runs", "show", runs / "no-run") == 2


def test_what_is_signed_or_chained_to_is_not_deleted(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for day in range(1, 6):
        story = samples.passing(f"2026010{day}-x")
        for number, stamped in enumerate(story.events):
            story.events[number] = stamped.__class__(
                stamped.seq, stamped.time.replace("2026-01-31", f"2026-01-0{day}"), stamped.event
            )
        folder = story.write(runs / f"d{day}")
        if day == 5:
            chain_to_previous(folder, "north")
        write_reports(folder, fabricate_reporters())
    assert signed(runs / "d2", key_file(tmp_path, key("ed25519"))) == 0
    gone = prunable(stored(runs), 1, None, passed_only=False)
    assert [one.folder.name for one in gone] == ["d3", "d1"]
    assert command("runs", "prune", runs, "--keep", "1", "--yes") == 0
    assert sorted(one.name for one in runs.iterdir()) == ["d2", "d4", "d5"]


def test_a_copy_of_a_run_is_no_run_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "runs"
    samples.passing("20260130-a").write(runs / "a")
    story = samples.failing()
    story.write(runs / "b", events=20)  # copied while it was under way
    shutil.copytree(story.write(runs / "c"), runs / "d")
    assert command("history", runs, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["runs"]) == 2
    assert {one["past"][-1]["outcome"] for one in told["cases"]} == {"failed", "error"}


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")
def test_a_link_to_the_latest_run_is_no_run_more_and_nothing_is_deleted_through_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two runs one was to stay: the link did, and the run that it led to went."""
    runs = tmp_path / "runs"
    elsewhere = run_folder(tmp_path / "elsewhere", "20260101-x")
    newest = run_folder(runs / "z\nnewest", "20260102-x")
    (runs / "a-latest").symlink_to(newest)
    (runs / "of-another-disk").symlink_to(elsewhere)
    assert command("history", runs) == 0
    assert "2 runs, 1 case;" in capsys.readouterr().out
    assert command("runs", "list", runs) == 0
    assert "z[U+000A]newest" in capsys.readouterr().out
    assert command("runs", "prune", runs, "--keep", "0", "--yes") == 0
    assert sorted(one.name for one in runs.iterdir()) == ["a-latest", "of-another-disk"]
    assert (elsewhere / "events.ndjson").is_file()


def test_an_exported_run_is_whole_and_the_same_bytes_twice(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    assert signed(folder, key_file(tmp_path, key("ed25519"))) == 0
    for name in ("a.zip", "b.zip"):
        assert command("runs", "export", folder, tmp_path / name) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert command("runs", "export", folder, tmp_path / "a.zip") == 2
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "there")
    assert command("verify", tmp_path / "there" / "run") == 0
