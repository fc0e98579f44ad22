"""What a migration may do to a study beside losing it: date it anew, keep it twice, or have none to begin with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, sample
from tests.pacs.test_many import Encoded
from tests.peers.processes import Server, orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer


@contextmanager
def two(folder: Path) -> Iterator[tuple[EmbeddedPacs, EmbeddedPacs]]:
    with EmbeddedPacs(folder / "old", "OLD") as old, EmbeddedPacs(folder / "new", "NEW") as new:
        yield old, new


def put(pacs: EmbeddedPacs | Server, *samples: Sample) -> None:
    peer = Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)
    instances = map(Encoded, samples)
    answers = store(peer, instances, [(CT_IMAGE, EXPLICIT)], Deadline(60))
    assert [answer.status for answer in answers] == [0] * len(samples)


def migrated(
    folder: Path, old: EmbeddedPacs | Server, new: EmbeddedPacs | Server, code: int, **options: Any
) -> dict[str, Any]:
    """The check, of a run with this exit code."""
    targets = {
        name: {"dicom": {"host": pacs.host, "port": pacs.port, "ae_title": pacs.ae_title}}
        for name, pacs in (("old", old), ("new", new))
    }
    site = write_site(folder / "site.yaml", targets)
    entries = [{"migrate": {"from": "old", "to": "new", **options}}]
    scenario = write_scenario(folder / "s.yaml", entries)
    out = folder / f"run-{len(list(folder.iterdir()))}"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    [check] = steps(record(out))["migrate"]["checks"]
    assert isinstance(check, dict)
    return check


def counted(check: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in check["actual"].items() if count}


def test_a_study_that_has_another_date_now_is_different_and_neither_missing_nor_extra(
    tmp_path: Path,
) -> None:
    with two(tmp_path) as (old, new):
        put(old, sample("1.2.1", StudyDate="20240105"), sample("1.2.2", StudyDate="20240106"))
        put(new, sample("1.2.1", StudyDate="20240105"), sample("1.2.2", StudyDate="20230106"))
        asked = {"2024": 2, "2023": 1}
        for year, both in asked.items():
            match = {"StudyDate": f"{year}0101-{year}1231"}
            check = migrated(tmp_path, old, new, 1, match=match)
            found = {"on_both": both, "compared": both, "different": 1, "instances": both}
            assert counted(check) == found | {"differences": 1}
            assert "StudyDate of 1.2.2.1.1 is '20230106', not '20240106'" in check["message"]


def test_a_study_that_is_there_twice_is_named_and_the_others_are_compared(tmp_path: Path) -> None:
    """Orthanc keeps a study of two patients as two, which is what a merge that went wrong leaves behind."""
    with EmbeddedPacs(tmp_path / "old", "OLD") as old, orthanc(tmp_path) as new:
        put(old, sample("1.2.1"), sample("1.2.2"))
        put(new, sample("1.2.1"), sample("1.2.1", PatientID="OTHER"), sample("1.2.2"))
        check = migrated(tmp_path, old, new, 1, compare=["counts"])
        assert counted(check) == {
            "on_both": 2, "compared": 2, "repeated": 1, "different": 1, "instances": 2,
            "differences": 2,
        }  # fmt: skip
        told = {(one["subject"], one["expected"], one["actual"]) for one in check["differences"]}
        often = ("once on 'old'", "twice on 'new'")
        assert told == {("1.2.1", *often), ("1.2.1.1.1", *often)}
        assert "study 1.2.1 is twice on 'new' and once on 'old'" in check["message"]


def test_extra_studies_that_are_allowed_are_no_migration(tmp_path: Path) -> None:
    with two(tmp_path) as (old, new):
        put(new, sample("1.2.1"))
        check = migrated(tmp_path, old, new, 1, extra="allow")
        assert "'old' has none of the 1 study of 'new'" in check["message"]
        put(old, sample("1.2.2"))
        put(new, sample("1.2.2"))
        migrated(tmp_path, old, new, 0, extra="allow")


def test_an_archive_that_tells_the_first_studies_alone_is_asked_for_fewer_days(
    tmp_path: Path,
) -> None:
    every = [sample(f"1.2.{day}", StudyDate=f"202401{day:02}") for day in range(1, 13)]
    limited = {"LimitFindResults": 4}
    with (
        orthanc(tmp_path, configuration=limited) as old,
        EmbeddedPacs(tmp_path / "new", "NEW") as new,
    ):
        put(old, *every)
        put(new, *every[:-1])
        check = migrated(tmp_path, old, new, 1, compare=["counts"])
    assert (counted(check)["on_both"], counted(check)["missing"]) == (11, 1)
    assert "study 1.2.12 (accession number" in check["message"]


def test_attributes_that_nobody_has_are_not_called_equal(tmp_path: Path) -> None:
    with two(tmp_path) as (old, new):
        for pacs in (old, new):
            put(pacs, sample("1.2.1"))
        check = migrated(tmp_path, old, new, 1, only=["WaveformSequence"])
        assert "nothing has WaveformSequence on either side" in check["message"]
        migrated(tmp_path, old, new, 0, only=["PatientID", "WaveformSequence"])
