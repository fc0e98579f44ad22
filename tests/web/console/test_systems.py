"""The systems of a site from the console: asked whether they answer, asked what they have, and studies fetched."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scenario_runner.database.engine import Database
from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.registry.messages import listed, message_of_number
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from tests.peers.processes import HOST, Modality, free_port, orthanc
from tests.running import fabricate, write_site
from tests.web.console.browsing import LOOKS, Tab, tab
from tests.web.imaging_files import ct, upload
from tests.web.runs.asking import client_of, ended
from tests.web.served import Served, served

pytestmark = pytest.mark.peer

NAME = "<i>MARKUP</i>^JANE"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Beside a real Orthanc that holds a CT study and knows one AE title."""
    folder = tmp_path_factory.mktemp("systems")
    known = Modality("FABRICATE", free_port())
    rest = {"DicomCheckCalledAet": True}
    with orthanc(folder, modalities=[known], configuration=rest) as archive:
        address = {"host": archive.host, "port": archive.port}
        site = write_site(
            folder / "site.yaml",
            {
                "archive": {"dicom": {**address, "ae_title": archive.ae_title}},
                "misnamed": {"dicom": {**address, "ae_title": "NOBODY"}},
                "dead": {"dicom": {"host": HOST, "port": free_port(), "ae_title": "DEAD"}},
                "live": {
                    "environment": "production",
                    "dicom": {**address, "ae_title": archive.ae_title},
                },
            },
        )
        fabricate(
            "study", "ct", "--to", "archive", "--site", site, "--name", NAME, "--accession", "A100",
            "--images", "2", "--series", "1", "--yes", "--out", folder / "run",
            "--registry", folder / "registry.sqlite3",
        ).check(0)  # fmt: skip
        with served(folder / "data", "--site", site) as running:
            yield running


@pytest.fixture
def it(service: Served, browser: Browser) -> Iterator[Tab]:
    with tab(browser, service.url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("archive", "0000"),
        ("misnamed", "called AE title not recognized"),
        ("dead", "connection refused"),
        ("dead", "check the target's 'port'"),
    ],
)
def test_a_system_answers_or_it_is_said_why_not(it: Tab, name: str, said: str) -> None:
    page = it.go("/pacs")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
    row.get_by_role("button").click()
    expect(row.locator(".said")).to_contain_text(said, ignore_case=True)


def test_the_dashboard_says_how_each_system_is_and_asks_no_production_unasked(it: Tab) -> None:
    page = it.go("/")
    rows = page.get_by_role("region", name="PACS").get_by_role("listitem")
    for name, said in {
        "archive": r"Answers.*DICOM in \d+ ms",
        "misnamed": "Fails.*called AE title not recognized",
        "dead": "Fails.*refused",
        "live": "Not asked.*may be production",
    }.items():
        row = rows.filter(has=page.get_by_text(name, exact=True))
        expect(row).to_have_text(re.compile(said, re.DOTALL | re.IGNORECASE))
    attention = page.get_by_role("region", name="Needs attention").get_by_role("listitem")
    expect(attention).to_have_text(
        [
            re.compile(r"Fails\s*misnamed:.*called AE title not recognized", re.IGNORECASE),
            re.compile(r"Fails\s*dead:.*refused", re.IGNORECASE),
        ]
    )


def test_an_address_of_dicomweb_is_asked_what_it_speaks_and_nothing_else(
    it: Tab, service: Served
) -> None:
    page = it.go("/pacs")
    page.get_by_role("textbox", name="Address").fill(f"{service.url}/dicom-web")
    page.get_by_role("button", name="Test", exact=True).last.click()
    said = page.get_by_role("listitem").filter(has_text="DICOM")
    expect(said).to_contain_text("QIDO-RS")
    page.get_by_label("Our AE title").fill("ÄRZTE")
    it.expects(422)
    page.get_by_role("button", name="Test", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text(
        "we cannot call ourselves 'ÄRZTE': an AE title has 1 to 16 characters of ASCII"
    )


def test_a_study_is_made_for_what_may_be_production_only_where_that_is_ticked(
    it: Tab, service: Served
) -> None:
    page = it.go("/generate")
    page.get_by_label("Send to").select_option("live")
    send = page.get_by_role("button", name=re.compile(r"^Send \d"))
    it.expects(422)
    send.click()
    expect(page.locator("#problems")).to_contain_text("or its box in the console")
    with page.expect_response("**/generate/preview"):
        page.locator("#preview").dispatch_event("look")  # as the form does a moment after a change
    expect(page.locator("#problems")).to_contain_text("or its box in the console")
    page.get_by_label("This may be production; send there all the same").check()
    send.click()
    page.wait_for_url(re.compile(r"/runs/\d"))
    with client_of(service.url) as client:
        assert ended(client, page.url.rpartition("/")[2])["outcome"] == "passed"


def test_a_target_may_be_called_as_the_server_calls_its_own_archive(
    it: Tab, service: Served
) -> None:
    page = it.go("/generate")
    page.get_by_label("Send to").select_option(label="archive")
    page.get_by_role("button", name=re.compile(r"^Send \d")).click()
    page.wait_for_url(re.compile(r"/runs/\d"))
    with client_of(service.url) as client:
        run = ended(client, page.url.rpartition("/")[2])
    assert (run["outcome"], run["site"]) == ("passed", "site.yaml")


def test_a_scenario_is_run_on_what_may_be_production_only_where_that_is_ticked(
    it: Tab, service: Served
) -> None:
    text = "schema: scenario/v1\nname: on_live\nsteps: [{echo: {to: live}}]\n"
    with client_of(service.url) as client:
        address = "/api/v1/scenarios/on_live"
        client.put(address, json={"text": text}, headers={"If-None-Match": "*"}).raise_for_status()
        for path, name in (("/scenarios?q=on_live", "Run on_live"), ("/scenarios/on_live", "Run")):
            page = it.go(path)
            it.expects(422)
            page.get_by_role("button", name=name, exact=True).click()
            expect(page.get_by_role("alert").first).to_contain_text("may be production")
            page.get_by_label("run on them all the same").check()
            page.get_by_role("button", name=name, exact=True).click()
            page.wait_for_url(re.compile(r"/runs/\d"))
            assert ended(client, page.url.rpartition("/")[2])["outcome"] == "passed"


def test_scenarios_that_ship_run_where_the_site_has_no_pacs_of_their_name(
    it: Tab, service: Served
) -> None:
    page = it.go("/scenarios?q=xray_smoke")
    expect(page.get_by_text('names no target "pacs"')).to_be_visible()
    page.get_by_role("link", name="A chest X-ray reaches").click()
    expect(page.get_by_text("Nothing is wrong")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"/runs/\d"))
    with client_of(service.url) as client:
        done = ended(client, page.url.rpartition("/")[2])
    assert (done["outcome"], done["site"]) == ("passed", None)


def test_an_own_scenario_for_pacs_says_what_to_do_and_runs_on_the_embedded_one(
    it: Tab, service: Served
) -> None:
    text = "schema: scenario/v1\nname: own\nsteps: [{echo: {to: pacs}}]\n"
    with client_of(service.url) as client:
        address = "/api/v1/scenarios/own"
        client.put(address, json={"text": text}, headers={"If-None-Match": "*"}).raise_for_status()
        page = it.go("/scenarios/own")
        expect(page.locator("[data-findings]")).to_contain_text("the site file one called 'pacs'")
        page.get_by_label("run this on an embedded PACS").check()
        expect(page.get_by_text("Nothing is wrong")).to_be_visible()
        assert it.violations() == []
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url(re.compile(r"/runs/\d"))
        done = ended(client, page.url.rpartition("/")[2])
        assert (done["outcome"], done["site"]) == ("passed", None)
        page = it.go("/scenarios/own")
        page.get_by_label("run this on an embedded PACS").check()
        page.get_by_role("button", name="Schedule …").click()
        page.get_by_role("dialog").get_by_role("button", name="Schedule …").click()
        page.wait_for_url(re.compile(r"/runs#schedules"))
        (planned,) = client.get("/api/v1/runs/schedules").json()["schedules"]
        assert planned["scenario"] == "own"  # what names a target that there is not is refused
        client.delete(f"/api/v1/runs/schedules/{planned['number']}").raise_for_status()


def test_what_may_be_production_is_asked_only_on_demand(it: Tab) -> None:
    page = it.go("/pacs")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="live"))
    it.expects(422)
    row.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("may be production")
    row.get_by_role("checkbox").check()
    row.get_by_role("button").click()
    expect(row.locator(".said")).to_contain_text("0000")


def test_what_a_pacs_has_is_found_taken_along_and_brought_here(it: Tab, tmp_path: Path) -> None:
    page = it.go("/query")
    page.get_by_label("AccessionNumber").fill("A1*")
    page.get_by_role("button", name="Ask").click()
    row = page.get_by_role("row").filter(has_text="A100")
    expect(row).to_contain_text("<i>MARKUP</i>, JANE")
    for width in (1440, 1000):
        # The table is wider, and scrolls in its place; what it is for stays in sight.
        it.look("light", width)
        assert it.overflow() == 0
        box = row.get_by_role("button", name="Retrieve").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    it.look("light", 1440)
    assert it.violations() == []
    taken = {}
    for kind in ("CSV", "JSON"):
        with page.expect_download() as coming:
            page.get_by_role("link", name=kind).click()
        taken[kind] = tmp_path / kind
        coming.value.save_as(taken[kind])
    (from_csv,) = csv.DictReader(taken["CSV"].read_text("utf-8").splitlines())
    (from_json,) = json.loads(taken["JSON"].read_text("utf-8"))
    assert from_csv["PatientName"] == from_json["PatientName"] == NAME
    assert from_csv["StudyInstanceUID"] == from_json["StudyInstanceUID"]
    row.get_by_role("button", name="Retrieve").click()
    expect(row).to_contain_text("2 instances taken in")
    row.get_by_role("link", name="See the study").click()
    expect(page.get_by_role("main")).to_contain_text("A100")


def test_what_one_pacs_has_is_not_shown_below_the_failure_of_another(it: Tab) -> None:
    page = it.go("/query")
    ask = page.get_by_role("button", name="Ask")
    ask.click()
    expect(page.get_by_role("row").filter(has_text="A100")).to_be_visible()
    page.get_by_label("PACS", exact=True).select_option("dead")
    it.expects(502)
    ask.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("connection refused")
    expect(page.locator("#matches")).to_be_empty()
    expect(ask).to_be_focused()


def test_what_was_brought_before_is_said_apart_from_where_it_is(it: Tab) -> None:
    page = it.go("/query")
    page.get_by_label("AccessionNumber").fill("A1*")
    page.get_by_role("button", name="Ask").click()
    row = page.get_by_role("row").filter(has_text="A100")
    for _ in range(2):
        row.get_by_role("button", name="Retrieve").click()
        expect(row.get_by_role("link", name="See the study")).to_be_visible()
    expect(row.locator(".brought p")).to_have_text(["2 were here already", "See the study"])


def test_what_was_not_sent_is_sent_again_from_where_that_is_said(it: Tab, service: Served) -> None:
    study = kept(service, "1.2.840.7", 1)
    page = it.go(f"/send?study={study}")
    page.get_by_label("PACS", exact=True).select_option("misnamed")
    page.get_by_role("main").get_by_role("button", name="Send").click()
    expect(page.get_by_text("Not all was sent")).to_be_visible()
    page.get_by_role("link", name="Send again …").click()
    expect(page.get_by_role("checkbox", name="Send the study of <b>BOLD</b>^JOE")).to_be_checked()
    page.get_by_label("PACS", exact=True).select_option("archive")
    page.get_by_role("main").get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent, all acknowledged")).to_be_visible()
    expect(page.get_by_role("link", name="Send again …")).to_have_count(0)


def test_a_new_scenario_names_a_system_that_the_site_has(it: Tab) -> None:
    page = it.go("/new-scenario")
    expect(page.get_by_role("textbox", name="Scenario (YAML)")).to_contain_text(
        "echo: {to: archive}"
    )
    expect(page.get_by_text("Nothing is wrong")).to_be_visible()


def test_a_date_is_typed_as_people_do_and_one_that_is_none_is_said(it: Tab) -> None:
    page = it.go("/query")
    page.get_by_label("StudyDate").fill("31.01.2026")
    it.expects(422)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("StudyDate: '31.01.2026' is no date")
    page.get_by_label("StudyDate").fill("2000-01-01 - 2099-12-31")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("row").filter(has_text="A100")).to_be_visible()


def test_a_wrong_key_is_said_with_what_was_meant(it: Tab) -> None:
    page = it.go("/query")
    page.get_by_text("Further keys, further attributes").click()
    page.get_by_label("Further keys", exact=True).fill("PatientNane=X")
    it.expects(422)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("did you mean 'PatientName'?")


def test_a_study_is_sent_from_its_page_and_each_instance_has_its_answer(
    it: Tab, service: Served
) -> None:
    study = kept(service, "1.2.840.1", 3)
    page = it.go(f"/studies/{study}")
    page.get_by_role("link", name="Send", exact=True).last.click()
    expect(page.get_by_role("checkbox", name="Send the study of <b>BOLD</b>^JOE")).to_be_checked()
    for scheme, width in LOOKS[:2]:
        it.look(scheme, width)
        assert it.violations() == []
        assert it.overflow() == 0
    page.get_by_label("PACS", exact=True).select_option("live")
    it.expects(422)
    page.get_by_role("main").get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("may be production")
    page.get_by_label("PACS", exact=True).select_option("archive")
    page.get_by_label("Associations").fill("2")
    page.get_by_role("main").get_by_role("button", name="Send").click()
    page.wait_for_url("**/send/*")
    expect(page.get_by_text("Sent, all acknowledged")).to_be_visible()
    assert counted(it) == {"sent": 3, "acknowledged": 3, "refused": 0}
    expect(page.get_by_role("row").filter(has_text="0000")).to_have_count(3)
    for scheme, width in LOOKS[2:]:
        it.look(scheme, width)
        assert it.violations() == []
        assert it.overflow() == 0
    page = it.go("/query")
    page.get_by_label("StudyInstanceUID").fill(study)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("row").filter(has_text=study)).to_contain_text("<b>BOLD</b>, JOE")
    assert audited(service, study) == [("sending", "success"), ("sent", "success")]


def test_what_was_refused_is_not_called_sent_and_what_the_pacs_says_is_text(
    it: Tab, service: Served, tmp_path: Path
) -> None:
    study = kept(service, "1.2.840.2", 4)
    faults = parse_faults(["answer=A700,share=0.5,comment=<b>full</b>"])
    with EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(faults=faults)) as pacs:
        page = it.go(f"/send?study={study}")
        page.get_by_label("Or an address").fill(f"<i>A</i>@{HOST}:{pacs.port}")
        page.get_by_role("main").get_by_role("button", name="Send").click()
        page.wait_for_url("**/send/*")
        expect(page.get_by_text("Not all was sent")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<i>A</i>@")
    assert counted(it) == {"sent": 4, "acknowledged": 2, "refused": 2}
    wrong = page.get_by_role("table", name="Not acknowledged").get_by_role("row")
    expect(wrong.filter(has_text="A700").filter(has_text="<b>full</b>")).to_have_count(2)
    assert it.violations() == []
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    coming.value.save_as(tmp_path / "results.csv")
    rows = list(csv.DictReader((tmp_path / "results.csv").read_text("utf-8").splitlines()))
    assert sorted(row["status"] for row in rows) == ["0000", "0000", "A700", "A700"]
    assert audited(service, study) == [("sending", "success"), ("sent", "failed")]


def test_a_sending_is_stopped_others_wait_and_more_than_that_are_refused(
    it: Tab, service: Served, tmp_path: Path
) -> None:
    study = kept(service, "1.2.840.3", 3)
    options = PacsOptions(faults=parse_faults(["hang=1,on=store"]))
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        form = {"address": f"A@{HOST}:{pacs.port}", f"study-{study}": "on"}
        begun = []
        for _ in range(6):
            answer = service.client.post(f"{service.url}/send", data=form)
            assert answer.status_code == 204
            begun.append(answer.headers["hx-redirect"])
        answer = service.client.post(f"{service.url}/send", data=form)
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-sendings")
        page = it.go(begun[5])
        expect(page.get_by_text("Waits for its turn")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped before all was sent")).to_be_visible()
        with page.expect_request(lambda one: one.resource_type == "eventsource"):
            page = it.go(begun[0])
        expect(page.get_by_text("1 of 3 instances have a result")).to_be_visible()
        assert it.violations() == []
        far = service.client.get(f"{service.url}{begun[0]}/events?brief=true").text
        assert far == 'retry: 1000\n\nevent: progress\ndata: {"began": true, "done": 1}\n\n'
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped before all was sent")).to_be_visible()
        counts = counted(it)
        assert (counts["acknowledged"], counts["refused"], counts["unanswered"]) == (1, 0, 1)
        for path in begun[1:5]:
            service.client.post(f"{service.url}{path}/stop", data={})
        for path in begun[1:5]:
            page = it.go(path)
            expect(page.get_by_text("Stopped before all was sent")).to_be_visible()
    assert ("sent", "success") not in audited(service, study)


MESSAGE = """MSH|^~\\&|RIS|NORTH|PACS|NORTH|20260131093000||ORM^O01|4711|P|2.5.1
PID|1||P-4711^^^NORTH||<i>MUSTER</i>^MARTA||19700101|F
PV1|1|O
ORC|NW|A100|F100
OBR|1|A100|F100|CHEST^Chest PA^L|||20260131100000|||||||||||ACC4711||||||DX
"""


def test_a_pasted_order_is_a_tree_and_its_receiver_acknowledges_it(
    it: Tab, service: Served, tmp_path: Path
) -> None:
    page = it.go("/orders")
    page.get_by_label("HL7 v2 messages").fill(MESSAGE)
    page.get_by_role("button", name="Show as a tree").click()
    expect(page.get_by_role("row").filter(has_text="Patient Name")).to_contain_text("PID-5")
    expect(page.get_by_role("row").filter(has_text="<i>MUSTER</i>")).to_have_count(1)
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        page.get_by_label("Address").fill(f"{HOST}:{pacs.open_hl7()}")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("1 of 1 accepted")).to_be_visible()
    expect(page.get_by_role("table", name="accepted").get_by_role("row").last).to_contain_text("AA")
    for scheme, width in LOOKS[:2]:
        it.look(scheme, width)
        assert it.violations() == []
        assert it.overflow() == 0
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("0 of 1 accepted")).to_be_visible()
    page.get_by_label("HL7 v2 messages").fill(MESSAGE.replace("MARTA", "MÄRTA"))
    it.expects(422)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("MSH-18")
    page.get_by_label("HL7 v2 messages").fill("PID|1||<b>P</b>")
    page.get_by_role("button", name="Show as a tree").click()
    expect(page.locator("#shown")).to_contain_text("it begins with 'PID|1||<b>P</b>'")
    with Database(service.data / "registry.sqlite3") as database:
        said = [
            (one.outcome, one.detail["accepted"])
            for one in Trail(database).entries()
            if one.what is Activity.MESSAGES_SENT
        ]
    assert said == [("success", 1), ("failed", 0)]


def test_a_message_that_was_sent_is_found_again_and_goes_out_once_more_as_it_was(
    it: Tab, service: Served, tmp_path: Path
) -> None:
    message = MESSAGE.replace("4711", "<b>77</b>")
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        address = f"{HOST}:{pacs.open_hl7()}"
        form = {"text": message, "address": address}
        assert service.client.post(f"{service.url}/orders/send", data=form).status_code == 200
        nobody = form | {"address": f"{HOST}:1"}
        assert service.client.post(f"{service.url}/orders/send", data=nobody).status_code == 200
        page = it.go("/orders")
        page.get_by_role("link", name="Messages in and out").click()
        page.get_by_label("Control ID or patient ID").fill("<b>77</b>")
        page.get_by_role("button", name="Find", exact=True).click()
        row = page.get_by_role("row").filter(has_text=address)
        expect(row).to_contain_text("AA")
        for scheme, width in LOOKS[:2]:
            it.look(scheme, width)
            assert it.violations() == []
            assert it.overflow() == 0
        row.get_by_role("link").click()
        expect(page.get_by_role("row").filter(has_text="Patient Name")).to_contain_text("PID-5")
        expect(page.get_by_label("Address")).to_have_value(address)
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("1 of 1 accepted")).to_be_visible()
        for scheme, width in LOOKS[:2]:
            it.look(scheme, width)
            assert it.violations() == []
            assert it.overflow() == 0
        assert len(list((tmp_path / "pacs" / "worklist").glob("*.wl"))) == 1, "done once"
    with Database(service.data / "registry.sqlite3") as database:
        noted, total = listed(database, 10, 0, way="out", text="<b>77</b>")
        wholes = {message_of_number(database, one.number) for one in noted}
    assert total == 3
    assert [(one.code, one.peer) for one in noted] == [
        ("AA", address),
        ("", f"{HOST}:1"),
        ("AA", address),
    ]
    assert noted[1].words, "why it did not go out"
    assert {one.data for one in wholes if one is not None} == {message.replace("\n", "\r").encode()}


def kept(service: Served, study: str, images: int) -> str:
    """A study that the service keeps, by its UID."""
    name = "<b>BOLD</b>^JOE"
    files = [ct(study, 1, number, PatientName=name) for number in range(1, images + 1)]
    assert upload(service, *files).status_code == 201
    return study


def counted(it: Tab) -> dict[str, int]:
    """The summary of the sending that is shown."""
    shown = it.page.locator("[data-count]").all()
    return {str(one.get_attribute("data-count")): int(one.inner_text().split()[0]) for one in shown}


def audited(service: Served, study: str) -> list[tuple[str, str]]:
    """What the audit trail says of a study's sendings, the oldest first."""
    with Database(service.data / "registry.sqlite3") as database:
        return [
            (one.what, one.outcome)
            for one in Trail(database).entries(study=study)
            if one.what in (Activity.SENDING, Activity.SENT)
        ]


@pytest.mark.parametrize("path", ["/pacs", "/query"])
def test_everybody_can_use_the_pages(it: Tab, path: str) -> None:
    it.go(path)
    for scheme, width in LOOKS:
        it.look(scheme, width)
        assert it.violations() == []
        assert it.overflow() == 0
