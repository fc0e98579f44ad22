"""What lies in a run folder afterwards, whoever made the run and however it ended."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from typing import TYPE_CHECKING, ClassVar

import pytest
from jsonschema import Draft202012Validator

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.record import RunRecord, published_schema
from scenario_runner.evidence.run_json import RunJsonReporter
from scenario_runner.evidence.write import read_record, write_reports
from scenario_runner.plugins import Plugins
from scenario_runner.resources import resource
from tests.evidence import samples

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.evidence.api import Reporter

FILES = ("run.json", "report.html", "junit.xml", "ctrf.json", "manifest.json")


def test_the_published_schema_is_the_one_of_the_models() -> None:
    text = resource("schemas", "run.v1.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == published_schema()
    Draft202012Validator.check_schema(published_schema())


@pytest.mark.parametrize("name", samples.ALL)
def test_run_json_follows_the_published_schema(tmp_path: Path, name: str) -> None:
    folder = samples.ALL[name]().write(tmp_path)
    record = write_reports(folder, [RunJsonReporter])
    text = (folder / "run.json").read_bytes()
    Draft202012Validator(published_schema()).validate(json.loads(text))
    assert RunRecord.model_validate_json(text) == record


def test_the_built_in_reporters_come_through_the_hook() -> None:
    reporters = Plugins(outside=False).named("fabricate_reporters")
    assert [reporter.file for reporter in reporters.values()] == list(FILES[:-1])


@pytest.mark.parametrize("name", samples.ALL)
def test_reports_made_again_are_the_same_bytes(tmp_path: Path, name: str) -> None:
    folder = samples.ALL[name]().write(tmp_path)
    write_reports(folder, fabricate_reporters())
    before = {file: (folder / file).read_bytes() for file in FILES}
    write_reports(folder, fabricate_reporters())
    assert {file: (folder / file).read_bytes() for file in FILES} == before


def test_the_manifest_names_every_file_with_its_digest(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    write_reports(folder, fabricate_reporters())
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = [entry["path"] for entry in manifest["files"]]
    assert listed == sorted(listed)
    assert set(listed) == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } - {"manifest.json"}
    for entry in manifest["files"]:
        data = (folder / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["size"] == len(data)


def test_reports_made_again_do_not_break_the_signature_of_the_manifest(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    write_reports(folder, fabricate_reporters())
    signed = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json.asc").write_text("signature", encoding="utf-8")
    write_reports(folder, fabricate_reporters())
    assert (folder / "manifest.json").read_bytes() == signed


def test_what_a_killed_writer_left_is_no_evidence(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    (folder / ".run.json.123.part").write_text("{", encoding="utf-8")
    write_reports(folder, fabricate_reporters())
    assert ".part" not in (folder / "manifest.json").read_text(encoding="utf-8")


def test_times_that_are_none_do_not_spoil_a_report(tmp_path: Path) -> None:
    folder = samples.failing().write(tmp_path)
    log = folder / "events.ndjson"
    text = log.read_text(encoding="utf-8")
    log.write_text(
        text.replace('"time":"2026-01-31T09:30', '"time":"yesterday')
        .replace('"started":"2026-01-31T09:30', '"started":"2026-99-99T')
        .replace('"time":"yesterday:00.000Z","event":"run', '"time":7,"event":"run'),
        encoding="utf-8",
    )
    record = write_reports(folder, fabricate_reporters())
    assert record.outcome == "failed"
    junit = (folder / "junit.xml").read_text(encoding="utf-8")
    assert 'timestamp="1970-01-01T00:00:00"' in junit
    assert "yesterday" in (folder / "report.html").read_text(encoding="utf-8")


class _Broken:
    name: ClassVar[str] = "broken"
    file: ClassVar[str] = "broken.txt"

    def write(self, record: RunRecord, folder: Path) -> None:
        raise ZeroDivisionError("a plugin's own mistake")


def test_a_reporter_that_fails_does_not_cost_the_other_reports(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    reporters: list[type[Reporter]] = [_Broken, *fabricate_reporters()]
    with pytest.raises(MachineError, match="'broken': ZeroDivisionError: a plugin's own mistake"):
        write_reports(folder, reporters)
    assert all((folder / file).is_file() for file in FILES)
    assert not list(folder.glob(".*"))


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path)
    (folder / "run.json").mkdir()
    with pytest.raises(MachineError, match=r"run\.json"):
        write_reports(folder, fabricate_reporters())
    assert (folder / "report.html").is_file()
    assert not list(folder.glob(".*.part"))


@pytest.mark.parametrize("where", ["nothing", "empty", "file"])
def test_a_folder_that_is_not_a_run_is_a_usage_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is not a run"):
        write_reports(tmp_path / where, [])


@pytest.mark.parametrize("plan", [None, "{", '{"cases": 3}', "[]", ""])
def test_a_run_killed_before_its_plan_was_written_still_has_a_record(
    tmp_path: Path, plan: str | None
) -> None:
    folder = samples.passing().write(tmp_path)
    (folder / "inputs/plan.json").unlink()
    if plan is not None:
        (folder / "inputs/plan.json").write_text(plan, encoding="utf-8")
    record = read_record(folder)
    assert record.outcome == "passed"
    assert len(record.problems) == 1
    assert "inputs/plan.json" in record.problems[0]


def test_an_empty_log_is_an_interrupted_run_named_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "20260131-x"
    folder.mkdir()
    (folder / "events.ndjson").touch()
    record = write_reports(folder, fabricate_reporters())
    assert (record.id, record.outcome) == ("20260131-x", "interrupted")


@pytest.mark.parametrize("name", ["schemas", "reports"])
def test_what_ships_is_found_and_what_does_not_is_an_error(name: str) -> None:
    assert resource(name).is_dir()  # type: ignore[arg-type]
    with pytest.raises(MachineError, match="missing from this installation"):
        resource("reports", "no-such-file")


def test_a_hundred_thousand_images_fit_into_memory(tmp_path: Path) -> None:
    story = samples.Story()
    story.begin()
    patients = [samples.patient(n, series=10, images=100) for n in range(1, 101)]
    story.case(samples.STEPS, patients=patients)
    story.end_case("passed")
    story.end("passed")
    folder = story.write(tmp_path)
    del story, patients
    tracemalloc.start()
    try:
        write_reports(folder, fabricate_reporters())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200_000_000
    images = json.loads((folder / "run.json").read_bytes())["cases"][0]["patients"][99]["studies"]
    assert images[0]["series"][9]["images"][99]["number"] == 100
    assert (folder / "report.html").stat().st_size < 200_000
