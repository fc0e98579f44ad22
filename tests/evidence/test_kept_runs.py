"""Run folders of earlier versions: what was evidence stays evidence.

`kept_runs/` has a small run of each version of the record and of the event log. They are never written again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.comparing import compare
from scenario_runner.evidence.write import read_record, write_reports
from tests.evidence import samples

KEPT = sorted((Path(__file__).parent / "kept_runs").iterdir())


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_run_of_an_earlier_version_still_has_its_reports(kept: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kept, tmp_path / "run"))
    record = write_reports(folder, fabricate_reporters())
    assert record.outcome == "failed"
    assert record.problems == []
    assert [case.outcome for case in record.cases] == ["failed", "error"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "5 attributes of 2 instances differ" in page


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_run_of_today_is_compared_with_one_of_an_earlier_version(
    kept: Path, tmp_path: Path
) -> None:
    today = read_record(samples.failing().write(tmp_path / "today"))
    assert not compare(read_record(kept), today).of("worse")


def test_a_log_of_a_later_version_is_not_read_as_if_it_were_known(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path / "run")
    log = folder / "events.ndjson"
    text = log.read_text(encoding="utf-8")
    assert '"schema":"events/v1"' in text
    log.write_text(text.replace("events/v1", "events/v9"), encoding="utf-8")
    (problem,) = read_record(folder).problems
    assert "events/v9" in problem
