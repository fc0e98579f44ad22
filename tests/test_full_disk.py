"""A disk without room is told as that, and what to do about it, whatever was to be written."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import TextIO

import pytest

from scenario_runner.app.folder import write_text, write_with
from scenario_runner.app.run_store import export
from scenario_runner.errors import MachineError, of_the_machine
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.log import EventLog
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples

PACKAGE = Path(__file__).resolve().parents[1] / "scenario_runner"
BY_HAND = re.compile(r"MachineError\(\s*f?[^()]*\{error\.strerror[^()]*\)")


def test_a_source_that_finds_no_room_in_inputs_says_what_to_do(tmp_path: Path) -> None:
    def write(stream: TextIO) -> None:
        stream.write("schema: ")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(MachineError) as told:
        write_with(tmp_path / "plan.json", write)
    assert told.value.message == f"cannot write '{tmp_path / 'plan.json'}': the disk is full"
    assert told.value.hint == "make room on it"


def test_what_is_no_full_disk_keeps_its_own_words_and_hint(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"No such file or directory$") as told:
        write_text(tmp_path / "gone" / "plan.json", "")
    assert told.value.hint is None
    denied = of_the_machine("it cannot be", OSError(errno.EACCES, "Permission denied"), hint="x")
    assert (denied.message, denied.hint) == ("it cannot be: Permission denied", "x")
    quota = of_the_machine("it cannot be", OSError(errno.EDQUOT, "Quota exceeded"), hint="x")
    assert (quota.message, quota.hint) == ("it cannot be: the disk is full", "make room on it")


def test_a_place_that_refuses_even_to_remove_what_is_not_there_is_told_by_its_name(
    tmp_path: Path,
) -> None:
    # As a disk that became read-only does; below a file it is the same without one.
    blocker = tmp_path / "blocker"
    blocker.write_text("", encoding="utf-8")
    with pytest.raises(MachineError) as told:
        write_atomically(blocker / "sheet.html", [b"page"])
    assert told.value.message == f"cannot write '{blocker / 'sheet.html'}': Not a directory"
    run = samples.passing().write(tmp_path)
    write_reports(run, fabricate_reporters())
    with pytest.raises(MachineError) as told:
        export(run, blocker / "run.zip")
    assert told.value.message == f"cannot write '{blocker / 'run.zip'}': Not a directory"


def test_an_event_log_that_cannot_be_begun_names_the_place(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot write the event log"):
        EventLog(tmp_path / "gone" / "events.ndjson")


def test_no_module_words_by_itself_what_a_disk_refuses() -> None:
    """By ``of_the_machine`` alone: words of one's own had no hint where the disk was full."""
    own = [path for path in PACKAGE.rglob("*.py") if BY_HAND.search(path.read_text("utf-8"))]
    assert own == []
