"""What the log of an upload says where the archive or the disk fails in the middle."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.errors import ConnectionFailed, MachineError
from scenario_runner.service import settling
from scenario_runner.service.asking import Asking
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.matching.matching import match_study
from scenario_runner.service.permissions import Arrival, Caller, Role
from scenario_runner.service.service import Service, open_service
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.uploading import Uploading, run
from tests.archive.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

ASKING = Asking(Caller("ann", frozenset({Role.DOCTOR}), Arrival.SESSION))
GONE = ConnectionFailed("cannot connect", reason="connection refused", target="pacs")


def uploaded(service: Service) -> Any:
    uploading = Uploading(service, ASKING, "upload-multiple", None)

    def take(into: Uploading) -> None:
        for number in (1, 2):
            into.take(f"{number}.dcm", [sample("1.2.3", number=number).file])

    with contextlib.suppress(ConnectionFailed, MachineError):
        run(uploading, take)
    return records.get(service.database, uploading.outcome.id)


def fail(*_: object, **__: object) -> Any:
    raise GONE


def test_of_an_upload_that_failed_no_file_is_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        monkeypatch.setattr(service.home, "keep", fail)
        found = uploaded(service)
    assert found.status == "failed"
    assert [(one.status, one.code) for one in found.files] == [("failed", "not-kept")] * 2
    assert "cannot connect" in found.files[0].error


def test_an_archive_that_goes_after_it_has_all_files_fails_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        keep = service.home.keep

        def keep_and_go(*given: Any) -> Any:
            kept = keep(*given)
            monkeypatch.setattr(service.home, "page", fail)
            return kept

        monkeypatch.setattr(service.home, "keep", keep_and_go)
        found = uploaded(service)
    assert found.status == "success"
    assert [one.status for one in found.files] == ["success"] * 2


def test_an_upload_that_fails_once_all_is_kept_says_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [MachineError("the database does not answer")]

    def once(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return match_study(*given)

    monkeypatch.setattr("scenario_runner.service.uploads.ending.match_study", once)
    with open_service(tmp_path, ":memory:") as service:
        found = uploaded(service)
        entries = list(service.trail.entries(study="1.2.3"))
    assert (found.status, found.error) == ("success", "the database does not answer")
    assert [one.status for one in found.files] == ["success"] * 2
    assert [one["number_of_instances"] for one in found.studies] == [2]
    assert [(one.what, one.outcome) for one in entries] == [(Activity.UPLOADED, Outcome.SUCCESS)]


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_upload_whose_end_cannot_be_noted_is_noted_when_the_database_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    monkeypatch.setattr(settling, "_AGAIN", 0.01)
    with open_service(tmp_path, ":memory:") as service:
        keep = service.home.keep

        def gone(*_: object) -> Any:
            raise MachineError("the database does not answer")

        def keep_and_lose(*given: Any) -> Any:
            kept = keep(*given) if is_kept else None
            broken.setattr(service.database, "writing", gone)
            if kept is None:
                raise GONE
            return kept

        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(service.home, "keep", keep_and_lose)
            found = uploaded(service)
            assert found.status == "receiving"
        until = time.monotonic() + 60
        while found.status == "receiving":
            assert time.monotonic() < until
            time.sleep(0.01)
            found = records.get(service.database, found.id)
        (entry,) = service.trail.entries()
    told = "success" if is_kept else "failed"
    assert (found.status, {one.status for one in found.files}, entry.outcome) == (
        told,
        {told},
        told,
    )
