"""What a repeated run is remembered to have known about an instance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from scenario_runner.api import SentEarlier
from scenario_runner.app.earlier_runs import EarlierSends
from scenario_runner.planning.plan import PlannedImage

IMAGE = cast(
    "PlannedImage",
    SimpleNamespace(
        id="p1.s1.e1.i1", uid="2.25.1", series=SimpleNamespace(study=SimpleNamespace(uid="2.25.9"))
    ),
)


def sent(status: str | None = "0000", **more: Any) -> dict[str, Any]:
    return {
        "event": "instance_sent", "case": "c", "id": "send", "target": "pacs",
        "image": IMAGE.id, "uid": IMAGE.uid, "status": status, "stored": status == "0000",
        "maybe_stored": False, "comment": "", "earlier": "R1", **more,
    }  # fmt: skip


def deletion(*, done: bool) -> dict[str, Any]:
    return {
        "event": "deletion", "case": "c", "id": "delete", "target": "pacs", "done": done,
        "studies": ["2.25.9"],
    }  # fmt: skip


def asked(*events: dict[str, Any], trusted: bool = True) -> SentEarlier | None:
    sends = EarlierSends()
    sends.take(events)
    return sends.of("c", {"pacs": trusted})("send", IMAGE, "pacs")


def word(*events: dict[str, Any], trusted: bool = True) -> str:
    said = asked(*events, trusted=trusted)
    if said is None:
        return "nothing"
    return "stored" if said.stored else "doubtful" if said.doubtful else "refused"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "nothing"),
        ([sent()], "stored"),
        ([sent("A700")], "refused"),
        ([sent(None)], "refused"),
        ([sent(None, maybe_stored=True)], "doubtful"),
        ([sent("A700"), sent()], "stored"),
        ([sent(), sent("A700")], "stored"),
        ([sent(), deletion(done=False), deletion(done=True)], "nothing"),
        ([sent(), deletion(done=False)], "doubtful"),
        ([sent(), deletion(done=True), sent()], "stored"),
        ([{"event": "step_cut", "case": "c", "id": "send", "run": "R1"}], "doubtful"),
        ([sent(), {"event": "step_cut", "case": "c", "id": "send", "run": "R1"}], "stored"),
    ],
)
def test_the_last_word_counts_and_a_deletion_undoes_it(
    events: list[dict[str, Any]], expected: str
) -> None:
    assert word(*events) == expected


def test_a_pacs_that_is_another_or_keeps_nothing_has_nothing() -> None:
    assert word(sent(), trusted=False) == "nothing"


def test_an_acknowledgement_keeps_the_name_of_the_run_that_got_it() -> None:
    said = asked(sent(earlier="R0"))
    assert said is not None
    assert said.run == "R0"
