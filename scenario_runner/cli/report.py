"""``fabricate report``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(run: Path) -> int:
    """Write the reports of a run again from its record.

    Works for a run that was killed, too: it is shown as interrupted, up to its last event.
    """
    from scenario_runner.evidence.write import write_reports
    from scenario_runner.plugins import Plugins

    record = write_reports(run, Plugins().named("fabricate_reporters").values())
    click.echo(f"{record.outcome}: {run / 'report.html'}")
    return 0
