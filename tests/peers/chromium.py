"""Chromium without a window, driven over a pipe by the DevTools protocol: one session, many pages."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
PATIENCE = 60.0


class ChromiumError(Exception):
    """The browser refused a command, did not answer, or ended."""


@dataclass(slots=True)
class Browser:
    """A page of a browser that runs.

    exceptions: what scripts have thrown and nobody caught. errors: what the console says in red. asked: the addresses
    of all requests. All three since the page was opened.
    """

    writes: int
    reads: int
    session: str = ""
    exceptions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _number: int = 0
    _buffer: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and wait for its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            self._note(answer)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise ChromiumError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _note(self, message: dict[str, Any]) -> None:
        match message.get("method"), message.get("params"):
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.exceptions.append(details.get("exception", {}).get("description", ""))
            case "Runtime.consoleAPICalled", {"type": "error", "args": said}:
                words = [str(one.get("value", one.get("description", ""))) for one in said]
                self.errors.append(" ".join(words)[:1000])
            case "Log.entryAdded", {"entry": {"level": "error", **entry}}:
                self.errors.append(f"{entry.get('text')} {entry.get('url', '')}")
            case "Network.requestWillBeSent", {"request": {"url": url}}:
                self.asked.append(url)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.reads], [], [], left)[0]:
                raise ChromiumError("the browser does not answer")
            chunk = os.read(self.reads, 1 << 20)
            if not chunk:
                raise ChromiumError("the browser has ended")
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def open(self, url: str) -> None:
        """Go to a page; it is not waited for."""
        for noted in (self.exceptions, self.errors, self.asked):
            noted.clear()
        self.call("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What a script expression is worth in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    def screenshot(self, x: float, y: float, width: float, height: float) -> bytes:
        """That part of the page as PNG."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        return base64.b64decode(
            self.call("Page.captureScreenshot", format="png", clip=clip)["data"]
        )


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser of its own, drawn by the processor, with its profile in ``folder``."""
    their_reads, our_writes = os.pipe()
    our_reads, their_writes = os.pipe()
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
        "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
        "--disable-gpu-compositing",
        "--window-size=1280,900", f"--user-data-dir={folder / 'profile'}",
        "--remote-debugging-pipe", "about:blank",
    ]  # fmt: skip
    # Chromium reads commands from descriptor 3 and answers on 4.
    wired = f'exec "$0" "$@" 3<&{their_reads} 4>&{their_writes}'
    with (folder / "chromium.txt").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", wired, *command],
            pass_fds=(their_reads, their_writes),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )
    os.close(their_reads)
    os.close(their_writes)
    page = Browser(our_writes, our_reads)
    try:
        targets = page.call("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        attached = page.call("Target.attachToTarget", targetId=target, flatten=True)
        page.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        yield page
    finally:
        page.session = ""
        with contextlib.suppress(ChromiumError, OSError):
            page.call("Browser.close")
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(our_writes)
        os.close(our_reads)
