"""What the roles of one process hand each other in memory, and where they ask the disk instead."""

from __future__ import annotations

from pathlib import Path

from scenario_runner.service.validator.opened import Opened
from tests.service.validator.studies import file, running, sent


def test_what_was_just_written_is_judged_without_being_read_again(tmp_path: Path) -> None:
    opened = Opened()
    opened.hold("a" * 32, file(), "of what came")
    found, digest = opened.read("a" * 32, tmp_path / "nowhere")
    assert (found.whole, digest) == (True, "of what came")


def test_originals_that_wait_take_no_more_memory_than_they_may(tmp_path: Path) -> None:
    opened, whole = Opened(), bytes(1 << 20)
    for number in range(64):
        opened.hold(f"{number:032x}", whole, "")
    assert opened.held <= 16 << 20
    (tmp_path / "last").write_bytes(file())
    found, _ = opened.read(f"{63:032x}", tmp_path / "last")
    assert found.whole
    for number in range(64):
        opened.forget(f"{number:032x}")
    assert opened.held == 0


def test_nothing_is_held_of_studies_whose_way_has_ended(tmp_path: Path) -> None:
    with running(tmp_path, required=["PatientID", "PatientWeight"]) as service:
        sent(service, file())
        sent(service, file(index=1))
        assert service.gateway.held == 0
