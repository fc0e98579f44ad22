"""What the log of an upload says where the archive or the disk fails in the middle."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.errors import ConnectionFailed
from scenario_runner.service.asking import Asking
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

    with contextlib.suppress(ConnectionFailed):
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
