"""The report in a real browser: a PACS that returns markup must find nobody to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"


class Listener(ThreadingHTTPServer):
    """Keeps what is asked for. A report that loads anything from anywhere asks here."""

    daemon_threads = True
    block_on_close = False  # the browser opens connections ahead of need and says nothing on them

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuser)
        self.requests: list[str] = []

    @property
    def port(self) -> int:
        return self.server_port


class _Refuser(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.requests.append(self.path)
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _chromium(tmp_path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--virtual-time-budget=3000",
            f"--user-data-dir={tmp_path / 'profile'}",
            *arguments,
        ],
        capture_output=True,
        check=True,
        timeout=120,
        encoding="utf-8",
        env={**os.environ, "HOME": str(tmp_path)},
    )
    return done.stdout


class _Dom(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.title = ""
        self._in_title = False
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self.title
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False


def test_hostile_text_neither_runs_nor_loads(tmp_path: Path, listener: Listener) -> None:
    write_reports(samples.hostile(listener.port).write(tmp_path / "run"), [HtmlReporter])
    page = (tmp_path / "run/report.html").as_uri()
    dom = _Dom(_chromium(tmp_path, "--dump-dom", page))
    assert dom.title.startswith("Failed: <img src=x onerror=")
    assert not dom.tags & {"script", "iframe", "link", "object"}
    assert listener.requests == []


def test_the_policy_stops_what_escaping_would_let_through(
    tmp_path: Path, listener: Listener
) -> None:
    """The second line of defence: even markup put into the file by hand does nothing."""
    write_reports(samples.passing().write(tmp_path / "run"), [HtmlReporter])
    file = tmp_path / "run/report.html"
    attack = (
        "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
        f"<img src=http://127.0.0.1:{listener.port}/a.png>"
        f"<link rel=stylesheet href=http://127.0.0.1:{listener.port}/b.css>"
        f"<iframe src=http://127.0.0.1:{listener.port}/c></iframe>"
    )
    html = file.read_text(encoding="utf-8")
    file.write_text(html.replace("</main>", f"{attack}</main>"), encoding="utf-8")
    dom = _chromium(tmp_path, "--dump-dom", file.as_uri())
    assert "<title>Passed: A chest X-ray" in dom
    assert listener.requests == []
    # And the attack is a real one: without the policy it succeeds.
    bare = file.read_text(encoding="utf-8").replace('http-equiv="Content-Security-Policy"', "")
    file.write_text(bare, encoding="utf-8")
    assert "<title>owned</title>" in _chromium(tmp_path, "--dump-dom", file.as_uri())
    assert "/a.png" in listener.requests


@pytest.mark.parametrize("name", ["failing", "hostile"])
def test_nothing_is_wider_than_a_telephone(tmp_path: Path, name: str) -> None:
    """Measured by the browser: a page in a 420 px frame needs no sideways scrolling."""
    write_reports(samples.ALL[name]().write(tmp_path / "run"), [HtmlReporter])
    page = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    policy = page.index("<meta http-equiv")
    page = page[:policy] + page[page.index(">", policy) + 1 :]
    measure = (
        "<script>addEventListener('load', () => {"
        "for (const part of document.querySelectorAll('details')) part.open = true;"
        "parent.postMessage(document.documentElement.scrollWidth -"
        " document.documentElement.clientWidth, '*')})</script></body>"
    )
    (tmp_path / "page.html").write_text(page.replace("</body>", measure), encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        "<body><iframe src='page.html' style='border:0' width=420 height=900></iframe><script>"
        "addEventListener('message', event => document.title = 'overflow ' + event.data)</script>",
        encoding="utf-8",
    )
    dom = _chromium(tmp_path, "--dump-dom", (tmp_path / "frame.html").as_uri())
    assert "<title>overflow 0</title>" in dom


def test_everything_is_unfolded_on_paper(tmp_path: Path) -> None:
    """A signature under a closed fold would vouch for what nobody can read."""
    write_reports(samples.passing().write(tmp_path / "run"), [HtmlReporter])
    page = (tmp_path / "run/report.html").as_uri()
    pdf = tmp_path / "report.pdf"
    _chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page)
    open_pdf = tmp_path / "open.pdf"
    file = tmp_path / "run/report.html"
    html = file.read_text(encoding="utf-8").replace("<details>", "<details open>")
    file.write_text(html, encoding="utf-8")
    _chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={open_pdf}", page)
    assert (
        pdf.read_bytes().count(b"/Type /Page\n")
        == open_pdf.read_bytes().count(b"/Type /Page\n")
        > 1
    )
