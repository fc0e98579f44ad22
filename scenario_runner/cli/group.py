"""The command ``fabricate`` and its subcommands, each imported only when it is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.verbosity import with_volume
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "study": "scenario_runner.cli.study:study",
    "from-hl7": "scenario_runner.cli.from_orders:from_hl7",
    "from-fhir": "scenario_runner.cli.from_fhir:from_fhir",
    "run": "scenario_runner.cli.run:run",
    "rerun": "scenario_runner.cli.rerun:rerun",
    "list": "scenario_runner.cli.listing:list_",
    "validate": "scenario_runner.cli.validate:validate",
    "plan": "scenario_runner.cli.plan:plan",
    "preview": "scenario_runner.cli.preview:preview",
    "explain": "scenario_runner.cli.explain:explain",
    "copy": "scenario_runner.cli.explain:copy",
    "library": "scenario_runner.cli.library:library",
    "schema": "scenario_runner.cli.schema:schema",
    "new": "scenario_runner.cli.new:new",
    "fmt": "scenario_runner.cli.formatting:fmt",
    "lsp": "scenario_runner.cli.lsp:lsp",
    "report": "scenario_runner.cli.report:report",
    "runs": "scenario_runner.cli.runs:runs",
    "compare": "scenario_runner.cli.compare:compare",
    "history": "scenario_runner.cli.compare:history",
    "sign": "scenario_runner.cli.sign:sign",
    "verify": "scenario_runner.cli.verify:verify",
    "check": "scenario_runner.cli.check:check",
    "view": "scenario_runner.cli.view:view",
    "patient": "scenario_runner.cli.patient:patient",
    "serve": "scenario_runner.cli.serve:serve",
    "viewer": "scenario_runner.cli.viewer:viewer",
    "user": "scenario_runner.cli.user:user",
    "audit": "scenario_runner.cli.audit:audit",
    "backup": "scenario_runner.cli.backup:backup",
    "restore": "scenario_runner.cli.backup:restore",
    "pacs": "scenario_runner.cli.pacs:pacs",
    "hl7": "scenario_runner.cli.hl7:hl7",
    "validator": "scenario_runner.cli.validator:validator",
    "completion": "scenario_runner.cli.completion:completion",
}
_ELSEWHERE = {
    "lint": "validate",
    "format": "fmt",
    "init": "new",
    "docs": "explain",
    "diff": "compare",
    "version": "--version",
    "echo": "pacs echo",
    "find": "pacs query",
    "query": "pacs query",
    "send": "pacs send",
    "store": "pacs send",
    "get": "pacs retrieve",
    "move": "pacs retrieve",
    "retrieve": "pacs retrieve",
    "delete": "pacs delete",
}
"""What commands of other tools are called here."""

_HELP = {
    "study": "Make a typical study, send it and check it: two words.",
    "from-hl7": "Make a study of each order in HL7 v2 messages, send it and check it.",
    "from-fhir": "Make the imaging studies of a FHIR server, send them and check them.",
    "run": "Run scenarios and leave evidence.",
    "rerun": "Repeat a run, sending only what was not acknowledged.",
    "list": "List the scenarios that can be run.",
    "validate": "Check scenario and site files without running anything.",
    "plan": "Show what a scenario would make; nothing is sent.",
    "preview": "Look at every image a scenario would send, and send it or not.",
    "explain": "Explain a diagnostic, a step or a check.",
    "copy": "Copy a scenario that ships, to change it.",
    "library": "List, lock, pack and compare libraries of scenarios and step lists.",
    "schema": "Print a JSON Schema for editors.",
    "new": "Write a new scenario, site file or library to start from.",
    "fmt": "Format scenario, site and library files; comments stay.",
    "lsp": "Be a language server for editors.",
    "report": "Write the reports of a run again from its record.",
    "runs": "List, show, thin out and take along the runs there are.",
    "compare": "Say what differs between two runs.",
    "history": "Say which cases are flaky, slow or newly failing.",
    "sign": "Sign a run with a key of your own.",
    "verify": "Say whether a run is what it was, and whether its signatures hold.",
    "check": "Check DICOM files against the Standard.",
    "view": "Show a DICOM file, or a folder of them as studies, series and images.",
    "patient": "Keep synthetic patients that outlive a run, and find them.",
    "serve": "Serve the imaging service: studies taken in, matched, corrected and shown over HTTP.",
    "viewer": "Install the viewer OHIF for the imaging service.",
    "user": "Say who may use the imaging service, and as what.",
    "audit": "Read the trail of who did what to which study.",
    "backup": "Write all of an imaging service into one file.",
    "restore": "Make an imaging service again from a backup.",
    "pacs": "Serve the embedded PACS, or talk to any PACS.",
    "hl7": "Send, take and show messages of HL7 v2, and what their fields become.",
    "validator": "Take studies in over HTTP, judge, describe and store them.",
    "completion": "Print what teaches a shell to complete fabricate.",
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
        return with_volume(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was probably meant."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            meant = _ELSEWHERE.get(args[0])
            near = [meant] if meant else get_close_matches(args[0], _COMMANDS, 1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Commands: {', '.join(_COMMANDS)}."
            ctx.fail(f"No such command '{args[0]}'. {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands without importing them, then the options."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=about)
            for name, about in _HELP.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_HELP.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fabricate")
def fabricate() -> None:
    """Prove a PACS integration with synthetic DICOM: a YAML scenario in, evidence out."""


with_volume(fabricate, hidden=False)
