"""Lists of scenarios are made again and again, and their files read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app import shipped_scenarios
from scenario_runner.app.shipped_scenarios import scenarios_in
from scenario_runner.language.loader import load_document


def test_a_list_reads_again_only_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(path: Path) -> object:
        read.append(path.name)
        return load_document(path)

    monkeypatch.setattr(shipped_scenarios, "load_document", counted)
    for name in "ab":
        text = f"schema: scenario/v1\nname: {name}\ntitle: First\nsteps: [echo: {{to: pacs}}]\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    assert [one.title for one in scenarios_in(tmp_path)] == ["First", "First"]
    (tmp_path / "b.yaml").write_text(text.replace("First", "Second one"))
    assert [one.title for one in scenarios_in(tmp_path)] == ["First", "Second one"]
    assert read == ["a.yaml", "b.yaml", "b.yaml"]


def test_a_list_leaves_out_a_file_that_is_taken_away_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here.yaml"
    here.write_text("schema: scenario/v1\nname: here\nsteps: [echo: {to: pacs}]\n")
    found = [tmp_path / "gone.yaml", here]
    monkeypatch.setattr(shipped_scenarios, "scenario_files", lambda _: found)
    assert [one.name for one in scenarios_in(tmp_path)] == ["here"]
