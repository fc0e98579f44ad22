"""Worklist files that a scenario writes are what DCMTK's worklist server answers from."""

from __future__ import annotations

import fcntl
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.orders.worklist_folder import LOCK
from tests.peers.processes import wlmscpfs
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

PATIENTS = [
    {
        "name": {"family": "YAMADA", "given": "TAROU", "ideographic": "山田^太郎"},
        "studies": [
            {"accession": "WL1", "series": [{"modality": "CT", "images": 1, "size": [8, 8]}]},
            {"accession": "WL2", "series": [{"modality": "MR", "images": 1, "size": [8, 8]}]},
        ],
    }
]


def run(folder: Path, entries: list[Any], port: int = 1, code: int = 0) -> dict[str, Any]:
    wl = {"dicom": {"host": "127.0.0.1", "port": port, "ae_title": "WORKLIST"}}
    site = write_site(folder / "site.yaml", {"pacs": {"embedded": {}}, "wl": wl}, ae_title="CT7")
    scenario = write_scenario(folder / "s.yaml", entries, patients=PATIENTS)
    out = folder / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return record(out)


def test_wlmscpfs_serves_the_items_of_a_scenario_until_they_are_taken_away(tmp_path: Path) -> None:
    with wlmscpfs(tmp_path) as server:
        to = str(server.folder)
        ask = {"worklist": {"from": "wl", "match": {"PatientID": "{{ patients[0].id }}"}}}
        query = {"on": "wl", "level": "worklist", "match": {"PatientName": "YAMADA*"}}
        entries = [
            {"worklist": {"to": to}, "save_as": "written"},
            {**ask, "save_as": "scheduled"},
            {"query": {**query, "return": ["AccessionNumber"]}, "save_as": "found"},
            {"worklist": {"from": "wl", "match": {"Modality": "MR", "ScheduledStationAETitle": "CT7"}},
             "save_as": "mr"},
            {"assert": [
                {"count": {"actual": "{{ written.files }}", "expected": 2}},
                {"count": {"actual": "{{ scheduled }}", "expected": 2}},
                {"count": {"actual": "{{ found }}", "expected": 2}},
                {"equal": {"actual": "{{ mr[0].AccessionNumber }}", "expected": "WL2"}},
                {"equal": {"actual": "{{ mr[0].StudyInstanceUID }}", "expected": "{{ studies[1].uid }}"}},
                {"equal": {"actual": "{{ mr[0].PatientName }}", "expected": "{{ patients[0].name }}"}},
            ]},
            {"worklist": {"to": to, "remove": True, "of": "WL1"}},
            {**ask, "save_as": "left"},
            {"assert": [{"count": {"actual": "{{ left }}", "expected": 1}}]},
            {"worklist": {"to": to, "remove": True}},
            {**ask, "save_as": "gone"},
            {"assert": [{"empty": {"actual": "{{ gone }}"}}]},
        ]  # fmt: skip
        run(tmp_path, entries, server.port)
        assert server.folder is not None
        assert [path.name for path in server.folder.iterdir()] == [LOCK]


def test_a_folder_of_the_run_can_be_served_as_it_is(tmp_path: Path) -> None:
    result = run(tmp_path, [{"worklist": {"to": "lists/WORKLIST"}}])
    assert steps(result)["worklist"]["message"] == "2 worklist items written to lists/WORKLIST"
    folder = tmp_path / "run" / "lists" / "WORKLIST"
    assert (folder / LOCK).is_file()
    for file in folder.glob("*.wl"):
        done = subprocess.run(
            ["dcmdump", "+P", "0008,0005", "+P", "0010,0010", str(file)],
            capture_output=True, encoding="utf-8", check=True,
        )  # fmt: skip
        assert "ISO_IR 192" in done.stdout
        assert "YAMADA^TAROU=山田^太郎" in done.stdout


def test_nothing_is_written_while_the_server_reads(tmp_path: Path) -> None:
    """wlmscpfs holds a shared lock on the lockfile during a query."""
    folder = tmp_path / "WORKLIST"
    folder.mkdir()
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        before: list[int] = []

        def let_go() -> None:
            time.sleep(4)
            before.append(len(list(folder.glob("*.wl"))))
            fcntl.flock(lock, fcntl.LOCK_UN)

        thread = threading.Thread(target=let_go)
        thread.start()
        run(tmp_path, [{"worklist": {"to": str(folder)}}])
        thread.join()
    assert before == [0]
    assert len(list(folder.glob("*.wl"))) == 2


def test_a_server_that_never_lets_go_costs_no_more_than_the_timeout(tmp_path: Path) -> None:
    folder = tmp_path / "WORKLIST"
    folder.mkdir()
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        result = run(tmp_path, [{"worklist": {"to": str(folder)}, "timeout": "1s"}], code=1)
    assert "timeout of 1 s" in steps(result)["worklist"]["message"]
    assert not list(folder.glob("*.wl"))


def test_a_folder_that_no_server_answers_from_is_not_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    result = run(tmp_path, [{"worklist": {"to": str(folder)}}], code=3)
    assert "has no file named lockfile" in steps(result)["worklist"]["message"]
    assert not list(folder.iterdir())
