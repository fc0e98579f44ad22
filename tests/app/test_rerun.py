"""A run that broke off is repeated: what was acknowledged is not sent again, all else is."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from scenario_runner.app.load import Sources, Surroundings
from scenario_runner.app.rerun import RerunRequest, rerun
from scenario_runner.app.run import RunRequest, run
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.engine.services import Control
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.redaction import MASK
from tests.network.cutting import Cut, wire
from tests.network.dicomweb.services import DICOM_JSON, Asked, Reply, results_json, service
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

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = 3
PATIENTS = [{"studies": [{"series": [{"modality": "CT", "images": IMAGES, "size": [64, 64]}]}]}]
STEPS = [
    {"send": {"to": "pacs"}, "save_as": "sent"},
    {
        "assert": [
            {"stored": {"on": "pacs"}},
            {"status": {"of": "sent", "expected": ["success", "warning"]}},
        ]
    },
]


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    # One that lets nothing be sent to it twice.
    options = PacsOptions(archive=ArchiveOptions(duplicates="refuse"))
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        yield pacs


def site_for(tmp_path: Path, port: int, **more: Any) -> Path:
    service = {"host": "127.0.0.1", "port": port, "ae_title": "EMBEDDED", "response_timeout": 5}
    return write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service, **more}})


def run_it(tmp_path: Path, port: int, steps: Any = None) -> Path:
    scenario = write_scenario(tmp_path / "s.yaml", steps or STEPS, patients=PATIENTS)
    request = RunRequest(
        sources=Sources(paths=[scenario], site=site_for(tmp_path, port)),
        registry=tmp_path / "registry.sqlite3",
        out=tmp_path / "run",
    )
    return run(request, [], Control()).folder


def repeat(folder: Path, name: str = "again", **more: Any) -> dict[str, Any]:
    around = Surroundings(os.environ)
    request = RerunRequest(folder=folder, out=folder.parent / name, around=around, **more)
    return record(rerun(request, [], Control()).folder)


def images(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        image
        for case in result["cases"]
        for patient in case["patients"]
        for study in patient["studies"]
        for series in study["series"]
        for image in series["images"]
    ]


def kept(pacs: EmbeddedPacs) -> list[str]:
    """The SOP instance UID of every file in the archive."""
    files = pacs.folder.rglob("*.dcm")
    return sorted(str(dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in files)


CUTS = [
    *(Cut("ours", number, "close") for number in range(1, 2 * IMAGES + 3)),
    *(Cut("theirs", number, "close") for number in range(1, IMAGES + 2)),
    *(Cut("ours", number, "half") for number in (2, 3, 5)),
    *(Cut("theirs", number, "half") for number in (2, 4)),
    *(Cut("ours", number, "abort") for number in (2, 3, 6)),
    *(Cut("theirs", number, "abort") for number in (1, 3)),
]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.side}-{cut.number}-{cut.way}")
def test_wherever_a_send_breaks_off_the_rerun_sends_the_rest_and_each_instance_is_there_once(
    tmp_path: Path, pacs: EmbeddedPacs, cut: Cut
) -> None:
    with wire(pacs.port, cut) as line:
        folder = run_it(tmp_path, line.port)
        first = record(folder)
        told = {image["uid"]: image.get("sent", [{}])[0] for image in images(first)}
        there = set(kept(pacs))
        acknowledged = {uid for uid, word in told.items() if word.get("stored")}
        unknown = {uid for uid, word in told.items() if word.get("maybe_stored")}
        assert acknowledged <= there
        assert there <= acknowledged | unknown
        send = steps(first)["send"]["facts"]
        if send:
            assert (send["stored"], send["maybe_stored"]) == (len(acknowledged), len(unknown))
            assert send["stored"] + send["maybe_stored"] + send["not_sent"] == IMAGES

        line.cut = None
        second = repeat(folder)
        assert second["outcome"] == "passed"
        assert kept(pacs) == sorted(image["uid"] for image in images(first))
        assert [image["uid"] for image in images(second)] == [i["uid"] for i in images(first)]
        for image in images(second):
            # What is there though its answer was lost is refused as a duplicate, and counts.
            status = "0111" if image["uid"] in there - acknowledged else "0000"
            assert image["sent"] == [
                {"step": "send", "to": "pacs", "status": status, "stored": True,
                 "maybe_stored": False, "earlier": first["id"] if image["uid"] in there else None}
            ]  # fmt: skip


def test_over_stow_too_a_duplicate_of_what_was_never_answered_is_there(tmp_path: Path) -> None:
    def behave(asked: Asked) -> Reply:
        if len(running.asked) == 1:
            return Reply(hang_up=True)
        return Reply(409, results_json({}, dict.fromkeys(asked.uids, 45070)), DICOM_JSON)

    with service(behave) as running:
        target = {"dicomweb": {"url": running.peer.url}}
        site = write_site(tmp_path / "site.yaml", {"pacs": target})
        scenario = write_scenario(tmp_path / "s.yaml", STEPS[:1], patients=PATIENTS)
        request = RunRequest(
            sources=Sources(paths=[scenario], site=site),
            registry=tmp_path / "registry.sqlite3",
            out=tmp_path / "run",
        )
        folder = run(request, [], Control()).folder
        assert all(image["sent"][0]["maybe_stored"] for image in images(record(folder)))
        second = repeat(folder)
    assert second["outcome"] == "passed"
    assert {image["sent"][0]["status"] for image in images(second)} == {"B00E"}


def test_the_record_and_the_report_name_the_run_that_is_repeated(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    with wire(pacs.port, Cut("theirs", 3)) as line:
        folder = run_it(tmp_path, line.port)
        line.cut = None
        second = repeat(folder)
    first = record(folder)
    assert first["rerun_of"] is None
    assert second["rerun_of"] == {
        "run": first["id"], "folder": folder.as_posix(), "started": first["started"],
        "outcome": "error", "failed_only": False, "cases": {"s": "error"},
    }  # fmt: skip
    send = steps(second)["send"]
    # One was acknowledged; of another the answer was lost, and the PACS refused it as a duplicate.
    assert send["facts"]["statuses"] == {"0000": 2, "0111": 1}
    assert send["facts"]["acknowledged_earlier"] == {"instances": 2, "runs": {first["id"]: 2}}
    assert f"2 of them already in {first['id']}" in send["message"]
    page = (tmp_path / "again" / "report.html").read_text("utf-8")
    assert first["id"] in page
    assert "It lies in" in page


def test_no_counter_moves_and_a_changed_source_changes_nothing(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    folder = run_it(tmp_path, pacs.port)
    registry = (tmp_path / "registry.sqlite3").read_bytes()
    (tmp_path / "s.yaml").write_text("gone: wrong", encoding="utf-8")
    second = repeat(folder)
    assert second["outcome"] == "passed"
    assert (tmp_path / "registry.sqlite3").read_bytes() == registry
    patients = [
        [
            {key: value for key, value in patient.items() if key != "studies"}
            for patient in result["cases"][0]["patients"]
        ]
        for result in (record(folder), second)
    ]
    assert patients[0] == patients[1]


def test_a_rerun_of_a_rerun_that_never_got_to_send_still_knows_what_the_first_run_sent(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    plan = [{"echo": {"to": "pacs"}}, *STEPS]
    with wire(pacs.port, Cut("theirs", 7)) as line:  # an echo has three PDUs of the PACS
        folder = run_it(tmp_path, line.port, plan)
        assert steps(record(folder))["send"]["facts"]["stored"] == 2
        line.cut = Cut("ours", 1)
        second = repeat(folder, "second")
        assert steps(second)["send"]["outcome"] == "skipped"
        line.cut = None
        third = repeat(tmp_path / "second", "third")
    assert third["outcome"] == "passed"
    words = [image["sent"][0] for image in images(third)]
    assert [word["status"] for word in words] == ["0000", "0000", "0111"]
    assert {word["earlier"] for word in words} == {record(folder)["id"]}


def test_what_came_from_which_run_is_counted(tmp_path: Path, pacs: EmbeddedPacs) -> None:
    with wire(pacs.port, Cut("theirs", 3)) as line:
        folder = run_it(tmp_path, line.port)
        line.cut = None
        second = repeat(folder, "second")
        third = repeat(tmp_path / "second", "third")
    first_id, second_id = record(folder)["id"], second["id"]
    send = steps(third)["send"]
    assert send["facts"]["acknowledged_earlier"] == {
        "instances": 3, "runs": {first_id: 2, second_id: 1},
    }  # fmt: skip
    assert f"2 of them already in {first_id}, 1 of them already in {second_id}" in send["message"]


def run_by_environment(tmp_path: Path) -> Path:
    """A run whose PACS is named by the environment, so that its record does not show the address."""
    service = {
        "host": "{{ env.PACS_HOST }}", "port": "{{ env.PACS_PORT | int }}", "ae_title": "EMBEDDED",
    }  # fmt: skip
    write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    request = RunRequest(
        sources=Sources(
            paths=[write_scenario(tmp_path / "s.yaml", STEPS, patients=PATIENTS)],
            site=tmp_path / "site.yaml",
            around=Surroundings(os.environ),
        ),
        registry=tmp_path / "registry.sqlite3",
        out=tmp_path / "run",
    )
    return run(request, [], Control()).folder


def test_a_pacs_that_the_environment_names_is_known_again_though_nothing_shows_where_it_is(
    tmp_path: Path, pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACS_HOST", "127.0.0.1")
    monkeypatch.setenv("PACS_PORT", str(pacs.port))
    folder = run_by_environment(tmp_path)
    first = record(folder)
    assert first["problems"] == []
    assert first["targets"][0]["port"] == first["targets"][0]["host"] == MASK
    again = repeat(folder)
    assert again["rerun_of"]["run"] == first["id"]
    assert again["outcome"] == "passed"
    assert steps(again)["send"]["facts"]["acknowledged_earlier"]["runs"] == {first["id"]: IMAGES}
    port = re.compile(rf"(?<![0-9a-f]){pacs.port}(?![0-9a-f])")  # a digest may have its figures
    for file in folder.rglob("*"):
        assert file.is_dir() or not port.search(file.read_text("utf-8", "replace")), file


def test_what_one_pacs_acknowledged_is_believed_of_no_other_not_even_by_a_third_run(
    tmp_path: Path, pacs: EmbeddedPacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACS_HOST", "127.0.0.1")
    monkeypatch.setenv("PACS_PORT", str(pacs.port))
    folder = run_by_environment(tmp_path)
    with EmbeddedPacs(tmp_path / "other") as other, wire(other.port, Cut("theirs", 3)) as line:
        monkeypatch.setenv("PACS_PORT", str(line.port))
        second = repeat(folder, "second")
        assert steps(second)["send"]["facts"]["stored"] == 1
        line.cut = None
        third = repeat(tmp_path / "second", "third")
        assert third["outcome"] == "passed"
        assert kept(other) == kept(pacs)
    assert steps(third)["send"]["facts"]["acknowledged_earlier"]["runs"] == {second["id"]: 1}


def test_what_was_deleted_since_is_sent_again(tmp_path: Path) -> None:
    """The embedded PACS ends with its run, so nothing that it acknowledged is there any more."""
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, patients=PATIENTS)
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    fabricate("rerun", out, "--out", tmp_path / "again").check()
    second = record(tmp_path / "again")
    assert {image["sent"][0]["earlier"] for image in images(second)} == {None}


def test_failed_repeats_only_what_did_not_pass(tmp_path: Path) -> None:
    check = {"equal": {"actual": "{{ matrix.number }}", "expected": 2}}
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"assert": [check]}], matrix={"number": [1, 2, 3]}
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    fabricate("rerun", out, "--failed", "--out", tmp_path / "again").check(1)
    result = record(tmp_path / "again")
    own = [case["matrix"]["number"] for case in result["cases"] if not case["from_run"]]
    assert own == [1, 3]
    assert result["rerun_of"]["failed_only"] is True
    assert len(result["rerun_of"]["cases"]) == 3
    once_more = fabricate("rerun", tmp_path / "again", "--out", tmp_path / "third").check(1)
    assert "3 cases: 1 passed, 2 failed" in once_more.out


def test_what_failed_repeated_gives_one_record_with_what_had_passed(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    """The second of two cases finds no PACS for a while; each case proves a requirement of its own."""
    entries = [
        {"send": {"to": "pacs"}, "when": "matrix.number == 1"},
        {"send": {"to": "other"}, "when": "matrix.number == 2"},
        {"assert": [{"stored": {"on": "pacs"}}], "requirements": ["R-{{ matrix.number }}"]},
    ]
    scenario = write_scenario(
        tmp_path / "s.yaml", entries, patients=PATIENTS, matrix={"number": [1, 2]},
        requirements=["R-0"],
    )  # fmt: skip
    with wire(pacs.port, Cut("ours", 1)) as line:
        here = {"host": "127.0.0.1", "ae_title": "EMBEDDED", "response_timeout": 5}
        targets = {
            name: {"dicom": {**here, "port": port}}
            for name, port in (("pacs", pacs.port), ("other", line.port))
        }
        site = write_site(tmp_path / "site.yaml", targets)
        request = RunRequest(
            sources=Sources(paths=[scenario], site=site),
            registry=tmp_path / "registry.sqlite3",
            out=tmp_path / "run",
        )
        folder = run(request, [], Control()).folder
        line.cut = None
        second = repeat(folder, failed=True)
    first = record(folder)
    assert [case["outcome"] for case in first["cases"]] == ["passed", "error"]
    assert [case["outcome"] for case in second["cases"]] == ["passed", "passed"]
    assert [case["from_run"] for case in second["cases"]] == [first["id"], ""]
    assert second["outcome"] == "passed"
    # All that was known of the case is, pictures too, and nothing of it was done again.
    assert {**second["cases"][0], "from_run": ""} == first["cases"][0]
    assert {event.get("case") for event in events(tmp_path / "again")} == {
        None, second["cases"][1]["id"],
    }  # fmt: skip
    pictures = [one for step in second["cases"][0]["steps"] for one in step["attachments"]]
    assert pictures
    for one in pictures:
        taken_along, kept_there = (each / one["path"] for each in (tmp_path / "again", folder))
        assert taken_along.read_bytes() == kept_there.read_bytes()
    others = [one for step in second["cases"][1]["steps"] for one in step["attachments"]]
    assert not {one["path"] for one in pictures} & {one["path"] for one in others}
    assert [one["outcome"] for one in second["requirements"]] == ["passed"] * len(
        first["requirements"]
    )
    report = (tmp_path / "again" / "report.html").read_text("utf-8")
    assert "as it was in" in report
    assert fabricate("verify", tmp_path / "again").code == 0
    # Nothing failed in the two of them together.
    fabricate("rerun", tmp_path / "again", "--failed", "--out", tmp_path / "third").check(5)


def test_failed_finds_nothing_in_a_run_that_passed(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"log": {"message": "x"}}])
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    done = fabricate("rerun", out, "--failed", "--out", tmp_path / "again").check(5)
    assert "every case" in done.err
    assert not (tmp_path / "again").exists()


def test_variables_and_seed_of_the_command_line_come_from_the_run(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "{{ vars.size }} {{ run.id }}"}}],
        vars={"size": "0"},
    )  # fmt: skip
    out = tmp_path / "run"
    fabricate(
        "run", scenario, "--registry", ":memory:", "--out", out, "--seed", "7", "--set", "size=1.10"
    ).check()
    fabricate("rerun", out, "--out", tmp_path / "again").check()
    first, second = record(out), record(tmp_path / "again")
    assert second["seed"] == first["seed"] == 7
    said = steps(second)["log"]["logs"][0]["message"]
    assert said == f"1.10 {first['id']}"


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    done = fabricate("rerun", tmp_path).check(2)
    assert "is not a run" in done.err


def test_after_a_plan_that_would_be_another_nothing_is_sent(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    folder = run_it(tmp_path, pacs.port)
    kept_request = folder / "inputs" / "request.json"
    request = json.loads(kept_request.read_text("utf-8"))
    request["seed"] += 1
    kept_request.write_text(json.dumps(request), encoding="utf-8")
    done = fabricate("rerun", folder, "--out", tmp_path / "again").check(2)
    assert "would not have the identities and pictures it had" in done.err
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_killed_or_stopped_in_a_send_is_finished_by_its_rerun(
    tmp_path: Path, pacs: EmbeddedPacs, how: signal.Signals
) -> None:
    series = {"modality": "CT", "images": 60, "size": [64, 64]}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs", "rate": 60}}, {"assert": [{"stored": {"on": "pacs"}}]}],
        patients=[{"studies": [{"series": [series]}]}],
    )
    out = tmp_path / "run"
    process = subprocess.Popen(
        command("run", scenario, "--site", site_for(tmp_path, pacs.port), "--out", out,
                "--registry", tmp_path / "registry.sqlite3"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    log = out / "events.ndjson"
    end = time.monotonic() + 60
    while not (log.exists() and log.read_text("utf-8").count('"instance_sent"') > 5):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(how)
    process.communicate(timeout=30)
    known = [one for one in events(out) if one["event"] == "instance_sent" and one["stored"]]
    assert 5 < len(known) < 60
    fabricate("rerun", out, "--out", tmp_path / "again").check()
    result = record(tmp_path / "again")
    facts = steps(result)["send"]["facts"]
    # One may have been stored whose answer the run did not live to note.
    assert facts["acknowledged_earlier"]["instances"] - len(known) in (0, 1)
    assert kept(pacs) == sorted(image["uid"] for image in images(result))
