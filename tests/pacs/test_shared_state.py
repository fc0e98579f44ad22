"""What several processes of a PACS know together: merges while others store, and reports of commitment."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import click
import pytest

from scenario_runner.cli import pacs_member
from scenario_runner.pacs.merged_patients import MergedPatients
from scenario_runner.pacs.reports import Outcome, Reports
from scenario_runner.pacs.shared_reports import SharedReports, let_wait_again
from tests.archive.samples import EXPLICIT, sample
from tests.pacs.test_merged_patients import merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TOO_EARLY = 0.3
"""Seconds that a wait has to end too early."""


def test_a_merge_waits_for_what_another_process_judged_before_it_and_for_nothing_else(
    tmp_path: Path,
) -> None:
    told = MergedPatients(tmp_path / "merged.json", shared=True)
    told.begin()
    other = MergedPatients(tmp_path / "merged.json", shared=True)
    settled = threading.Event()

    def settle() -> None:
        told.settle()
        settled.set()

    with other.storing():
        assert other.values_of("P2", "") == {}
        merge(told, "P1", "P2")
        waiting = threading.Thread(target=settle)
        waiting.start()
        with other.storing():  # one that begins now knows of it, and keeps nobody waiting
            assert other.values_of("P2", "")["PatientID"] == "P1"
            assert not settled.wait(_TOO_EARLY), "what was judged before is not in the archive yet"
    with other.storing():
        pass
    waiting.join(10)
    assert settled.is_set()


def test_merges_that_follow_each_other_wait_for_who_judged_before_the_first(tmp_path: Path) -> None:
    told = MergedPatients(tmp_path / "merged.json", shared=True)
    told.begin()
    other = MergedPatients(tmp_path / "merged.json", shared=True)
    with other.storing():
        merge(told, "P1", "P2")
        merge(told, "P3", "P1")
        waiting = threading.Thread(target=told.settle)
        waiting.start()
        waiting.join(_TOO_EARLY)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
    with other.storing():
        assert other.values_of("P2", "")["PatientID"] == "P3"


def test_an_old_merge_is_known_also_while_another_one_is_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = MergedPatients(tmp_path / "merged.json", shared=True)
    told.begin()
    merge(told, "P1", "P2")
    other = MergedPatients(tmp_path / "merged.json", shared=True)
    image = sample(PatientID="P2")
    judged: list[Mapping[str, str]] = []
    judges = threading.Thread(
        target=lambda: judged.append(other.values_for([image.data], EXPLICIT))
    )
    as_ever = json.loads

    def meanwhile(text: str) -> Any:
        judges.start()
        judges.join(_TOO_EARLY)
        return as_ever(text)

    with other.storing():
        merge(told, "P3", "P4")
        monkeypatch.setattr("scenario_runner.pacs.merged_patients.json.loads", meanwhile)
        with other.storing():
            judges.join(10)
    assert judged[0]["PatientID"] == "P1"


def test_a_report_is_told_by_one_and_waits_again_when_that_one_is_killed(tmp_path: Path) -> None:
    one, other = SharedReports(tmp_path), SharedReports(tmp_path)
    outcome = Outcome("1.2.3", [("1.4", "1.5")])
    one.promise("CT1", outcome)
    assert other.take("CT1") == [], "it is told by the one that took the request"
    one.keep("CT1", outcome)
    assert other.take("CT2") == []
    assert other.load() == ["CT1"]
    assert other.take("CT1") == [outcome]
    assert one.take("CT1") == []
    let_wait_again(tmp_path, process=1)
    assert one.take("CT1") == [], "another process has ended"
    let_wait_again(tmp_path)
    assert one.take("CT1") == [outcome]
    one.told("CT1", outcome)
    let_wait_again(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_pacs_of_one_process_tells_what_several_left(tmp_path: Path) -> None:
    outcome = Outcome("1.2.3", [], [("1.4", "1.5", 0x0112)])
    SharedReports(tmp_path).promise("CT1", outcome)
    let_wait_again(tmp_path)
    alone = Reports(tmp_path)
    assert alone.load() == ["CT1"]
    assert alone.take("CT1") == [outcome]
    alone.told("CT1", outcome)
    assert not list(tmp_path.iterdir())


def test_windows_is_told_that_several_processes_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacs_member, "_WINDOWS", True)
    with pytest.raises(click.UsageError, match="on Windows an archive has one process"):
        pacs_member.refuse_where_it_cannot_be()
