"""Which pages there are."""

from __future__ import annotations

from scenario_runner.plugins import Plugins
from scenario_runner.reference.command_line import command_line_page
from scenario_runner.reference.entries import checks_page, steps_page
from scenario_runner.reference.examinations import examinations_page
from scenario_runner.reference.faults import faults_page
from scenario_runner.reference.limits import limits_page
from scenario_runner.reference.locales import locales_page
from scenario_runner.reference.run_record import events_page, run_record_page
from scenario_runner.reference.scenario import scenario_page
from scenario_runner.reference.site import site_page


def pages() -> dict[str, str]:
    """File name to text of every generated page, for the built-in steps, checks and kinds."""
    plugins = Plugins(outside=False)
    return {
        "steps.md": steps_page(plugins),
        "checks.md": checks_page(plugins),
        "faults.md": faults_page(),
        "scenario.md": scenario_page(plugins),
        "site.md": site_page(plugins),
        "examinations.md": examinations_page(),
        "locales.md": locales_page(),
        "limits.md": limits_page(),
        "run-record.md": run_record_page(),
        "events.md": events_page(),
        "command-line.md": command_line_page(),
    }
