"""A run that is stopped or killed still has a record, and its numbers are never used again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import PROBE
from tests.running import (
    command,
    environment,
    events,
    fabricate,
    record,
    steps,
    write_scenario,
    write_site,
)


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def until(folder: Path, *wanted: str, patience: float = 60.0) -> None:
    """Wait until an event with these words is in the log."""
    log = folder / "events.ndjson"
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if log.exists() and any(
            all(word in line for word in wanted) for line in log.read_text("utf-8").splitlines()
        ):
            return
        time.sleep(0.02)
    raise AssertionError(f"no event with {wanted} within {patience} s")


def long_run(tmp_path: Path, **more: Any) -> list[str | Path]:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(PROBE))
    note = str(tmp_path / "note")
    scenario = write_scenario(
        tmp_path / "long.yaml",
        [{"send": {"to": "pacs"}}, {"probe": {"takes": "60s"}}, {"probe": {}}],
        **{"finally": [{"probe": {"note": note}, "id": "cleanup"}, {"delete": {"from": "pacs"}}]},
        **more,
    )
    return ["run", scenario, "--site", site, "--registry", tmp_path / "registry.sqlite3"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_cleans_up_and_leaves_a_complete_record(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "run"
    before = signal.signal(number, signal.SIG_DFL)  # who ignores it, as under nohup, hands that on
    try:
        process = start(*long_run(tmp_path), "--out", out)
    finally:
        signal.signal(number, before)
    until(out, '"step_started"', '"probe"')
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stdout + stderr
    assert "Traceback" not in stderr
    result = record(out)
    assert result["outcome"] == "interrupted"
    found = {name: step["outcome"] for name, step in steps(result).items()}
    assert found == {
        "send": "passed", "probe": "interrupted", "probe-2": "skipped", "cleanup": "passed",
        "delete": "passed",
    }  # fmt: skip
    assert (tmp_path / "note").read_text() == "cleanup\n"
    assert (out / "manifest.json").exists()


def test_a_killed_send_reads_to_its_last_event_and_its_numbers_do_not_return(
    tmp_path: Path,
) -> None:
    out = tmp_path / "run"
    series = {"modality": "CT", "images": 1000, "size": [128, 128]}
    patients = [{"studies": [{"accession": "ACC{6digits}", "series": [series]}]}]
    registry = tmp_path / "registry.sqlite3"
    scenario = write_scenario(tmp_path / "big.yaml", [{"send": {"to": "pacs"}}], patients=patients)
    arguments = ("run", scenario, "--registry", registry)
    process = start(*arguments, "--out", out)
    until(out, '"progress"')
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL

    told = events(out)
    assert told[-1]["event"] in ("progress", "instance_sent")
    assert 0 < sum(one["event"] == "instance_sent" for one in told) < 1000
    assert not (out / "report.html").exists()

    assert "interrupted" in fabricate("report", out).check().out
    result = record(out)
    assert result["outcome"] == "interrupted"
    assert steps(result)["send"]["outcome"] == "interrupted"
    assert "Interrupted" in (out / "report.html").read_text("utf-8")

    used = result["cases"][0]["patients"][0]["studies"][0]["accession"]
    assert used == "ACC000001"
    plan = json.loads(fabricate("plan", scenario, "--registry", registry, "--format", "json").out)
    assert plan["cases"][0]["patients"][0]["studies"][0]["accession"] == "ACC000002"


def test_runs_at_once_on_one_site_hand_out_no_identifier_twice(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    scenario = write_scenario(
        tmp_path / "many.yaml",
        [{"log": {"message": "planned"}}],
        patients=[{"count": 50, "studies": [{"count": 2, "series": [{"modality": "CT"}]}]}],
    )
    runs = [
        start("run", scenario, "--registry", registry, "--out", tmp_path / f"run{number}")
        for number in range(6)
    ]
    for process in runs:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    patients = [
        patient
        for number in range(6)
        for patient in record(tmp_path / f"run{number}")["cases"][0]["patients"]
    ]
    ids = [patient["id"] for patient in patients]
    accessions = [study["accession"] for patient in patients for study in patient["studies"]]
    assert len(set(ids)) == len(ids) == 300
    assert len(set(accessions)) == len(accessions) == 600


def test_the_same_seed_with_a_fresh_registry_gives_the_same_bytes(tmp_path: Path) -> None:
    series = [
        {"modality": "CT", "images": 3, "size": [128, 128]},
        {"modality": "DX", "size": [256, 256]},
        {"modality": "CR", "size": [256, 256], "transfer_syntax": "implicit-le"},
    ]
    scenario = write_scenario(
        tmp_path / "same.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"count": 2, "name": {"locale": "ja_JP"}, "studies": [{"series": series}]}],
    )
    written = []
    for number, hash_seed in enumerate(("1", "2")):
        out = tmp_path / f"run{number}"
        fabricate(
            "run", scenario, "--seed", "42", "--registry", ":memory:", "--out", out,
            env={"PYTHONHASHSEED": hash_seed, "TZ": f"UTC+{number * 7}"},
        ).check()  # fmt: skip
        files = sorted((out / "dicom").rglob("*.dcm"))
        written.append(
            {file.relative_to(out).as_posix(): file.read_bytes() for file in files}
            | {"plan": (out / "inputs" / "plan.json").read_bytes()}
        )
    assert len(written[0]) == 11
    assert written[0] == written[1]


@pytest.mark.parametrize("size", [200_000])
def test_a_full_disk_is_told_and_is_no_traceback(tmp_path: Path, size: int) -> None:
    """A file-size limit stands in for the full disk: both fail in write()."""
    resource = pytest.importorskip("resource")
    series = {"modality": "CT", "images": 30, "size": [256, 256]}
    scenario = write_scenario(
        tmp_path / "disk.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"studies": [{"series": [series]}]}],
    )

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = subprocess.run(
        command("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run"),
        capture_output=True,
        text=True,
        env=environment(),
        preexec_fn=limit,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "cannot write" in done.stdout
    assert list((tmp_path / "run" / "dicom" / "p1.s1.e1").iterdir()) == []


def test_a_disk_that_is_full_for_the_embedded_pacs_is_the_machine_s_failure(tmp_path: Path) -> None:
    """Its peer reads a status of failure; that it was this machine, the exit code says."""
    resource = pytest.importorskip("resource")
    series = {"modality": "CT", "images": 1, "size": [512, 512]}
    patients = [{"studies": [{"series": [series]}]}]
    scenario = write_scenario(tmp_path / "full.yaml", [{"send": {"to": "pacs"}}], patients=patients)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        command("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run"),
        capture_output=True,
        text=True,
        env=environment(),
        preexec_fn=limit,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "target 'pacs': cannot store in" in done.stderr
    assert steps(record(tmp_path / "run"))["send"]["outcome"] == "failed"
    assert (tmp_path / "run" / "manifest.json").exists()


def test_a_run_that_is_still_planned_ends_at_once_and_leaves_no_folder(tmp_path: Path) -> None:
    """It would go on planning, and nothing is under way that had to be ended in order."""
    scenario = write_scenario(
        tmp_path / "many.yaml",
        [{"log": {"message": "planned"}}],
        patients=[{"count": 50_000, "studies": [{"series": [{"modality": "CT"}]}]}],
    )
    out = tmp_path / "run"
    process = start("run", scenario, "--registry", tmp_path / "registry.sqlite3", "--out", out)
    end = time.monotonic() + 60
    while not out.exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.strip() == "error: interrupted"
    assert not out.exists()
