"""What the commands that make studies without a scenario have in common: ask, make, show how it came out."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Literal

import click

from scenario_runner.cli.kept_memory import keep_memory
from scenario_runner.cli.live_progress import Live
from scenario_runner.cli.output import show_remarks, warn_untold
from scenario_runner.cli.questions import confirmed, opened
from scenario_runner.cli.signals import stopping
from scenario_runner.cli.verbosity import Volume, volume
from scenario_runner.engine.services import Control

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenario_runner.app.plans import Plans
    from scenario_runner.app.run import RunResult
    from scenario_runner.app.study import StudyRequest
    from scenario_runner.engine.services import Factory
    from scenario_runner.errors import Diagnostic
    from scenario_runner.events import EventHandler

    Ask = Callable[[Plans, Factory], bool] | None
    Made = tuple[RunResult, Sequence[Diagnostic], Sequence[str]]


def carry_out(
    request: StudyRequest,
    make: Callable[[Sequence[EventHandler], Control, Ask], Made],
    *,
    yes: bool,
    style: Literal["text", "json"],
    open_it: bool,
) -> int:
    """Let studies be made, asked about before they are sent, and show how that came out; the exit code.

    make: gives the run, what is wrong with what was left aside, and remarks.
    """
    from scenario_runner.cli.study_screen import json_text, show_outcome, show_plan
    from scenario_runner.language.rendering import render

    keep_memory()
    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    live = Live(drawn=volume() is not Volume.QUIET)
    control = Control()

    def ask(plans: Plans, factory: Factory) -> bool:
        # What is for a program goes to stdout, and nothing beside it.
        with redirect_stdout(sys.stderr) if style == "json" else nullcontext():
            show_plan(plans, factory)
            return confirmed(f"Send it to {request.to or 'pacs'}?", default=True)

    with live, stopping(control):
        result, wrong, remarks = make([live], control, ask if asks else None)
    if wrong:
        click.echo(render(wrong), err=True, nl=False)
    show_remarks(remarks)
    if style == "json":
        click.echo(json_text(result))
    elif volume() is not Volume.QUIET or result.exit_code:
        show_outcome(result, kept=request.dicom_dir, saved=request.save)
    warn_untold(result)
    if open_it:
        opened(result.folder / "report.html")
    return result.exit_code or (1 if wrong else 0)
