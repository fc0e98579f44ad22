"""``fabricate report``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import RunFolder, examples, plugins_site_option


@click.command(epilog=examples("fabricate report runs/20261120T172139Z-3f2a"))
@click.argument("run", type=RunFolder())
@plugins_site_option
def report(run: Path, site: Path | None) -> int:
    """Write the reports of a run again from its record.

    RUN is a run folder, or the id of a run under runs/.

    Works for a run that was killed, too: it is shown as interrupted, up to its last event. With --site
    the reporters of that site's plugins write theirs too.
    """
    from scenario_runner.app.load import load_plugins
    from scenario_runner.evidence.write import write_reports

    record = write_reports(run, load_plugins(site).named("fabricate_reporters").values())
    click.echo(f"{record.outcome}: {run / 'report.html'}")
    return 0
