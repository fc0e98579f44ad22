"""The site file of a picked study on its way to a PACS beside no site file."""

from __future__ import annotations

import itertools
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.app import picked_studies
from scenario_runner.database.engine import Database
from scenario_runner.service.asking import Asking
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.runs import schedules
from scenario_runner.service.runs.asked import Asked
from scenario_runner.service.runs.runs import Runs, RunsOptions


def test_two_who_pick_a_study_at_once_both_get_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, text = tmp_path / "fhir-1.site.yaml", '{"targets": {}}\n'
    really = Path.replace
    others: list[Path] = []

    def while_another_one_does_the_same(half: Path, to: Path) -> Path:
        if not others:
            others.append(half)
            picked_studies._written(file, text)
            assert file.read_text() == text
        return really(half, to)

    monkeypatch.setattr(Path, "replace", while_another_one_does_the_same)
    assert picked_studies._written(file, text).read_text() == text
    assert list(tmp_path.iterdir()) == [file]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_site_of_a_picked_study_reads_certificates_from_where_the_site_file_has_them(
    tmp_path: Path,
) -> None:
    tls = {"ca": "certs/ca.pem", "key": "{{ env.KEY }}"}
    site = {
        "name": "ward",
        "receiver": {"port": 11113, "tls": tls},
        "plugins": ["own.py"],
        "targets": {"ehr": {"environment": "production", "fhir": {"url": "https://ehr", "tls": tls}}},
    }  # fmt: skip
    found = picked_studies.between(site, tmp_path, "ehr", {"embedded": {}})
    there = {"ca": str(tmp_path / "certs/ca.pem"), "key": "{{ env.KEY }}"}
    assert found == {
        "name": "ward",
        "receiver": {"port": 11113, "tls": there},
        "plugins": [str(tmp_path / "own.py")],
        "targets": {
            "ehr": {"environment": "production", "fhir": {"url": "https://ehr", "tls": there}},
            "pacs": {"embedded": {}},
        },
    }


def test_a_fhir_server_that_is_called_pacs_is_asked_all_the_same(tmp_path: Path) -> None:
    site = {"targets": {"pacs": {"dicom": {"host": "x"}, "fhir": {"url": "http://ehr"}}}}
    found = picked_studies.between(site, tmp_path, "pacs", {"embedded": {}})
    assert found["targets"] == {"pacs": {"embedded": {}, "fhir": {"url": "http://ehr"}}}


@pytest.mark.parametrize("name", ["pacs", "nobody"])
def test_a_target_that_is_no_fhir_server_is_refused_in_words(tmp_path: Path, name: str) -> None:
    site: dict[str, Any] = {"targets": {"pacs": {"embedded": {}}}}
    with pytest.raises(Unacceptable, match=f"'{name}' is no FHIR server"):
        picked_studies.between(site, tmp_path, name, {"embedded": {}})


def test_site_files_of_picked_studies_go_with_a_start_once_no_run_and_no_schedule_names_them(
    tmp_path: Path,
) -> None:
    numbers = itertools.count()
    names = ["waits", "scheduled", "refused", "just-asked"]
    files = {name: tmp_path / f"fhir-{name}.site.yaml" for name in names}
    half, others = tmp_path / ".fhir-x.site.yaml.abc.part", tmp_path / "archive.site.yaml"
    long_ago = time.time() - 7200
    for file in (*files.values(), half, others):
        file.write_text("{}")
        os.utime(file, None if file == files["just-asked"] else (long_ago, long_ago))
    with Database(tmp_path / "registry.sqlite3") as database:
        options = RunsOptions(new_id=lambda _: f"run-{next(numbers)}")
        runs = Runs(tmp_path, database, options)
        picked_studies.clear_up(tmp_path / "new", runs)
        asked = Asked(name="s", text="", site=str(files["waits"]))
        runs.ask(Asking(LOCAL), asked)
        later = Asked(name="s", text="", site=str(files["scheduled"]))
        schedules.add(database, Asking(LOCAL), later, title="", cron="0 0 1 1 *", zone="UTC")
        picked_studies.clear_up(tmp_path, runs)
    left = {file.name for file in tmp_path.glob("*.yaml*")} | {
        file.name for file in tmp_path.glob(".fhir*")
    }
    kept = {files[name].name for name in ("waits", "scheduled", "just-asked")}
    assert left == {*kept, others.name}
