"""``fabricate report``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import site_option


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@site_option
def report(run: Path, site: Path | None) -> int:
    """Write the reports of a run again from its record.

    Works for a run that was killed, too: it is shown as interrupted, up to its last event. With --site
    the reporters of that site's plugins write theirs too.
    """
    from scenario_runner.app.load import load_plugins
    from scenario_runner.evidence.write import write_reports

    record = write_reports(run, load_plugins(site).named("fabricate_reporters").values())
    click.echo(f"{record.outcome}: {run / 'report.html'}")
    return 0
