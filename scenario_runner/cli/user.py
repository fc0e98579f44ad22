"""``fabricate user``: who may use the imaging service."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scenario_runner.cli.options import examples
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.service_options import data_option, database_option, opened, whoever_types
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import UsageError
from scenario_runner.service.permissions import Role

_ROLES = ("admin", "doctor", "radiologist", "technician", "nurse", "monitor")
_LONGEST = 4_096
"""Bytes of a file that has a password in it."""


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    return data_option(database_option(command))


_name = click.argument("name", metavar="NAME")
_role = click.option(
    "--role",
    "roles",
    type=click.Choice(_ROLES),
    multiple=True,
    required=True,
    help="What it may do; several times for several.",
)
_password_file = click.option(
    "--password-file",
    type=click.File("rb"),
    help="File whose first line is the password; - for standard input.",
)


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def user() -> None:
    """Accounts of the imaging service: people with a password, programs with keys.

    As long as there is none, whoever sits at this machine may do everything, and nobody else is served.
    """


@user.command(
    epilog=examples(
        "fabricate user add joy --role nurse",
        "fabricate user add boss --role admin --password-file password.txt",
        "fabricate user add scanner-3 --role technician --no-password",
    )
)
@_name
@_role
@_password_file
@click.option("--no-password", is_flag=True, help="A program's account, which has keys only.")
@_shared
def add(
    name: str,
    roles: tuple[str, ...],
    password_file: Any,
    no_password: bool,
    data: Path,
    database: str | None,
) -> None:
    """Make an account. The password is asked for, or read from a file or from standard input."""
    from scenario_runner.service.accounts.accounts import Accounts

    if no_password and password_file is not None:
        raise UsageError("--no-password and --password-file exclude each other")
    password = None if no_password else _password(name, password_file)
    with opened(data, database) as found:
        made = Accounts(found).add(name, map(Role, roles), password, whoever_types())
    click.echo(f"'{made.name}' may log in as {', '.join(sorted(made.roles))}")
    if no_password:
        remark(f"it has no key yet: fabricate user key {made.name}")


@user.command("list", epilog=examples("fabricate user list --format json"))
@style_option
@_shared
def list_(style: Style, data: Path, database: str | None) -> None:
    """Show the accounts."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        rows = [one.as_json() for one in Accounts(found).all()]
    if style == "text":
        rows = [_for_people(row) for row in rows]
        if not rows:
            remark(
                "there are no accounts: on this machine nobody logs in, and nobody else is served"
            )
    print_rows(rows, ("name", "roles", "disabled", "password", "keys", "created"), style)


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    said = {True: "yes", False: "no"}
    return {
        **row,
        "roles": ", ".join(row["roles"]),
        "disabled": said[row["disabled"]],
        "password": said[row["password"]],
    }


@user.command(epilog=examples("fabricate user role joy --role nurse --role technician"))
@_name
@_role
@_shared
def role(name: str, roles: tuple[str, ...], data: Path, database: str | None) -> None:
    """Give an account other roles, from its next request on."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        Accounts(found).set_roles(name, map(Role, roles), whoever_types())


@user.command(epilog=examples("fabricate user password joy"))
@_name
@_password_file
@_shared
def password(name: str, password_file: Any, data: Path, database: str | None) -> None:
    """Give an account another password, and end its sessions."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        accounts = Accounts(found)
        known = accounts.named(name)
        accounts.set_password(name, _password(known.name, password_file), whoever_types())


@user.command(epilog=examples("fabricate user disable joy"))
@_name
@_shared
def disable(name: str, data: Path, database: str | None) -> None:
    """Shut an account, its sessions, keys and tokens, at once."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        Accounts(found).set_disabled(name, True, whoever_types())


@user.command(epilog=examples("fabricate user enable joy"))
@_name
@_shared
def enable(name: str, data: Path, database: str | None) -> None:
    """Open an account again: password and keys are what they were."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        Accounts(found).set_disabled(name, False, whoever_types())


@user.command(epilog=examples("fabricate user remove joy"))
@_name
@_shared
def remove(name: str, data: Path, database: str | None) -> None:
    """Take an account away; what it did stays in the audit trail."""
    from scenario_runner.service.accounts.accounts import Accounts

    with opened(data, database) as found:
        Accounts(found).remove(name, whoever_types())


@user.command(
    epilog=examples(
        "fabricate user key scanner-3 --label ward-7 --days 365",
        "fabricate user key scanner-3 --list",
        "fabricate user key scanner-3 --revoke ward-7",
    )
)
@_name
@click.option("--label", metavar="TEXT", default="key", show_default=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    metavar="N",
    help="How long it lasts.  [default: no end]",
)
@click.option(
    "--list", "listed", is_flag=True, help="Show the keys there are, without their secrets."
)
@click.option("--revoke", metavar="TEXT", help="End the key of this label.")
@style_option
@_shared
def key(
    name: str,
    label: str,
    days: int | None,
    listed: bool,
    revoke: str | None,
    style: Style,
    data: Path,
    database: str | None,
) -> None:
    """Make an API key for a program. It is printed once, and can never be shown again.

    A program sends it as `Authorization: Bearer KEY`, or as `X-API-Key: KEY`.
    """
    from scenario_runner.service.accounts.keys import Keys

    with opened(data, database) as found:
        keys = Keys(found)
        if revoke is not None:
            keys.revoke(name, revoke, whoever_types())
        elif listed:
            rows = [one.as_json() for one in keys.of(name)]
            print_rows(rows, ("label", "start", "created", "expires"), style)
        else:
            lasting = None if days is None else dt.timedelta(days=days)
            click.echo(keys.make(name, label, lasting, whoever_types()))


def _password(name: str, file: Any) -> str:
    """From a file, from standard input where that is no terminal, or typed twice."""
    if file is None and not sys.stdin.isatty():
        file = sys.stdin.buffer
    if file is None:
        typed: str = click.prompt(
            f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True
        )
        return typed
    try:
        line = file.readline(_LONGEST).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("the password is no text in UTF-8") from None
    if not line:
        raise UsageError(
            "there is no password",
            hint="type it at a terminal, or name a file with --password-file; a program has --no-password",
        )
    return str(line)
