"""What has to be there before the steps, and what goes for all of them."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Play, outcomes


def probe(ends: str = "passed", **more: Any) -> dict[str, Any]:
    return {"probe": {"ends": ends, **more}}


def test_after_a_failed_setup_no_step_runs_and_the_case_is_an_error(play: Play) -> None:
    done, run = play([probe()], setup=[probe("failed"), probe()], **{"finally": [probe()]})
    assert done.code == 4
    assert outcomes(run) == {
        "probe": "failed", "probe-2": "skipped", "probe-3": "skipped", "probe-4": "passed",
    }  # fmt: skip
    assert run["cases"][0]["outcome"] == "error"


def test_setup_runs_first_whatever_the_run_begins_from(play: Play) -> None:
    done, run = play(
        [probe(), {**probe(), "id": "last"}], "--from", "last", setup=[{**probe(), "id": "ready"}]
    )
    done.check()
    assert outcomes(run) == {"ready": "passed", "probe": "skipped", "last": "passed"}


def test_defaults_go_for_every_step_that_does_not_say_otherwise(play: Play) -> None:
    own = {**probe("failed"), "retry": {"attempts": 1}}
    _, run = play(
        [], setup=[], defaults={"retry": {"attempts": 3}}, **{"finally": [probe("failed"), own]}
    )
    assert [one["attempts"] for one in run["cases"][0]["steps"]] == [3, 1]
