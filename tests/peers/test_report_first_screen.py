"""The report in Chromium: read without scrolling, on paper in few pages, its switches without a script."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples
from tests.evidence.failing_runs import TEN
from tests.evidence.signing.people import command
from tests.running import fabricate, write_scenario
from tests.web.console.browsing import LOOKS, Tab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.peer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=True)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


def _show(page: Page, folder: Path, story: samples.Story) -> None:
    write_reports(story.write(folder), [HtmlReporter])
    page.goto((folder / "report.html").as_uri())


@pytest.mark.parametrize("name", [*TEN, "failing", "many", "grid"])
def test_what_failed_is_read_without_scrolling(page: Page, tmp_path: Path, name: str) -> None:
    wanted = TEN.get(name)
    _show(page, tmp_path, wanted.story() if wanted else samples.ALL[name]())
    line = page.locator(".failed-lines tbody tr").first
    cells = line.locator("td").all_inner_texts()
    # Where nothing was compared one cell says what went wrong.
    assert len(cells) in (3, 4)
    assert all(cells)
    told = " ".join(cells)
    for word in wanted.words if wanted else ():
        assert word in told
    box = line.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_on_a_phone_nothing_runs_out_of_the_screen(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _show(page, tmp_path, samples.grid((7,)))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_report_of_what_failed_can_be_read_by_everybody_in_light_and_dark(
    page: Page, tmp_path: Path
) -> None:
    """axe-core on a run that a PACS spoilt: other pixels, another description."""
    spoilt = {"attribute": "StudyDescription", "value": "WRONG", "on": "retrieve"}
    entries = [
        {"misbehave": {"on": "pacs", "faults": [{"pixels": {}}, {"alter": spoilt}]}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"assert": [{check: {"of": "back", "equal": "sent"}} for check in ("pixels", "tags")]},
    ]
    scenario = write_scenario(tmp_path / "spoilt.yaml", entries)
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check(1)
    seen = Tab(page, "")
    page.goto((tmp_path / "run/report.html").as_uri())
    assert page.locator(".differing img").count() == 2
    for scheme, width in LOOKS:
        seen.look(scheme, width)
        assert seen.violations() == [], scheme
        assert seen.overflow() == 0
    page.emulate_media(media="print")
    assert page.locator(".differing img:visible").count() == 2


def test_the_switches_work_by_the_keyboard_and_without_a_script(page: Page, tmp_path: Path) -> None:
    _show(page, tmp_path, samples.grid((7,)))
    assert page.locator("article.case:visible").count() == 24
    page.locator("#only-bad").focus()
    page.keyboard.press("Space")
    assert page.locator("article.case:visible").count() == 1
    page.keyboard.press("Space")
    assert page.locator(".steps:visible").count() == 1
    page.locator("#expand").check()
    assert page.locator(".steps:visible").count() == 24


def test_twenty_four_small_cases_are_four_pages(
    browser: Browser, page: Page, tmp_path: Path
) -> None:
    _show(page, tmp_path, samples.grid())
    printed = page.pdf(prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= 4


def test_the_command_writes_a_pdf_that_the_manifest_knows(tmp_path: Path) -> None:
    folder = samples.failing().write(tmp_path / "run")
    assert command("report", folder, "--pdf") == 0
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "report.pdf" in (folder / "manifest.json").read_text(encoding="utf-8")
    assert command("verify", folder) == 0
