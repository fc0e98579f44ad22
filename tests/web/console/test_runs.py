"""Studies are made from a form and from pasted orders, runs are watched and stopped, scenarios are edited: by a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.running import fabricate
from tests.web.console.browsing import LOOKS, Tab, tab
from tests.web.runs.asking import client_of, ended
from tests.web.runs.scenarios import endless, quick
from tests.web.runs.test_scenarios import ORM
from tests.web.served import Served, served

pytestmark = pytest.mark.peer
SWAGGER = {
    "nested-interactive",
    "heading-order",
    "landmark-unique",
    "scrollable-region-focusable",
}
SEND = re.compile(r"^Send \d")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("pages") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx2.Client]:
    with client_of(service.url) as asks:
        yield asks


def run_of(it: Tab) -> str:
    """The run whose page it comes to."""
    it.page.wait_for_url(re.compile(r"/runs/\d"))
    return it.page.url.rpartition("/")[2]


def test_the_first_minute_is_three_clicks_to_a_green_report(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/")
        page.get_by_role("link", name="Send a test X-ray").click()
        page.get_by_role("button", name=SEND).wait_for()
        assert client.get("/api/v1/runs").json()["total"] == 0, "nothing is sent unasked"
        shown = page.locator("#preview .mono").first.inner_text()
        page.get_by_role("button", name=SEND).click()
        run = run_of(it)
        report = page.frame_locator("iframe.report")
        report.get_by_text("Passed", exact=True).first.wait_for()
        assert ended(client, run)["outcome"] == "passed"
        assert shown in report.locator("body").inner_text(), "who was looked at was sent"
        for scheme, width in LOOKS[:2]:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0
    studies = client.get("/api/v1/dicom/studies").json()["studies"]
    assert [one["patient_id"] for one in studies] == [shown]


def test_a_pasted_order_becomes_the_study_that_it_orders(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/generate")
        page.get_by_label("Orders in HL7").check()
        it.expects(422)
        page.get_by_label("HL7 v2 messages").fill(ORM.replace("|DX", ""))
        page.get_by_role("alert").get_by_text("neither a modality").first.wait_for()
        page.get_by_label("Modality of orders that name none").fill("CR")
        page.get_by_text("ACC4711").first.wait_for()
        for scheme, width in LOOKS[1:3]:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0
        page.get_by_role("button", name=SEND).click()
        run = run_of(it)
        assert ended(client, run)["outcome"] == "passed"
    found = client.get("/api/v1/dicom/studies/accession/ACC4711").json()["studies"]
    assert [(one["patient_id"], one["modality"]) for one in found] == [("P-4711", "CR")]


def test_what_the_form_said_is_not_shown_once_orders_are_to_be_pasted(
    service: Served, browser: Browser
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with tab(browser, service.url) as it:
        page = it.page
        page.route("**/generate/preview", hold)
        with page.expect_request("**/generate/preview"):
            page.goto(f"{service.url}/generate")
        page.get_by_label("Orders in HL7").check()
        page.evaluate(
            "() => { window.over = new Promise((then) => addEventListener('htmx:afterRequest', then)); }"
        )
        held[0].continue_()
        page.evaluate("() => window.over.then(() => true)")
        expect(page.get_by_text("Paste messages, and what becomes")).to_be_visible()
        expect(page.locator("#preview")).to_be_empty()
        assert page.get_by_role("button", name=SEND).count() == 0


def test_what_is_wrong_in_a_form_names_no_line_of_a_scenario_that_nobody_wrote(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/generate")
        it.expects(422)
        page.get_by_label("Name", exact=True).first.fill("A=B=C=D")
        alert = page.get_by_role("alert").filter(has_text="groups")
        expect(alert).to_contain_text("a name has at most 3 component groups, and this has 4")
        expect(alert).not_to_contain_text(".yaml")


def test_a_form_saves_the_scenario_that_the_command_writes(
    service: Served, browser: Browser, client: httpx2.Client, tmp_path: Path
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/generate?kind=ct")
        page.get_by_label("Name", exact=True).first.fill("DOE^JANE")
        page.get_by_label("Images").fill("3")
        page.get_by_label("Send to").select_option("embedded")
        page.locator("#preview").get_by_text("DOE, JANE").wait_for()
        page.get_by_role("button", name="Save as scenario").click()
        page.get_by_role("dialog").get_by_label("Name").fill("our_ct")
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        page.wait_for_url("**/scenarios/our_ct")
    text = client.get("/api/v1/scenarios/our_ct").json()["text"]
    seed = re.search(r"^seed: (\d+)", text, re.MULTILINE)
    assert seed is not None
    file = tmp_path / "ct.yaml"
    fabricate(
        "study", "ct", "--name", "DOE^JANE", "--images", "3", "--seed", seed[1], "--save", file, "--yes",
        cwd=tmp_path, env={"FABRICATE_REGISTRY": ":memory:"},
    ).check()  # fmt: skip
    assert text == file.read_text("utf-8")


def test_a_run_is_watched_as_it_goes_on_and_stopped(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
    with tab(browser, service.url) as it:
        page = it.go(f"/runs/{run}")
        page.get_by_role("row").filter(has_text="begun").get_by_text("Passed").wait_for()
        page.get_by_role("row").filter(has_text="Running").wait_for()
        assert it.violations() == []
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
        assert client.get(f"/api/v1/runs/{run}").json()["state"] == "running"
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Run again").wait_for()
        page.frame_locator("iframe.report").get_by_text("tidied up").first.wait_for()
        page.get_by_text("Interrupted").first.wait_for()
        it.go("/runs?outcome=interrupted")
        page.get_by_role("link", name="What endless shows").wait_for()
        assert it.violations() == []


def pasted(editor: Locator, text: str) -> None:
    """Put a text in place of all that an editor has."""
    # Chromium's own insertion of lines, which fill() asks for, writes style attributes, and the policy complains.
    editor.press("Control+a")
    editor.evaluate(
        """(at, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          at.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def test_an_editor_tells_what_is_wrong_as_it_is_typed_and_loses_nobodys_work(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    address = "/api/v1/scenarios/typed"
    client.put(address, json={"text": quick("typed")}, headers={"If-None-Match": "*"})
    with tab(browser, service.url) as it:
        page = it.go("/scenarios/typed")
        page.get_by_text("Nothing is wrong").wait_for()
        page.locator(".plan").get_by_role("cell", name=re.compile("^CT")).first.wait_for()
        area = page.get_by_role("textbox", name="Scenario (YAML)")
        pasted(area, quick("typed").replace('"log"', '"lgo"'))
        page.get_by_text("did you mean").first.wait_for()
        page.get_by_role("button", name=re.compile("^line ")).first.click()
        assert "lgo" in page.evaluate("getSelection().toString()")
        for scheme, width in LOOKS:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0
        it.look("light", 1440)
        pasted(area, quick("typed").replace("done", "mine"))
        page.get_by_text("Nothing is wrong").wait_for()
        seen = client.get(address).headers["etag"]
        theirs = quick("typed").replace("done", "theirs")
        client.put(address, json={"text": theirs}, headers={"If-Match": seen})
        it.expects(412)
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("alert").get_by_text("has been changed meanwhile").wait_for()
        assert client.get(address).json()["text"] == theirs
        page.get_by_role("button", name="Save as").click()
        page.get_by_role("dialog").get_by_label("Name").fill("typed_too")
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        page.wait_for_url("**/scenarios/typed_too")
        page.get_by_text("Nothing is wrong").wait_for()
        page.get_by_role("button", name="Run", exact=True).click()
        assert ended(client, run_of(it))["outcome"] == "passed"


def test_an_editor_offers_what_can_stand_there_and_tells_what_it_is(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/new-scenario")
        area = page.get_by_role("textbox", name="Scenario (YAML)")
        pasted(area, "schema: scenario/v1\nname: \N{GRINNING FACE}\n")
        area.press("Control+End")
        area.press_sequentially("pati")
        offered = page.get_by_role("listbox")
        offered.get_by_role("option", name="patients").wait_for()
        it.look("dark", 390)
        assert it.violations() == []
        it.look("light", 1440)
        area.press("Enter")
        page.locator(".cm-line").filter(has_text=re.compile("^patients: $")).wait_for()
        page.locator(".cm-line span").filter(has_text=re.compile("^patients$")).hover()
        page.locator(".cm-tooltip-hover").wait_for()
        page.locator(".cm-lintRange-error").first.wait_for()
        assert it.violations() == []


def test_a_scenario_is_scheduled_paused_and_taken_off_the_clock(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/scenarios?q=smoke")
        assert it.violations() == []
        page.get_by_role("link", name="A chest X-ray reaches").click()
        page.get_by_role("button", name="Schedule").click()
        when = page.get_by_role("dialog").get_by_label("When")
        it.expects(422)
        when.fill("every night")
        page.get_by_role("dialog").get_by_role("button", name="Schedule").click()
        page.get_by_role("dialog").get_by_text("five fields").first.wait_for()
        when.fill("30 2 * * mon-fri")
        page.get_by_role("dialog").get_by_role("button", name="Schedule").click()
        page.wait_for_url("**/runs#schedules")
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume").wait_for()
        assert it.violations() == []
        page.get_by_role("button", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        page.get_by_text("Nothing is scheduled").wait_for()
    assert client.get("/api/v1/runs/schedules").json() == {"schedules": []}


def test_what_a_scenario_is_called_is_text_on_every_page(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    title = "<img src=x onerror=alert(1)>\u202e"
    run = client.post("/api/v1/runs", json={"text": quick("named", title=title)}).json()["id"]
    with tab(browser, service.url) as it:
        for path in (f"/runs/{run}", "/runs", "/"):
            page = it.go(path)
            page.get_by_text("<img src=x").first.wait_for()
        ended(client, run)
        it.go(f"/runs/{run}")
        page.frame_locator("iframe.report").get_by_text("<img src=x").first.wait_for()


def test_runs_that_are_watched_in_other_tabs_leave_a_browser_its_connections(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    """A browser has six for a server and all its tabs; a stream keeps one for as long as the run goes on."""
    run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
    behind = """() => {
      Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true, writable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    before = """() => {
      document.visibilityState = "visible";
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with tab(browser, service.url) as it:
        first = it.go(f"/runs/{run}")
        first.get_by_role("row").filter(has_text="begun").get_by_text("Passed").wait_for()
        first.evaluate(behind)
        for _ in range(6):
            other = it.page.context.new_page()
            other.goto(f"{service.url}/runs/{run}")
            other.get_by_role("row").filter(has_text="Running").wait_for()
            other.evaluate(behind)
        client.post(f"/api/v1/runs/{run}/stop").raise_for_status()
        ended(client, run)
        expect(first.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        first.evaluate(before)
        first.get_by_role("button", name="Run again").wait_for()


def test_what_is_pressed_twice_on_a_slow_network_is_done_once(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with tab(browser, service.url) as it:
        for path, name, asked in (
            ("/generate", SEND, "**/generate/send"),
            ("/scenarios/xray_smoke", "Run", "**/api/v1/runs"),
        ):
            before = client.get("/api/v1/runs").json()["total"]
            page = it.go(path)
            page.route(asked, hold)
            button = page.get_by_role("button", name=name, exact=True)
            with page.expect_request(asked):
                button.click()
            button.click()
            button.click()
            held.pop(0).continue_()
            run = run_of(it)
            assert held == []
            page.unroute(asked)
            assert ended(client, run)["outcome"] == "passed"
            assert client.get("/api/v1/runs").json()["total"] == before + 1


def test_a_run_that_ends_cuts_off_nobodys_way_to_another_page(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]

    def meanwhile(route: Route) -> None:
        with page.expect_request("**/health"):
            client.post(f"/api/v1/runs/{run}/stop").raise_for_status()
        route.continue_()

    with tab(browser, service.url) as it:
        page = it.go(f"/runs/{run}")
        page.evaluate(
            "const close = EventSource.prototype.close;"
            "EventSource.prototype.close = function () { close.call(this); fetch('/health'); }; 0"
        )
        page.route("**/patients", meanwhile)
        page.get_by_role("link", name="Patients").click(no_wait_after=True)
        page.wait_for_url("**/patients")


def test_more_runs_in_windows_than_a_browser_has_connections_are_all_watched(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    """All are looked at: some keep a stream, the others ask again and again, and no page waits for them."""
    run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
    with tab(browser, service.url) as it:
        pages = [it.go(f"/runs/{run}")]
        for _ in range(7):
            pages.append(it.page.context.new_page())
            pages[-1].goto(f"{service.url}/runs/{run}")
        for page in pages:
            page.get_by_role("row").filter(has_text="Running").wait_for()
        client.post(f"/api/v1/runs/{run}/stop").raise_for_status()
        ended(client, run)
        for page in pages:
            page.get_by_role("button", name="Run again").wait_for()


def test_a_list_that_is_shown_anew_while_something_runs_leaves_the_keyboard_where_it_was(
    service: Served, browser: Browser, client: httpx2.Client
) -> None:
    run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
    try:
        with tab(browser, service.url) as it:
            page = it.go("/runs")
            link = page.get_by_role("link", name="What endless shows").first
            link.focus()
            for _ in range(2):
                with page.expect_response(re.compile(r"/runs$")):
                    pass
            it.settle()
            expect(link).to_be_focused()
            page.keyboard.press("Enter")
            page.wait_for_url(re.compile(r"/runs/\d"))
    finally:
        client.post(f"/api/v1/runs/{run}/stop").raise_for_status()
        ended(client, run)


def test_the_page_of_the_api_is_as_dark_as_the_pages_that_lead_there(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        for scheme, dark in (("dark", True), ("light", False)):
            it.look(scheme, 1440)
            page = it.go("/docs")
            page.locator(".opblock").first.wait_for()
            colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            title = page.evaluate("getComputedStyle(document.querySelector('.title')).color")
            ground, words = (sum(map(int, re.findall(r"\d+", one)[:3])) for one in (colour, title))
            if dark:
                assert ground < 150 < 400 < words, (colour, title)
            else:
                assert words < 300, title
            page.locator(".opblock-summary-control").first.click()
            page.locator(".opblock-body").first.wait_for()
            found = {one.partition(":")[0] for one in it.violations()}
            # What is left is how Swagger UI builds its page: buttons in buttons, its order of headings.
            assert found <= SWAGGER, found
        page.get_by_role("link", name="DICOM Fabricator", exact=True).click()
        page.get_by_role("heading", name="Dashboard").wait_for()
