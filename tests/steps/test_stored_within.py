"""A PACS that is declared to take its time is given it, and no scenario needs a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.app.learning.written import write
from scenario_runner.app.load import Surroundings
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

LATE = {"delay": {"on": "move", "seconds": "500ms"}}
LOOKING: list[Any] = [
    {"assert": [{"stored": {"on": "second"}}], "id": "stored"},
    {"query": {"on": "second", "level": "study"}, "save_as": "found"},
    {"wait": {"on": "second", "until": {"stored": "all"}, "every": "50ms", "timeout": "50ms"}},
    {"retrieve": {"from": "second"}},
    {"retrieve": {"from": "first", "via": "c-move", "destination": "SECOND"}, "id": "forward"},
]


@pytest.mark.parametrize("within", [None, "30s"])
def test_what_looks_for_what_was_sent_waits_as_long_as_the_pacs_may_take(
    tmp_path: Path, within: str | None
) -> None:
    targets: dict[str, Any] = {
        "first": {"embedded": {"ae_title": "FIRST", "faults": [LATE]}},
        "second": {"embedded": {"ae_title": "SECOND"}},
    }
    if within is not None:
        targets["second"]["expects"] = {"stored_within": within}
    site = write_site(tmp_path / "site.yaml", targets)
    file = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "first"}}, {"parallel": LOOKING}])
    out = tmp_path / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out)
    found = steps(record(out))
    if within is None:
        assert {found[name]["outcome"] for name in ("stored", "wait", "retrieve")} == {"failed"}
        assert found["query"]["message"] == "0 matches"
        return
    assert {one["outcome"] for one in found.values()} == {"passed"}, found
    assert found["query"]["message"].startswith("1 match; waited ")
    assert (
        "until 'second' found what it was sent (expects.stored_within)"
        in (found["retrieve"]["message"])
    )
    assert "(expects.stored_within)" in found["stored"]["checks"][0]["message"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "12s"),
        ("5s", "12s"),
        ("60", "60"),
        ("2m", "2m"),
        ("{{ env.SLOW }}", "{{ env.SLOW }}"),
    ],
)
def test_a_longer_time_that_a_person_declared_stays(
    tmp_path: Path, before: str | None, after: str
) -> None:
    expects = {} if before is None else {"expects": {"stored_within": before}}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}, **expects}})
    finding = Finding(
        subject="stored_within", value="12s", evidence=[Exchange("a", "b")], at_least=True
    )
    changed = write(site, "pacs", [finding], Surroundings())
    assert changed == ([] if before == after else ["stored_within"])
    assert after in site.read_text("utf-8")
