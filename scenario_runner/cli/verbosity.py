"""``--quiet`` and ``--verbose``, which may stand anywhere on the line."""

from __future__ import annotations

from enum import Enum
from typing import Any

import click

_KEY = "scenario_runner.volume"


class Volume(Enum):
    """How much a person wants to read."""

    QUIET = "quiet"
    """What went wrong, and what the command exists to give."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """Also what went well, check by check."""


def volume() -> Volume:
    """What was asked for on this command line."""
    context = click.get_current_context(silent=True)
    found: Volume = Volume.NORMAL if context is None else context.meta.get(_KEY, Volume.NORMAL)
    return found


def remark(text: str) -> None:
    """Say something beside the result, on stderr; ``--quiet`` leaves it out."""
    if volume() is not Volume.QUIET:
        click.echo(text, err=True)


def with_volume(command: click.Command, *, hidden: bool = True) -> click.Command:
    """The same command, with both options; below a group, all its commands.

    hidden: whether help leaves them out; that of ``fabricate`` itself has them for all.
    """
    if any(one.name == "quiet" for one in command.params):
        return command
    command.params += [
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_chosen,
            hidden=hidden,
            help="Print what went wrong and what was asked for, nothing else. Anywhere on the line.",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_chosen,
            hidden=hidden,
            help="Print every check and every remark of a run. Anywhere on the line.",
        ),
    ]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            with_volume(below)
    return command


def _chosen(context: click.Context, option: click.Parameter, given: Any) -> None:
    if not given:
        return
    wanted = Volume(option.name)
    if context.meta.setdefault(_KEY, wanted) is not wanted:
        raise click.UsageError("--quiet and --verbose exclude one another", context)
