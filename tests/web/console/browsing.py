"""Chromium before the console: what a page does that nobody asked it to is kept, and told as a failure.

Playwright keeps an event loop running in its thread while it is there, so a browser belongs to a module of tests and
ends with it.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psutil
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.peers.from_npm import packed

AXE = ("axe-core", "4.14.1")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""Of axe-core: WCAG 2.2 up to AA, and what its makers advise."""
PATIENCE = 60_000.0
"""Milliseconds that anything may take on a slow machine."""
HANGS = 240.0
"""Seconds after which a browser that a test uses does not answer any more, for no test takes a quarter of it."""
LOOKS: Sequence[tuple[str, int]] = (("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390))
"""A colour scheme and a width each."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine, without a window."""
    with sync_playwright() as playwright:
        browser = launched(playwright)
        try:
            yield browser
        finally:
            browser.close()


def launched(playwright: Playwright) -> Browser:
    """Start the browser of this machine, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])


@contextlib.contextmanager
def ended_if_it_hangs() -> Iterator[None]:
    """End the browsers of this process after HANGS: what waits for one then raises, and says where it stood.

    Much that Playwright asks a browser for (a script, a size, a new page) has no time limit of its own.
    """

    def end() -> None:
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "chrom" in process.name():
                    process.kill()

    timer = threading.Timer(HANGS, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@dataclass(slots=True)
class Tab:
    """A page that is watched. expected: beginnings of console messages that belong to the test."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the console, and wait until nothing is under way."""
        try:
            self.page.goto(self.origin + path, wait_until="load")
        except Error as left:
            if "interrupted by another navigation" not in left.message:
                raise
            # A run's page asks for itself once more as the run ends, which may be while it is left.
            self.page.goto(self.origin + path, wait_until="load")
        self.settle()
        return self.page

    def expects(self, status: int) -> None:
        """The test makes the server answer with this status: browser and htmx say so in the console."""
        self.expected += [
            f"Failed to load resource: the server responded with a status of {status}",
            f"Response Status Error Code {status} ",
        ]

    def settle(self) -> None:
        """Wait until htmx has nothing under way."""
        # Not by a function of the page: the policy lets nobody evaluate one once it has to be asked again.
        busy = self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")
        busy.first.wait_for(state="detached")

    def check(self) -> None:
        """Raises AssertionError for errors of scripts, refused content, and requests to elsewhere."""
        left = [one for one in self.complaints if not one.startswith(tuple(self.expected))]
        assert left == []

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it is now."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        options = json.dumps(
            {
                "runOnly": {"type": "tag", "values": RULES},
                "resultTypes": ["violations"],
                "iframes": False,
                "preload": False,
            }
        )
        found: dict[str, Any] = self.page.evaluate(f"axe.run(document, {options})")
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """Pixels that the page is wider than the window."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def look(self, scheme: str, width: int) -> None:
        """Show it in a colour scheme and at a width."""
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        self.page.set_viewport_size({"width": width, "height": 900})


@contextlib.contextmanager
def tab(browser: Browser, origin: str, **options: Any) -> Iterator[Tab]:
    """A browser window of its own, without what another one has stored; at its end it is checked."""
    context: BrowserContext = browser.new_context(
        viewport={"width": 1440, "height": 900},
        locale="en-GB",
        reduced_motion="reduce",  # nothing is looked at while it changes its colour
        **options,
    )
    context.set_default_timeout(PATIENCE)
    try:
        opened = Tab(context.new_page(), origin)
        opened.page.on(
            "console",
            lambda said: (
                opened.complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))

        def asked(request: Request) -> None:
            if not request.url.startswith((origin + "/", "data:", "blob:")):
                opened.complaints.append(f"asked {request.url}")

        context.on("request", asked)
        yield opened
        opened.check()
    finally:
        context.close()


@cache
def _axe() -> str:
    return (packed(*AXE) / "axe.min.js").read_text("utf-8")
