"""Scenarios over HTTP: listed, judged as they are typed, planned, and saved without anybody's work being lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running import fabricate
from tests.web.auth.people import add, key, logged_in
from tests.web.runs.asking import RUNS, client_of, ended, started, state
from tests.web.runs.scenarios import endless, quick, text
from tests.web.served import Served, served

SCENARIOS = "/api/v1/scenarios"
NEW = {"If-None-Match": "*"}
ORM = r"""MSH|^~\&|RIS|NORTH|PACS|NORTH|20260131093000||ORM^O01|4711|P|2.5.1
PID|1||P-4711^^^NORTH||MUSTER^MARTA||19700101|F
PV1|1|O
ORC|NW|A100|F100
OBR|1|A100|F100|CHEST^Chest PA^L|||20260131100000|||||||||||ACC4711||||||DX
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture(scope="module")
def service(folder: Path) -> Iterator[Served]:
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "ours.py").write_text(
        "from scenario_runner.api import Step, StepContext, StepResult\n"
        "from scenario_runner.hooks import hookimpl\n"
        "class Ours(Step):\n"
        '    """Say hello."""\n'
        '    name = "ours"\n'
        '    example = "ours: {}"\n'
        "    def run(self, context: StepContext) -> StepResult:\n"
        '        return StepResult(message="hello")\n'
        "@hookimpl\n"
        "def fabricate_steps():\n"
        "    return [Ours]\n"
    )
    site = folder / "site.yaml"
    site.write_text(
        json.dumps(
            {
                "schema": "site/v1",
                "name": "test",
                "plugins": ["plugins"],
                "targets": {"pacs": {"embedded": {}}},
            }
        )
    )
    for name, role in (("ada", "admin"), ("tom", "technician")):
        add(folder / "data", name, role)
    with served(folder / "data", "--site", site) as running:
        yield running


@pytest.fixture(scope="module")
def admin(service: Served, folder: Path) -> Iterator[httpx2.Client]:
    proof = f"Bearer {key(folder / 'data', 'ada')}"
    with client_of(service.url, Authorization=proof) as client:
        yield client


@pytest.fixture(scope="module")
def technician(service: Served, folder: Path) -> Iterator[httpx2.Client]:
    proof = f"Bearer {key(folder / 'data', 'tom')}"
    with client_of(service.url, Authorization=proof) as client:
        yield client


def test_what_ships_is_listed_and_read(technician: httpx2.Client) -> None:
    found = technician.get(SCENARIOS, params={"limit": 1000}).json()
    shipped = {one["name"]: one for one in found["scenarios"]}
    assert "smoke" in shipped["xray_smoke"]["tags"]
    one = technician.get(f"{SCENARIOS}/xray_smoke")
    assert "schema: scenario/v1" in one.json()["text"]
    assert one.headers["etag"] == f'"{one.json()["version"]}"'
    assert technician.get(f"{SCENARIOS}/not_there").status_code == 404
    assert technician.get(f"{SCENARIOS}/..%2Fregistry").status_code in (404, 422)


def test_a_save_over_what_somebody_else_has_saved_is_refused(technician: httpx2.Client) -> None:
    address = f"{SCENARIOS}/mine"
    assert technician.put(address, json={"text": "a: 1"}).status_code == 428
    first = technician.put(address, json={"text": "a: 1"}, headers=NEW)
    assert first.status_code == 200, first.text
    assert technician.put(address, json={"text": "b: 1"}, headers=NEW).status_code == 412
    seen = {"If-Match": first.headers["etag"]}
    second = technician.put(address, json={"text": "a: 2"}, headers=seen)
    assert second.status_code == 200
    late = technician.put(address, json={"text": "a: 3"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")
    assert technician.get(address).json()["text"] == "a: 2"
    assert technician.delete(address, headers=seen).status_code == 412
    there = {"If-Match": second.headers["etag"]}
    assert technician.delete(address, headers=there).status_code == 204
    assert technician.get(address).status_code == 404


def test_the_description_says_that_a_version_is_asked_for(technician: httpx2.Client) -> None:
    described = technician.get("/openapi.json").json()["paths"][f"{SCENARIOS}/{{name}}"]
    assert {"412", "428"} <= set(described["put"]["responses"])
    assert {"412", "428"} <= set(described["delete"]["responses"])
    assert "428" not in described["get"]["responses"]


def test_the_diagnostics_are_those_of_the_command(
    technician: httpx2.Client, tmp_path: Path
) -> None:
    wrong = quick().replace("patients", "pateints")
    told = technician.post(f"{SCENARIOS}/validate", json={"text": wrong, "site": "embedded"}).json()
    file = tmp_path / "scenario.yaml"
    file.write_text(wrong, encoding="utf-8")
    said = fabricate("validate", file, "--format", "json").check(3).out.splitlines()
    for one, line in zip(told["diagnostics"], map(json.loads, said), strict=True):
        assert one == {**line, "file": "scenario.yaml"}
    right = technician.post(f"{SCENARIOS}/validate", json={"text": quick()})
    assert [one["code"] for one in right.json()["diagnostics"]] == ["FAB903"]


def test_the_plan_is_that_of_the_command_and_moves_no_counter(
    technician: httpx2.Client, service: Served, tmp_path: Path
) -> None:
    given = {"text": quick(), "seed": 7, "site": "embedded"}
    plan = technician.post(f"{SCENARIOS}/plan", json=given).json()
    file = tmp_path / "quick.yaml"
    file.write_text(quick(), encoding="utf-8")
    registry = service.folder / "data" / "registry.sqlite3"
    said = fabricate("plan", file, "--seed", "7", "--format", "json", "--registry", registry)
    told = json.loads(said.check().out)
    assert plan["cases"][0]["patients"] == told["cases"][0]["patients"]
    assert technician.post(f"{SCENARIOS}/plan", json=given).json()["cases"] == plan["cases"]


def test_a_plan_of_millions_is_refused_and_not_made(technician: httpx2.Client) -> None:
    series = [{"modality": "CT", "images": 1_000_000, "size": [32, 32]}]
    many = text("many", [{"log": {"message": "x"}}], patients=[{"studies": [{"series": series}]}])
    answer = technician.post(f"{SCENARIOS}/plan", json={"text": many})
    assert (answer.status_code, answer.json()["code"]) == (413, "plan-too-long")


def test_a_scenario_that_uses_a_plugin_is_for_those_who_may(
    technician: httpx2.Client, admin: httpx2.Client
) -> None:
    ours = text("ours", [{"ours": {}}])
    for answer in (
        technician.post(RUNS, json={"text": ours}),
        technician.post(f"{SCENARIOS}/plan", json={"text": ours}),
        technician.put(f"{SCENARIOS}/ours", json={"text": ours}, headers=NEW),
    ):
        assert answer.status_code == 403, answer.text
        assert "use-plugins" in answer.json()["detail"]
    assert admin.put(f"{SCENARIOS}/ours", json={"text": ours}, headers=NEW).status_code == 200
    # What an administrator has put there others may run.
    run = technician.post(RUNS, json={"scenario": "ours"}).json()["id"]
    assert ended(technician, run)["outcome"] == "passed"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../registry.sqlite3", "{{ '/etc/' ~ 'passwd' }}", "C:/x", "\\\\a\\b"],
)
def test_a_scenario_of_just_anybody_reads_no_file_of_the_server(
    technician: httpx2.Client, name: str
) -> None:
    for given in (
        text("reads", [{"hl7_send": {"to": "pacs", "file": name}}]),
        text("reads", [{"log": {"message": "x"}}], patients=[{"from": {"hl7": name}}]),
        text("reads", [{"import": {"files": [name]}}]),
    ):
        for asked in (RUNS, f"{SCENARIOS}/plan", f"{SCENARIOS}/validate"):
            answer = technician.post(asked, json={"text": given})
            assert (answer.status_code, answer.json()["code"]) == (403, "files-outside"), name


def test_files_beside_a_scenario_come_with_it(technician: httpx2.Client) -> None:
    ordered = text(
        "ordered",
        [{"log": {"message": "{{ studies[0].accession }}"}}],
        patients=[{"from": {"hl7": "orders.hl7"}}],
    )
    files = {"orders.hl7": ORM}
    plan = technician.post(f"{SCENARIOS}/plan", json={"text": ordered, "files": files})
    assert plan.status_code == 200, plan.text
    assert plan.json()["cases"][0]["patients"][0]["studies"][0]["accession"] == "ACC4711"
    run = started(technician, ordered, files=files)
    assert ended(technician, run)["outcome"] == "passed"
    for bad in ("../x.hl7", "a/b", "scenario.yaml", ""):
        answer = technician.post(RUNS, json={"text": ordered, "files": {bad: "x"}})
        assert answer.status_code == 422, bad


def test_a_run_reaches_the_archive_of_its_server_and_only_while_it_goes_on(
    technician: httpx2.Client, service: Served
) -> None:
    sends = text(
        "sends",
        [
            {"send": {"to": "pacs"}},
            {"assert": [{"stored": {"on": "pacs"}}]},
            {"log": {"message": "x"}},
        ],
    )
    run = started(technician, sends, site="archive")
    found = ended(technician, run)
    assert found["outcome"] == "passed", found
    studies = technician.get("/api/v1/dicom/studies").json()
    assert studies["total"] == 1
    kept = service.folder / "data" / "run-jobs" / run
    assert not any(
        b"fabricate-run-" in one.read_bytes() for one in kept.rglob("*") if one.is_file()
    )
    for key_ in (f"fabricate-run-{run}.guessed", "fabricate-run-", f"fabricate-run-../{run}.x"):
        answer = service.client.get(
            f"{service.url}/dicom-web/studies", headers={"Authorization": f"Bearer {key_}"}
        )
        assert answer.status_code == 401


def test_schedules_are_kept_paused_and_ended(technician: httpx2.Client) -> None:
    address = f"{RUNS}/schedules"
    given = {"scenario": "xray_smoke", "cron": "30 2 * * mon-fri", "zone": "Europe/Berlin"}
    for wrong, code in (
        ({"cron": "61 * * * *"}, "cron-expression"),
        ({"cron": "* * * * * *"}, "cron-expression"),
        ({"cron": "0 0 30 2 *"}, "cron-expression"),
        ({"zone": "Europe/Nowhere"}, "time-zone"),
    ):
        answer = technician.post(address, json={**given, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    made = technician.post(address, json=given)
    assert made.status_code == 201, made.text
    number = made.json()["number"]
    assert made.json()["next"][11:16] == "02:30"
    paused = technician.post(f"{address}/{number}/pause", json={"paused": True}).json()
    assert paused["next"] is None
    assert [one["number"] for one in technician.get(address).json()["schedules"]] == [number]
    assert technician.delete(f"{address}/{number}").status_code == 204
    assert technician.delete(f"{address}/{number}").status_code == 404


def test_no_variable_that_just_anybody_sets_names_a_file_of_the_server(
    technician: httpx2.Client, admin: httpx2.Client, folder: Path
) -> None:
    secret = folder / "secret.hl7"
    secret.write_text("MSH|^~\\&|nothing for technicians\n", "utf-8")
    step = {"hl7_send": {"to": "pacs", "file": "{{ vars.message }}"}}
    own = text("messages", [step], vars={"message": "order.hl7"})
    assert admin.put(f"{SCENARIOS}/messages", json={"text": own}, headers=NEW).status_code == 200
    wish = {"scenario": "messages", "set": {"message": str(secret)}}
    for asked in (RUNS, f"{SCENARIOS}/plan", f"{SCENARIOS}/validate"):
        answer = technician.post(asked, json=wish)
        assert (answer.status_code, answer.json()["code"]) == (403, "files-outside"), asked
    planned = technician.post(f"{RUNS}/schedules", json={**wish, "cron": "0 3 * * *"})
    assert (planned.status_code, planned.json()["code"]) == (403, "files-outside")


def test_who_logs_out_sees_no_more_of_a_run(
    service: Served, technician: httpx2.Client, folder: Path
) -> None:
    run = started(technician, endless())
    try:
        with logged_in(service.url, "tom") as client:
            with client.stream("GET", f"{RUNS}/{run}/events") as events:
                told = events.iter_lines()
                assert next(told)
                assert client.post("/api/v1/auth/logout").status_code == 204
                for _ in told:
                    pass  # ends, though the run goes on
            assert state(technician, run)["state"] != "ended"
    finally:
        technician.post(f"{RUNS}/{run}/stop")
        ended(technician, run)
