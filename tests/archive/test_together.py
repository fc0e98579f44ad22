"""Many instances at once: all of them or none, also when the process is killed in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive.archive import Archive, rebuild
from scenario_runner.archive.together import GoneError, keep_all, replace_all
from tests.archive.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.outcomes import Arrived
    from tests.archive.conftest import Indexed


def taken(archive: Archive, *numbers: int) -> list[Arrived]:
    return [archive.take_in([sample(number=number).file]) for number in numbers]


def files_of(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.suffix in (".dcm", ".part", ".json")]


def test_all_are_stored_and_a_second_one_of_a_uid_is_told(tmp_path: Path, indexed: Indexed) -> None:
    with Archive(tmp_path, indexed()) as archive:
        told = keep_all(archive, taken(archive, 1, 2, 1))
        assert [one.outcome for one in told] == ["new", "new", "kept"]
        assert archive.counts().instances == 2
        assert len(files_of(tmp_path)) == 2


def test_a_failure_in_the_middle_stores_none(
    tmp_path: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(tmp_path, indexed()) as archive:
        arrived = taken(archive, 1, 2, 3)
        add, calls = archive.index.add, []

        def failing(entry: object) -> None:
            calls.append(entry)
            if len(calls) == 2:
                raise RuntimeError
            add(entry)  # type: ignore[arg-type]

        monkeypatch.setattr(archive.index, "add", failing)
        with pytest.raises(RuntimeError):
            keep_all(archive, arrived)
        assert archive.counts().instances == 0
        assert files_of(tmp_path) == []


def test_what_a_killed_process_had_in_place_does_not_come_back_by_a_rebuild(
    tmp_path: Path, indexed: Indexed
) -> None:
    options = indexed()
    with Archive(tmp_path, options) as archive:
        keep_all(archive, taken(archive, 1))
        (second,) = taken(archive, 2)
        # As a process leaves it that is killed between the first file and the index.
        archive.files.note_addition([archive.files.place_of(second.meta.sop_instance_uid)])
        archive.files.put(second.written, archive.files.place_of(second.meta.sop_instance_uid))
    with Archive(tmp_path, options) as archive:
        assert len(files_of(tmp_path)) == 1
    assert rebuild(tmp_path, options).instances == 1


def test_all_versions_are_replaced_or_none(tmp_path: Path, indexed: Indexed) -> None:
    with Archive(tmp_path, indexed()) as archive:
        keep_all(archive, taken(archive, 1, 2))
        found = archive.instances(study_uids=["1.2.3"])
        new = [sample(number=n, PatientID="PID9").data for n in (1, 2)]
        replace_all(archive, [(one, [data]) for one, data in zip(found, new, strict=True)], 2)
        assert [len(archive.instances(patient_id=one)) for one in ("PID1", "PID9")] == [0, 2]
        assert len(files_of(tmp_path)) == 2
        # Somebody has replaced them meanwhile: the old ones are not there any more.
        with pytest.raises(GoneError):
            replace_all(archive, [(one, [data]) for one, data in zip(found, new, strict=True)], 2)
        assert archive.counts().instances == 2
        assert len(files_of(tmp_path)) == 2


def test_pages_come_newest_first_and_say_how_many_there_are(
    tmp_path: Path, indexed: Indexed
) -> None:
    with Archive(tmp_path, indexed()) as archive:
        for number in range(5):
            keep_all(archive, [archive.take_in([sample(f"1.2.{number}").file])])
        columns = ["StudyInstanceUID", "NumberOfStudyRelatedInstances"]
        rows, total = archive.index.page(columns, [], 2, 1)
        assert (rows, total) == ([("1.2.3", 1), ("1.2.2", 1)], 5)
        rows, total = archive.index.page(columns, [("PatientID", ["PID1"])], 2, 4)
        assert (rows, total) == ([("1.2.0", 1)], 5)
