"""What every page of the console has around its content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from scenario_runner.web.console.places import own_place
from scenario_runner.web.console.rendering import FOLDER
from scenario_runner.web.console.texts import Catalogue
from tests.running import ROOT
from tests.web.auth.people import GOOD, add, logged_in
from tests.web.console.browsing import LOOKS, Tab, tab
from tests.web.runs.asking import ended
from tests.web.runs.scenarios import endless
from tests.web.served import Served, served

pytestmark = pytest.mark.peer
EDITOR = "scenario-editor.min.js"
"""CodeMirror with what ``editor/`` makes around it."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("console") / "data"
    add(data, "joy", "admin")
    add(data, "ward", "nurse")
    with served(data) as running:
        yield running


def test_who_is_not_known_logs_in_and_is_back_where_they_were(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        page = it.go("/?from=a+link")
        assert page.url.startswith(service.url + "/login")
        it.expects(401)
        page.get_by_label("Name").fill("joy")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("alert").get_by_text("the name or the password is wrong").wait_for()
        page.get_by_label("Password").fill(GOOD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(service.url + "/?from=a+link")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(service.url + "/login")


def log_in(it: Tab, name: str) -> Page:
    page = it.go("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(GOOD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(it.origin + "/")
    return page


def test_who_may_only_look_is_offered_nothing_else_and_refused_in_words(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        page = log_in(it, "ward")
        menu = page.get_by_role("navigation", name="Pages")
        expect(menu.get_by_role("link", name="Studies")).to_be_visible()
        expect(menu.get_by_role("link", name="Upload")).to_have_count(0)
        expect(menu.get_by_role("link", name="Users")).to_have_count(0)
        it.expects(403)
        page = it.go("/users")
        expect(page.get_by_text("ward may not administer")).to_be_visible()
        expect(page.get_by_text("not-permitted")).to_be_visible()
        page = it.go("/send")
        expect(page.get_by_text("ward may not run")).to_be_visible()


def test_a_user_is_added_given_a_key_and_removed_and_the_trail_says_so(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        page = log_in(it, "joy")
        page = it.go("/users")
        page.get_by_role("button", name="Add a user").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("rad")
        dialog.get_by_label("radiologist").check()
        dialog.get_by_label("Password").fill("short")
        it.expects(422)
        dialog.get_by_role("button", name="Add", exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text("characters")
        dialog.get_by_label("Password").fill(GOOD)
        dialog.get_by_role("button", name="Add", exact=True).click()
        page.wait_for_url(service.url + "/users/rad")
        page.get_by_label("What it is for").fill("portal")
        page.get_by_role("button", name="Make a key").click()
        key = page.locator("#made .mono").inner_text()
        headers = {"Authorization": f"Bearer {key}"}
        answer = service.client.get(f"{service.api}/studies", headers=headers)
        assert answer.status_code == 200
        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        page.wait_for_url(service.url + "/users")
        answer = service.client.get(f"{service.api}/studies", headers=headers)
        assert answer.status_code == 401
        page = it.go("/audit")
        expect(page.get_by_role("row").filter(has_text="account-changed").first).to_contain_text(
            "rad"
        )
        page.get_by_role("button", name="Verify the seals").click()
        expect(page.get_by_text("entries are as they were written")).to_be_visible()


def test_a_form_of_a_stranger_or_without_the_sessions_token_changes_nothing(
    service: Served,
) -> None:
    with logged_in(service.url, "joy") as client:
        form = {"name": "intruder", "role-admin": "yes", "password": GOOD}
        for headers in (
            {"X-CSRF-Token": ""},
            {"Origin": "http://example.org"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            answer = client.post("/users", data=form, headers=headers)
            assert answer.status_code == 403, headers
        assert client.post("/users", data=form).status_code == 204
        assert client.post("/users/intruder/remove").status_code == 204


def test_pages_may_run_nothing_that_stands_in_them_and_be_framed_by_nobody_else(
    service: Served,
) -> None:
    answer = service.client.get(f"{service.url}/login")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", answer.text)
    assert answer.headers["cache-control"] == "private, no-cache"
    scripts = re.findall(r'src="(/console/[^"]+\.js)"', answer.text)
    found = [service.client.get(service.url + one) for one in scripts]
    assert all("immutable" in one.headers["cache-control"] for one in found)
    sizes = {one.name: one.stat().st_size for one in (FOLDER / "static").rglob("*.js")}
    assert sizes.pop(EDITOR) <= 400_000, "of one page, and no other asks for it"
    assert EDITOR not in answer.text
    assert sum(sizes.values()) <= 100_000


def test_a_link_to_the_login_page_leads_nowhere_else(service: Served, browser: Browser) -> None:
    elsewhere = (
        "//example.org/",
        "https://example.org/",
        "/\\example.org",
        "/\t/example.org",
        "/é",
    )
    assert {own_place(one) for one in elsewhere} == {"/"}
    assert own_place("/studies?name=a") == "/studies?name=a"
    with tab(browser, service.url) as it:
        page = it.page
        page.goto(f"{service.url}/login?next={quote('//example.org/', safe='')}")
        page.get_by_label("Name").fill("ward")
        page.get_by_label("Password").fill(GOOD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(service.url + "/")


def test_frame_and_login_are_for_everybody_in_light_and_dark_wide_and_narrow(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        it.go("/login")
        for scheme, width in LOOKS:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(
    service: Served, browser: Browser
) -> None:
    with tab(browser, service.url) as it:
        it.expects(404)
        page = it.go("/nowhere")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_every_text_that_pages_use_is_in_the_catalogue_and_none_is_there_for_nothing() -> None:
    folder = FOLDER
    sources = [*folder.rglob("*.j2"), *folder.rglob("*.py")]
    text = "\n".join(one.read_text("utf-8") for one in sources)
    known = set(Catalogue(folder / "texts").languages["en"].texts)
    used = set(re.findall(r"""say\(\s*"([a-z0-9_.-]+)["]""", text))
    used |= set(re.findall(r"""say\(\s*'([a-z0-9_.-]+)[']""", text))
    whole = {one for one in used if not one.endswith(".")}
    assert whole - known == set()
    beginnings = tuple(re.findall(r"""["']([a-z0-9_]+(?:\.[a-z0-9_]+)*\.)["']""", text))
    ends = (".nav", ".panel", ".panel_first")
    spare = {
        one
        for one in known - whole
        if not one.startswith(beginnings)
        and not one.endswith(ends)
        and f'"{one}"' not in text
        and f"'{one}'" not in text
    }
    assert spare == set()


def test_another_language_is_a_folder_and_what_it_lacks_is_english(tmp_path: Path) -> None:
    for language, text in (("en", "skip: Skip\nmenu: Menu"), ("de", "menu: Menü")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "layout.yaml").write_text(text, encoding="utf-8")
    found = Catalogue(tmp_path)
    german = found.best("fr;q=0.9, de-AT;q=0.8, en;q=0.5")
    assert (german.code, german("layout.menu"), german("layout.skip")) == ("de", "Menü", "Skip")
    assert found.best("fr").code == "en"


def test_the_editor_was_made_from_the_source_that_stands_here() -> None:
    source = hashlib.sha256()
    for name in ("scenario-editor.mjs", "package-lock.json"):
        source.update((ROOT / "editor" / name).read_bytes())
    made = (FOLDER / "static" / "vendor" / EDITOR).read_text("utf-8")
    assert source.hexdigest() in made.partition("*/")[0], "npm run build in editor/"


def test_who_watches_a_run_when_the_login_ends_is_asked_to_log_in_again(
    service: Served, browser: Browser
) -> None:
    with logged_in(service.url, "joy") as client:
        run = client.post("/api/v1/runs", json={"text": endless()}).json()["id"]
        try:
            with tab(browser, service.url) as it:
                page = log_in(it, "joy")
                held: list[Route] = []

                def hold(route: Route) -> None:
                    held.append(route)

                page.route("**/events*", hold)
                with page.expect_request("**/events*"):
                    page.goto(f"{service.url}/runs/{run}")
                page.context.clear_cookies()
                it.expects(401)
                held[0].continue_()
                page.wait_for_url(f"{service.url}/login?next=*")
        finally:
            client.post(f"/api/v1/runs/{run}/stop").raise_for_status()
            ended(client, run)


def test_a_page_from_before_a_log_out_says_in_a_persons_words_what_to_do(
    service: Served, browser: Browser
) -> None:
    """Its scripts ask the API, which speaks of addresses, keys and headers; what was typed stays."""
    with tab(browser, service.url) as it:
        log_in(it, "joy")
        page = it.go("/scenarios/xray_smoke")
        other = page.context.new_page()
        other.goto(service.url)
        other.get_by_role("button", name="Log out").click()
        other.wait_for_url(service.url + "/login")
        it.expects(401)
        page.get_by_role("button", name="Run", exact=True).click()
        alert = page.get_by_role("alert").first
        expect(alert).to_have_text(
            "You are not logged in any more. Log in in another tab, then load this page again."
        )
        other.get_by_label("Name").fill("joy")
        other.get_by_label("Password").fill(GOOD)
        other.get_by_role("button", name="Log in").click()
        other.wait_for_url(service.url + "/")
        it.expects(403)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(alert).to_contain_text("logged in anew in this browser")
        page.reload()
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url(re.compile(r"/runs/\d"))
