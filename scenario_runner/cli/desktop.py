"""``fabricate-desktop``: the console in a window, for a desktop that starts programs without a terminal."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Final, TextIO

from scenario_runner.cli import main as fabricate

FOLDER: Final = "DICOM Fabricator"
"""In the home folder: what is started by a click has no working folder of its own."""
_LOG: Final = "fabricate.log"
_LONGEST_LOG: Final = 1 << 20
"""Bytes after which a log begins anew, beside the one before."""


def main() -> None:
    """Serve for as long as the window is open; what goes wrong without a terminal is shown by the browser."""
    has_terminal = sys.stderr is not None
    folder = Path("~", FOLDER)
    try:
        folder = Path.home() / FOLDER
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        log = None if has_terminal else _log(folder)
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody says where home is
        words = f"the folder '{folder}' cannot be used: {getattr(error, 'strerror', None) or error}"
        if not has_terminal:
            _show(words)
        raise SystemExit(words) from error
    if log is not None:
        sys.stdout = sys.stderr = log
    sys.argv[1:1] = ["serve", "--own-window", "--port", "0"]
    try:
        fabricate()
    except SystemExit as ended:
        if log is not None and ended.code:
            log.flush()
            webbrowser.open(Path(log.name).as_uri())
        raise


def _log(folder: Path) -> TextIO:
    """What is said goes behind what was said before, also by a process that still runs. Raises OSError."""
    file = folder / _LOG
    if file.exists() and file.stat().st_size > _LONGEST_LOG:
        with contextlib.suppress(OSError):  # Windows moves no file that another process has open
            file.replace(file.with_suffix(".old.log"))
    log = file.open("a", encoding="utf-8", buffering=1)
    log.write(
        f"--- {dt.datetime.now().astimezone().isoformat(' ', 'seconds')}, process {os.getpid()}\n"
    )
    return log


def _show(words: str) -> None:
    """Say something where there is neither a terminal nor a folder of ours."""
    with contextlib.suppress(OSError):
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="fabricate-", suffix=".txt", delete=False
        ) as file:
            file.write(f"DICOM Fabricator cannot start: {words}\n")
        webbrowser.open(Path(file.name).as_uri())
