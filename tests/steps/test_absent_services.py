"""A service that the site says a PACS has not skips who needs it, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.peers.processes import free_port
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = {"worklist": False, "mpps": False, "commitment": "none"}
ENTRIES: list[Any] = [
    {"worklist": {"from": "pacs"}, "save_as": "scheduled", "id": "ask"},
    {"query": {"on": "pacs", "level": "worklist"}},
    {"wait": {"on": "pacs", "until": {"query": {"level": "worklist"}}, "timeout": "20s"}},
    {"log": {"message": "{{ scheduled | length }} scheduled"}},
    {"log": {"message": "scheduled, commit: {{ studies[0].accession }}"}, "id": "other"},
    {"mpps": {"to": "pacs", "status": "in-progress"}, "for_each": [1, 2], "save_as": "told"},
    {"mpps": {"to": "pacs", "status": "in-progress", "expect": "any"}, "id": "tried"},
    {"send": {"to": "pacs"}},
    {"commit": {"to": "pacs"}},
    {"assert": [{"status": {"of": "told", "expected": "0000"}, "requirements": ["R-1"]}], "id": "a"},
    {"assert": [
        {"count": {"actual": "{{ scheduled }}", "expected": 1}},
        {"status": {"of": "commit", "expected": "success"}},
        {"stored": {"on": "pacs"}},
    ]},
]  # fmt: skip
NEEDING = {"ask", "query", "wait", "log", "mpps[0]", "mpps[1]", "commit", "a"}


def run(
    folder: Path, targets: dict[str, Any], entries: list[Any], code: int = 0
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    receiver = {"port": free_port()}
    site = write_site(folder / "site.yaml", targets, receiver=receiver)
    file = write_scenario(folder / "s.yaml", entries)
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", folder / "run").check(
        code
    )
    done = record(folder / "run")
    return done, steps(done)


def test_who_needs_a_service_that_is_not_there_is_skipped_and_the_rest_is_proved(
    tmp_path: Path,
) -> None:
    done, found = run(tmp_path, {"pacs": {"embedded": {}, "expects": NOTHING}}, ENTRIES)
    skipped = {name for name, one in found.items() if one["outcome"] == "skipped"}
    assert skipped == NEEDING
    assert done["outcome"] == "passed"
    why = "the site says that 'pacs' has no worklist (expects.worklist)"
    assert {found[name]["message"] for name in ("ask", "query", "wait", "log")} == {why}
    assert found["assert"]["message"] == "1 check passed, 2 skipped"
    checks = [(one["outcome"], one["message"]) for one in found["assert"]["checks"]]
    assert checks[0] == ("skipped", why)
    assert "no storage commitment (expects.commitment)" in checks[1][1]
    assert checks[2][0] == "passed"
    [shown] = done["requirements"]
    assert shown["outcome"] not in ("passed", "failed")


def test_the_same_is_asked_for_and_judged_where_it_is_there(tmp_path: Path) -> None:
    _, found = run(tmp_path, {"pacs": {"embedded": {}}}, ENTRIES)
    assert {one["outcome"] for one in found.values()} == {"passed"}


def test_a_report_of_commitment_is_awaited_where_the_site_says_that_it_comes(
    tmp_path: Path,
) -> None:
    modes = ("same", "later", "new")
    targets: dict[str, Any] = {
        mode: {"embedded": {"commitment": mode}, "expects": {"commitment": mode}} for mode in modes
    }
    targets["wrong"] = {"embedded": {"commitment": "later"}, "expects": {"commitment": "same"}}
    entries: list[Any] = [{"send": {"to": "{{ item }}"}, "for_each": list(targets)}]
    entries += [{"commit": {"to": mode, "timeout": "20s"}, "id": mode} for mode in modes]
    entries.append(
        {"commit": {"to": "wrong", "timeout": "300ms"}, "fails": "on the same association, where"}
    )
    _, found = run(tmp_path, targets, entries)
    assert [found[mode]["facts"]["delivery"] for mode in modes] == [
        "same association", "later association", "association of the peer",
    ]  # fmt: skip
