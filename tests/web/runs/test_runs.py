"""Runs that belong to the server: started, watched, stopped, repeated, and their evidence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.web.runs.asking import RUNS, begun, client_of, ended, finished_steps, started, state
from tests.web.runs.scenarios import endless, quick, text
from tests.web.served import Served, served


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("runs") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx2.Client]:
    with client_of(service.url) as asks:
        yield asks


@pytest.fixture(scope="module")
def passed(client: httpx2.Client) -> str:
    run = started(client, quick(), seed=7)
    found = ended(client, run)
    assert (found["outcome"], found["exit_code"]) == ("passed", 0), found
    return run


def test_the_evidence_is_the_folder_that_the_command_makes(
    service: Served, client: httpx2.Client, passed: str
) -> None:
    folder = service.folder / "data" / "runs" / passed
    record = json.loads((folder / "run.json").read_text("utf-8"))
    assert record["run"]["id"] == passed if "run" in record else record["id"] == passed
    names = {one["path"] for one in client.get(f"{RUNS}/{passed}/files").json()["files"]}
    assert {
        "report.html",
        "run.json",
        "events.ndjson",
        "junit.xml",
        "inputs/scenario.yaml",
    } <= names
    assert client.get(f"{RUNS}/{passed}/files/inputs/scenario.yaml").text == quick()
    report = client.get(f"{RUNS}/{passed}/files/report.html")
    assert report.headers["content-type"].startswith("text/html")
    assert report.headers["content-security-policy"].startswith("sandbox")


def test_the_events_come_as_they_were_written_and_go_on_where_a_watcher_left(
    client: httpx2.Client, passed: str
) -> None:
    log = client.get(f"{RUNS}/{passed}/files/events.ndjson").content
    messages = _messages(client, passed)
    assert [data for _, data in messages] == [line.decode() for line in log.splitlines()]
    middle = messages[len(messages) // 2][0]
    again = _messages(client, passed, {"Last-Event-ID": middle})
    assert again == messages[len(messages) // 2 + 1 :]


def test_whoever_watches_a_killed_run_is_told_of_each_instance_of_a_line_that_was_cut(
    client: httpx2.Client, service: Served
) -> None:
    run = started(client, quick())
    ended(client, run)
    whole = _messages(client, run)
    head = (
        '{"seq":99,"time":"2026-01-31T09:30:00.123Z","event":"instances_sent","case":"c","id":"s",'
    )
    cut = head + '"target":"pacs","uids":"1.2.","sent":["p1.s1.e1.i1 1","2","3'
    with (service.data / "runs" / run / "events.ndjson").open("a", encoding="utf-8") as log:
        log.write(cut)
    told = [json.loads(data) for _, data in _messages(client, run)[len(whole) :]]
    assert [(one["event"], one["seq"], one["uid"]) for one in told] == [
        ("instance_sent", 99, "1.2.1"), ("instance_sent", 100, "1.2.2")
    ]  # fmt: skip


def _messages(
    client: httpx2.Client, run: str, headers: dict[str, str] | None = None
) -> list[tuple[str, str]]:
    """Id and data of each message, to the end, which the stream says."""
    answer = client.get(f"{RUNS}/{run}/events", headers=headers)
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    assert blocks[-1][0] == "event: ended"
    return [
        (block[0].removeprefix("id: "), block[1].removeprefix("data: "))
        for block in blocks[:-1]
        if block[0].startswith("id: ")
    ]


def test_two_runs_are_compared_as_the_command_does(
    client: httpx2.Client, service: Served, passed: str
) -> None:
    again = client.post(f"/api/v1/runs/{passed}/repeat").json()["id"]
    ended(client, again)
    (service.data / "runs" / again / "inputs" / "another.csv").write_text("a\n1\n", "utf-8")
    page = client.get(f"/api/v1/runs/{again}/compared/{passed}")
    assert page.status_code == 200
    assert "sandbox" in page.headers["content-security-policy"]
    assert passed in page.text
    assert again in page.text
    assert "another.csv" in page.text
    shown = client.get(f"/runs/{again}/compared?before={passed}").text
    assert f'src="/api/v1/runs/{again}/compared/{passed}"' in shown
    nobody = client.get(f"/api/v1/runs/{again}/compared/20200101T000000Z-0000")
    assert nobody.status_code == 404
    waiting = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
    try:
        going = client.get(f"/api/v1/runs/{waiting}/compared/{passed}")
        assert (going.status_code, going.json()["code"]) == (409, "run-goes-on")
    finally:
        client.post(f"/api/v1/runs/{waiting}/stop").raise_for_status()
        ended(client, waiting)


def test_a_run_whose_evidence_was_taken_away_is_compared_with_nothing(
    client: httpx2.Client, service: Served, passed: str
) -> None:
    gone = client.post(f"/api/v1/runs/{passed}/repeat").json()["id"]
    ended(client, gone)
    shutil.rmtree(service.data / "runs" / gone)
    told = client.get(f"/api/v1/runs/{passed}/compared/{gone}")
    assert (told.status_code, told.json()["code"]) == (404, "file-not-found")
    for path in (f"/runs/{gone}/compared", f"/runs/{passed}/compared?before={gone}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "There is nothing to compare" in page.text
        assert "<iframe" not in page.text  # it would show a refusal of the browser
        assert f'href="/runs/{gone}"' in page.text
    others = client.get(f"/runs/{passed}/compared").text
    assert f'value="{gone}"' not in others


def test_no_path_leads_out_of_the_evidence(client: httpx2.Client, passed: str) -> None:
    for path in (
        "../../registry.sqlite3", "%2e%2e/%2e%2e/registry.sqlite3", "..%2F..%2Fregistry.sqlite3",
        "/etc/passwd", "%2Fetc%2Fpasswd", "inputs/../../../registry.sqlite3", "%00", "inputs",
        "C:%5CWindows", "..%5C..%5Cregistry.sqlite3",
    ):  # fmt: skip
        answer = client.get(f"{RUNS}/{passed}/files/{path}")
        assert answer.status_code in (404, 422), path
    assert client.get(f"{RUNS}/..%2F{passed}/files").status_code == 404


def test_a_stopped_run_ends_as_by_ctrl_c_with_its_finally_steps(client: httpx2.Client) -> None:
    run = started(client, endless())
    begun(client, run)
    assert client.post(f"{RUNS}/{run}/stop").status_code == 202
    found = ended(client, run)
    assert (found["outcome"], found["exit_code"]) == ("interrupted", 130)
    assert found["stopped_by"] == "local"
    steps = {one["id"]: one["outcome"] for one in finished_steps(client, run)}
    assert steps["tidied"] == "passed"
    assert client.post(f"{RUNS}/{run}/stop").status_code == 409


def test_more_runs_than_may_go_at_once_wait_and_one_that_waits_can_be_withdrawn(
    client: httpx2.Client,
) -> None:
    two = [started(client, endless()) for _ in range(2)]
    for run in two:
        begun(client, run)
    waiting = started(client, quick())
    assert state(client, waiting)["state"] == "queued"
    client.post(f"{RUNS}/{waiting}/stop")
    assert ended(client, waiting)["outcome"] == "withdrawn"
    last = started(client, quick())
    for run in two:
        client.post(f"{RUNS}/{run}/stop")
    assert ended(client, last)["outcome"] == "passed"
    listed = client.get(RUNS, params={"outcome": "interrupted", "limit": 2}).json()
    assert {one["id"] for one in listed["runs"]} == set(two)
    assert client.get(RUNS, params={"limit": 1}).json()["runs"][0]["id"] == last


def test_a_repeated_run_makes_the_same_and_says_what_it_repeats(
    client: httpx2.Client, passed: str
) -> None:
    again = client.post(f"{RUNS}/{passed}/repeat").json()["id"]
    assert ended(client, again)["outcome"] == "passed"
    assert state(client, again)["repeats"] == passed
    first, second = (
        client.get(f"{RUNS}/{run}/files/run.json").json()["cases"][0]["patients"][0]["name"]
        for run in (passed, again)
    )
    assert first == second


def test_a_scenario_that_is_wrong_is_told_with_places_and_nothing_is_queued(
    client: httpx2.Client,
) -> None:
    before = client.get(RUNS).json()["total"]
    answer = client.post(RUNS, json={"text": quick().replace('"log"', '"lgo"')})
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "invalid-scenario"
    assert told["errors"][0]["line"] > 1
    assert "log" in (told["errors"][0]["hint"] or "")
    assert client.get(RUNS).json()["total"] == before


def test_a_run_that_ends_before_it_begins_says_why(client: httpx2.Client, service: Served) -> None:
    name = "gone"
    saved = client.put(
        f"/api/v1/scenarios/{name}", json={"text": quick(name)}, headers={"If-None-Match": "*"}
    )
    assert saved.status_code == 200, saved.text
    blockers = [started(client, endless()) for _ in range(2)]
    run = client.post(RUNS, json={"scenario": name}).json()["id"]
    (service.folder / "data" / "scenarios" / f"{name}.yaml").write_text("schema: scenario/v1\n")
    for one in blockers:
        client.post(f"{RUNS}/{one}/stop")
    found = ended(client, run)
    assert (found["outcome"], found["exit_code"]) == ("refused", 3)
    assert found["message"].startswith("gone.yaml:1: ")


def test_a_production_target_needs_its_flag(tmp_path: Path) -> None:
    site = tmp_path / "north.yaml"
    site.write_text(
        json.dumps(
            {
                "schema": "site/v1",
                "name": "north",
                "targets": {"pacs": {"embedded": {}, "environment": "production"}},
            }
        )
    )
    echo = text("echo", [{"echo": {"to": "pacs"}}])
    with served(tmp_path / "data", "--site", site) as running, client_of(running.url) as client:
        refused = client.post(RUNS, json={"text": echo})
        assert refused.status_code == 422
        assert "may be production" in refused.json()["detail"]
        run = started(client, echo, allow_production=True)
        assert ended(client, run)["outcome"] == "passed"
