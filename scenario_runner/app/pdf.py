"""``report.pdf``: the report as a browser prints it, for those who file paper."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from scenario_runner.app.pdf_archive import archived, library
from scenario_runner.errors import MachineError
from scenario_runner.evidence.api import Reporter
from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.record import RunRecord
from scenario_runner.evidence.run_json import RunJsonReporter

_PATIENCE_S = 120


def pdf_reporter(browser: str, *, to_keep: bool = False) -> type[Reporter]:
    """A writer of ``report.pdf`` that has the page printed by a browser of Chromium's kind.

    browser: its program. to_keep: as PDF/A-3 with ``run.json`` attached. The bytes differ from time to time, for it
    notes when it made them. Raises UsageError where PDF/A-3 is asked for and its library is not installed.
    """
    if to_keep:
        library()

    class PdfReporter:
        """Writes ``report.pdf`` from the ``report.html`` beside it."""

        name: ClassVar[str] = "pdf"
        file: ClassVar[str] = "report.pdf"

        def write(self, record: RunRecord, folder: Path) -> None:
            """Have the page printed. Raises MachineError when the browser does not, and as ``archived`` does."""
            del record
            with TemporaryDirectory(prefix="fabricate-pdf-") as place:
                made = _printed(browser, folder / HtmlReporter.file, Path(place))
                if to_keep:
                    archived(made, folder / RunJsonReporter.file)
                write_atomically(folder / self.file, [made.read_bytes()])

    return PdfReporter


def _printed(browser: str, page: Path, place: Path) -> Path:
    made = place / "report.pdf"
    command = [
        browser,
        "--headless",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-pdf-header-footer",
        f"--user-data-dir={place / 'profile'}",
        f"--print-to-pdf={made}",
        # It refuses to start for root otherwise; the page loads nothing and runs nothing.
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        page.resolve().as_uri(),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - the browser that the command line found or named
            command, capture_output=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"'{browser}' did not print the report: {error}") from error
    if not made.is_file():
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise MachineError(
            f"'{browser}' did not print the report (exit code {done.returncode})"
            + (f": {said[-1][:300]}" if said else "")
        )
    return made
