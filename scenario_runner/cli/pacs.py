"""``fabricate pacs``: the embedded PACS as a server, and small questions to any PACS."""

from __future__ import annotations

import click

from scenario_runner.cli.clients import echo, query, retrieve, send
from scenario_runner.cli.serving import rebuild, serve


@click.group()
def pacs() -> None:
    """Serve the embedded PACS, or talk to any PACS."""


for command in (serve, rebuild, echo, send, query, retrieve):
    pacs.add_command(command)
