"""What is wrong with the patients is told beside what is wrong elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate

PATIENTS = """\
patients:
  - studies:
      - accession: "{YYYY}{10letters}{7digits}"
        series: [{modality: CR, images: 1}]
"""
RIGHT = "steps:\n  - assert: [{equal: {actual: 1, expected: 1}}]\n"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("steps:\n  - query: {on: pacs, lvl: study}\n", "FAB104"),
        ('steps:\n  - log: {message: "{{ nope }}"}\n', "FAB203"),
        ("steps:\n  - asert: [{equal: {actual: 1, expected: 1}}]\n", "FAB109"),
        ("titel: x\n" + RIGHT, "FAB104"),
    ],
)
def test_an_accession_that_is_too_long_is_told_beside_another_error(
    tmp_path: Path, wrong: str, code: str
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("schema: scenario/v1\nname: s\n" + PATIENTS + wrong)
    found = validate(Sources(paths=[file]))
    errors = [one.code for one in found.diagnostics if one.severity == "error"]
    assert errors == ["FAB302", code]
