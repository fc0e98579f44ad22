"""Steps that run side by side."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import PROBE, Play, outcomes
from tests.engine.test_interruption import start, until
from tests.running import events, fabricate, record, steps, write_scenario, write_site


def probe(ends: str = "passed", **more: Any) -> dict[str, Any]:
    return {"probe": {"ends": ends, **more}}


def parallel(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"parallel": list(entries)}


def test_steps_of_a_parallel_are_under_way_at_the_same_time(play: Play, tmp_path: Path) -> None:
    done, run = play([parallel(*[probe(takes="2s")] * 3), probe()])
    done.check()
    kinds = [
        (one["event"], one["id"])
        for one in events(tmp_path / "run")
        if one["event"] in ("step_started", "step_finished")
    ]
    assert {kind for kind, _ in kinds[:3]} == {"step_started"}
    assert kinds[-1] == ("step_finished", "probe-4")
    assert list(steps(run)) == ["probe", "probe-2", "probe-3", "probe-4"]


def test_one_that_fails_stops_none_beside_it_and_all_that_come_after(play: Play) -> None:
    slow = {**probe(takes="1s", value=7), "save_as": "seven"}
    done, run = play(
        [parallel(probe("failed"), slow), probe()],
        **{"finally": [{"log": {"message": "kept {{ seven }}"}}]},
    )
    assert done.code == 1
    assert outcomes(run) == {
        "probe": "failed", "probe-2": "passed", "probe-3": "skipped", "log": "passed",
    }  # fmt: skip
    assert steps(run)["probe-3"]["message"] == "step 'probe' did not pass"
    assert steps(run)["log"]["logs"][0]["message"] == "kept 7"


def test_what_a_branch_saves_is_there_afterwards_and_each_branch_sees_what_was_before(
    play: Play,
) -> None:
    first = {**probe(value=2), "save_as": "two"}
    beside = [{**probe(value=f"{{{{ two * {n} }}}}"), "save_as": f"by{n}"} for n in (2, 3)]
    check = {"equal": {"actual": "{{ by2 + by3 }}", "expected": 10}}
    done, run = play([first, parallel(*beside), {"assert": [check]}])
    done.check()
    assert outcomes(run)["assert"] == "passed"


def test_a_step_that_throws_or_is_out_of_time_leaves_the_record_whole(play: Play) -> None:
    late = {**probe(takes="60s"), "timeout": "300ms"}
    twice = {**probe("failed"), "retry": {"attempts": 2}}
    done, run = play([parallel(probe("defect"), late, twice, {**probe(), "for_each": [1, 2]})])
    assert done.code == 4
    assert outcomes(run) == {
        "probe": "error", "probe-2": "failed", "probe-3": "failed",
        "probe-4[0]": "passed", "probe-4[1]": "passed",
    }  # fmt: skip
    assert steps(run)["probe-3"]["attempts"] == 2


def test_a_run_can_begin_from_a_step_that_has_others_beside_it(play: Play) -> None:
    ids = [{**probe(), "id": name} for name in ("a", "b", "c")]
    done, run = play([probe(), parallel(*ids), {**probe(), "id": "end"}], "--from", "b")
    done.check()
    assert outcomes(run) == {
        "probe": "skipped", "a": "skipped", "b": "passed", "c": "passed", "end": "passed",
    }  # fmt: skip


def test_in_finally_all_of_them_run_whatever_becomes_of_one(play: Play) -> None:
    tidy = parallel(probe("error"), probe())
    done, run = play([probe("failed")], **{"finally": [tidy, probe()]})
    assert done.code == 4
    assert outcomes(run) == {
        "probe": "failed", "probe-2": "error", "probe-3": "passed", "probe-4": "passed",
    }  # fmt: skip


def test_ctrl_c_ends_all_that_are_under_way_and_finally_runs(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=str(PROBE))
    both = parallel(probe(takes="600s"), probe(takes="600s"))
    scenario = write_scenario(tmp_path / "s.yaml", [both, probe()], **{"finally": [probe()]})
    out = tmp_path / "run"
    process = start("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    try:
        for name in ("probe", "probe-2"):
            until(out, '"step_started"', f'"id":"{name}"')
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert outcomes(record(out)) == {
        "probe": "interrupted", "probe-2": "interrupted", "probe-3": "skipped", "probe-4": "passed",
    }  # fmt: skip


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that sends to two PACS at once."""
    place = tmp_path_factory.mktemp("sent")
    targets: dict[str, Any] = {"pacs": {"embedded": {}}, "archive": {"embedded": {}}}
    site = write_site(place / "site.yaml", targets)
    both = ("pacs", "archive")
    scenario = write_scenario(
        place / "s.yaml",
        [
            parallel(*({"id": f"to_{to}", "send": {"to": to}} for to in both)),
            {"assert": [{"stored": {"on": to}} for to in both]},
        ],
        patients=[{"studies": [{"series": [{"modality": "CT", "images": 6, "size": [64, 64]}]}]}],
    )
    fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", place / "run"
    ).check()
    return place


def test_two_pacs_get_everything_at_once(sent: Path) -> None:
    run = record(sent / "run")
    assert outcomes(run) == {"to_pacs": "passed", "to_archive": "passed", "assert": "passed"}
    images = run["cases"][0]["patients"][0]["studies"][0]["series"][0]["images"]
    assert {one["to"] for image in images for one in image["sent"]} == {"pacs", "archive"}


def test_a_rerun_does_side_by_side_what_the_run_did(sent: Path) -> None:
    fabricate("rerun", sent / "run", "--out", sent / "again").check()
    run = record(sent / "again")
    assert list(steps(run)) == ["to_pacs", "to_archive", "assert"]
    assert set(outcomes(run).values()) == {"passed"}
