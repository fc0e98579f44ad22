"""Questions to a person, and files opened for one."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.signals import as_usual
from scenario_runner.cli.wrapping import terminal_width, wrapped
from scenario_runner.errors import UsageError

_ANSWERS = len(" [y/N]: n")


def confirmed(question: str, *, default: bool) -> bool:
    """Ask on stderr, so that it is seen wherever the results go.

    Raises click.Abort when somebody breaks it off, UsageError where nobody is there to answer.
    """
    try:
        with as_usual():
            return click.confirm(_asked(question), default=default, err=True)
    except click.Abort as error:
        # click makes one of the end of input and of an interrupt.
        if not isinstance(error.__context__, EOFError):
            raise
        click.echo(err=True)
        raise UsageError("nobody answered", hint="--yes does it without asking") from None


def _asked(question: str) -> str:
    """A question in lines that the terminal has room for, its answers beside the last."""
    room = terminal_width()
    return question if room is None else "\n".join(wrapped(question, room - _ANSWERS))


def opened(file: Path) -> None:
    """Show a file in the browser of the person who asked for it."""
    opened_address(file.resolve().as_uri(), str(file))


def opened_address(address: str, shown: str | None = None) -> None:
    """The same for an address. shown: what it is called where no browser could be opened."""
    import webbrowser

    if not webbrowser.open(address):
        click.echo(f"no browser could be opened for '{shown or address}'", err=True)
