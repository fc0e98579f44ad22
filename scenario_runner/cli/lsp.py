"""``fabricate lsp``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import examples, site_option, surroundings
from scenario_runner.errors import UsageError


@click.command(epilog=examples("fabricate lsp", "fabricate lsp --site sites/north.yaml"))
@site_option
def lsp(site: Path | None) -> int:
    """Be a language server on standard input and output, for an editor to start.

    It tells what "fabricate validate" would, completes, says what things mean and leads to where they are
    said. Needs the extra "lsp".
    """
    try:
        from scenario_runner.lsp.server import server
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the language server needs {error.name}, which is not installed",
            hint="pip install 'dicom-fabricator[lsp]'",
        ) from None
    server(surroundings(), site).start_io()
    return 0
