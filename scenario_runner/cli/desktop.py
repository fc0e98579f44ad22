"""``fabricate-desktop``: the console in a window, for a desktop that starts programs without a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from scenario_runner.cli import main as fabricate

FOLDER: Final = "DICOM Fabricator"
"""In the home folder: what is started by a click has no working folder of its own."""
_LOG: Final = "fabricate.log"


def main() -> None:
    """Serve for as long as the window is open; what goes wrong without a terminal is shown by the browser."""
    folder = Path.home() / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
    except OSError as error:
        raise SystemExit(f"the folder '{folder}' cannot be used: {error.strerror}") from error
    log = folder / _LOG if sys.stderr is None else None
    if log is not None:
        sys.stdout = sys.stderr = log.open("w", encoding="utf-8", buffering=1)
    sys.argv[1:1] = ["serve", "--own-window", "--port", "0"]
    try:
        fabricate()
    except SystemExit as ended:
        if log is not None and ended.code:
            import webbrowser

            webbrowser.open(log.as_uri())
        raise
