"""The command ``fabricate`` and its subcommands, each imported only when it is used."""

from __future__ import annotations

import importlib

import click

from scenario_runner import __version__

_COMMANDS = {
    "run": "scenario_runner.cli.run:run",
    "rerun": "scenario_runner.cli.rerun:rerun",
    "validate": "scenario_runner.cli.validate:validate",
    "plan": "scenario_runner.cli.plan:plan",
    "schema": "scenario_runner.cli.schema:schema",
    "new": "scenario_runner.cli.new:new",
    "report": "scenario_runner.cli.report:report",
    "check": "scenario_runner.cli.check:check",
    "view": "scenario_runner.cli.view:view",
    "pacs": "scenario_runner.cli.pacs:pacs",
}
_HELP = {
    "run": "Run scenarios and leave evidence.",
    "rerun": "Repeat a run, sending only what was not acknowledged.",
    "validate": "Check scenario and site files without running anything.",
    "plan": "Show what a scenario would make; nothing is sent.",
    "schema": "Print a JSON Schema for editors.",
    "new": "Write a new scenario or site file to start from.",
    "report": "Write the reports of a run again from its record.",
    "check": "Check DICOM files against the Standard.",
    "view": "Show a DICOM file: its attributes and its image.",
    "pacs": "Serve the embedded PACS, or talk to any PACS.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that start-up stays short."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order a newcomer needs them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was probably meant."""
        from difflib import get_close_matches

        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], _COMMANDS, 1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Commands: {', '.join(_COMMANDS)}."
            ctx.fail(f"No such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_HELP.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fabricate")
def fabricate() -> None:
    """Prove a PACS integration with synthetic DICOM: a YAML scenario in, evidence out."""
