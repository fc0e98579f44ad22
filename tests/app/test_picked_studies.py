"""The site file of a picked study on its way to a PACS beside no site file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from scenario_runner.app import picked_studies


def test_two_who_pick_a_study_at_once_both_get_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, text = tmp_path / "fhir-1.site.yaml", '{"targets": {}}\n'
    really = Path.replace
    others: list[Path] = []

    def while_another_one_does_the_same(half: Path, to: Path) -> Path:
        if not others:
            others.append(half)
            picked_studies._written(file, text)
            assert file.read_text() == text
        return really(half, to)

    monkeypatch.setattr(Path, "replace", while_another_one_does_the_same)
    assert picked_studies._written(file, text).read_text() == text
    assert list(tmp_path.iterdir()) == [file]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
