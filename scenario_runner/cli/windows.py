"""The console in a window of its own: a browser's, without tabs and address (Chromium and its kin: ``--app``)."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from scenario_runner.cli.questions import opened_address

WINDOW: Final = "window"
"""The folder below the data folder that has the browser's profile."""
_ON_PATH: Final = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge",
    "microsoft-edge-stable", "brave-browser", "vivaldi",
)  # fmt: skip
_OF_MACOS: Final = ("Google Chrome", "Microsoft Edge", "Chromium", "Brave Browser")
_OF_WINDOWS: Final = (
    r"Microsoft\Edge\Application\msedge.exe", r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe", r"BraveSoftware\Brave-Browser\Application\brave.exe",
)  # fmt: skip
"""Below the folders that programs are installed in, for all or without rights of an administrator for one."""
_FOLDERS: Final = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
_OPTIONS: Final = ("--no-first-run", "--no-default-browser-check", "--window-size=1440,960")


def window_program(system: str, environ: Mapping[str, str]) -> Path | None:
    """A browser that has such windows; None where there is none. system: as ``sys.platform`` has it."""
    return next((one for one in _places(system, environ) if one.is_file()), None)


def _places(system: str, environ: Mapping[str, str]) -> Iterator[Path]:
    if system == "win32":
        for name in _OF_WINDOWS:
            for folder in filter(None, map(environ.get, _FOLDERS)):
                yield Path(folder, *name.split("\\"))
    elif system == "darwin":
        for name in _OF_MACOS:
            for place in (Path("/Applications"), Path(environ.get("HOME", "/")) / "Applications"):
                yield place / f"{name}.app" / "Contents" / "MacOS" / name
    for name in _ON_PATH:
        if found := shutil.which(name, path=environ.get("PATH", "")):
            yield Path(found)


class Window:
    """The console's window for as long as the service goes on: closing it stops that, and it goes when that ends.

    profile: a folder of its own, so that the process is this window's and not one of a browser that is open anyway.
    program: None for the usual browser, which nobody waits for. stop: set when the service ends; closed: called when
    the window was, to have it end.
    """

    def __init__(
        self,
        profile: Path,
        program: Path | None,
        stop: threading.Event,
        closed: Callable[[], object],
    ) -> None:
        self._profile = profile
        self._program = program
        self._stop = stop
        self._closed = closed
        self._process: subprocess.Popen[bytes] | None = None

    def show(self, address: str) -> None:
        """Open it, or show the address in the usual browser where that cannot be."""
        if self._program is None:
            opened_address(address)
            return
        own = (f"--app={address}", f"--user-data-dir={self._profile.resolve()}")
        silent = subprocess.DEVNULL
        try:
            process = subprocess.Popen(  # noqa: S603 - a browser, found where browsers are
                [self._program, *own, *_OPTIONS], stdin=silent, stdout=silent, stderr=silent
            )
        except OSError:
            opened_address(address)
            return
        self._process = process

        def wait() -> None:
            if process.wait() == 0:
                self._closed()
            elif not self._stop.is_set():  # else a Ctrl-C has reached both
                opened_address(address)

        threading.Thread(target=wait, name="window", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # One that is left open has nothing to show, and would take the place of the next.
        self._stop.set()
        if self._process is not None:
            self._process.terminate()
