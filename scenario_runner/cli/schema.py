"""``fabricate schema``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import examples, plugins_site_option


@click.command(epilog=examples("fabricate schema scenario > scenario.schema.json"))
@click.argument(
    "kind",
    type=click.Choice(
        ["scenario", "site", "steps", "library", "overlay", "run", "events", "validator"]
    ),
    default="scenario",
)
@plugins_site_option
def schema(kind: str, site: Path | None) -> int:
    """Print a JSON Schema (2020-12) for editors and other programs.

    With --site the schema has the steps, checks and target kinds of that site's plugins too.
    """
    from scenario_runner.app.load import load_plugins
    from scenario_runner.app.schemas import schema_of, text_of

    click.echo(text_of(schema_of(kind, load_plugins(site))))
    return 0
