"""``fabricate pacs``: the embedded PACS as a server, and small questions to any PACS."""

from __future__ import annotations

import click

from scenario_runner.cli.clients import echo, query, retrieve
from scenario_runner.cli.deleting import delete
from scenario_runner.cli.learning import learn
from scenario_runner.cli.sending import send
from scenario_runner.cli.serving import rebuild, serve


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added: first the questions, then the server."""
        return list(self.commands)


@click.group(cls=_InOrder)
def pacs() -> None:
    """Serve the embedded PACS, or talk to any PACS."""


for command in (echo, send, query, retrieve, delete, learn, serve, rebuild):
    pacs.add_command(command)
