"""What this room registers through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import hookimpl

if TYPE_CHECKING:
    from scenario_runner.evidence.api import Reporter


@hookimpl
def fabricate_reporters() -> list[type[Reporter]]:
    """``run.json``, ``report.html``, ``junit.xml`` and ``ctrf.json``."""
    from scenario_runner.evidence.ctrf import CtrfReporter
    from scenario_runner.evidence.html import HtmlReporter
    from scenario_runner.evidence.junit import JUnitReporter
    from scenario_runner.evidence.run_json import RunJsonReporter

    return [RunJsonReporter, HtmlReporter, JUnitReporter, CtrfReporter]
