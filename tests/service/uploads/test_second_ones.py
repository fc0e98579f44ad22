"""The same instance once more, and another one under its UID: told alike, whatever happens to the process meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.service.service import Service, open_service
from scenario_runner.service.uploads import records, uploading
from scenario_runner.service.uploads.uploading import Uploading, run
from tests.archive.samples import sample
from tests.service.uploads.test_failed_keeping import ASKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIRST, SECOND = (sample("1.2.3", number=number).file for number in (1, 2))
OTHER = sample("1.2.3", number=2, InstanceNumber="77").file
"""Another instance under the UID of the second."""


def taking(service: Service, files: Sequence[bytes]) -> Uploading:
    made = Uploading(service, ASKING, "upload-multiple", None)
    for number, file in enumerate(files):
        made.take(f"{number}.dcm", [file])
    return made


def statuses(service: Service, upload_id: str) -> list[tuple[str, str]]:
    found = records.get(service.database, upload_id)
    assert found is not None
    return [(one.status, one.code) for one in found.files]


def break_off(*_: object) -> None:
    raise MachineError("the database is gone")


def counted(service: Service) -> list[str]:
    lines = service.meters.text().decode().splitlines()
    return sorted(one for one in lines if one.startswith("fabricator_upload") and "_total{" in one)


def test_after_a_kill_what_was_there_before_is_a_duplicate_and_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "registry.sqlite3"
    with open_service(tmp_path, where) as service:
        assert taking(service, [FIRST]).finish().status == "success"
        with monkeypatch.context() as patched:
            patched.setattr(records, "end", break_off)
            killed = taking(service, [FIRST, SECOND, SECOND, OTHER])
            with pytest.raises(MachineError):
                killed.finish()
    with open_service(tmp_path, where) as service:
        assert statuses(service, killed.outcome.id) == [
            ("duplicate", "duplicate"),
            ("success", ""),
            ("duplicate", "duplicate"),
            ("failed", "other-instance"),
        ]
        assert counted(service) == [
            'fabricator_upload_files_total{status="duplicate"} 2.0',
            'fabricator_upload_files_total{status="failed"} 1.0',
            'fabricator_upload_files_total{status="success"} 1.0',
            'fabricator_uploads_total{status="partial"} 1.0',
        ]


def test_of_two_instances_under_one_uid_in_one_upload_the_second_is_refused(tmp_path: Path) -> None:
    with open_service(tmp_path, ":memory:") as service:
        outcome = taking(service, [SECOND, OTHER, SECOND]).finish()
        assert [one.code for one in outcome.files] == ["", "other-instance", "duplicate"]
        assert outcome.status == "partial"
        assert outcome.studies[0]["number_of_instances"] == 1


def test_an_upload_that_failed_once_all_was_kept_is_counted_by_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        monkeypatch.setattr(uploading, "describe_studies", break_off)
        begun = Uploading(service, ASKING, "upload", None)
        with pytest.raises(MachineError):
            run(begun, lambda one: one.take("1.dcm", [FIRST]))
        assert statuses(service, begun.outcome.id) == [("success", "")]
        assert counted(service) == [
            'fabricator_upload_files_total{status="success"} 1.0',
            'fabricator_uploads_total{status="success"} 1.0',
        ]
