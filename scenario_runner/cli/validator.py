"""``fabricate validator``: the service in one process or as three, and what its roles have given up."""

from __future__ import annotations

import gc
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.cli.announcing import Announcing
from scenario_runner.cli.listening_options import host_option, port_option
from scenario_runner.cli.long_running import serve_long
from scenario_runner.cli.options import FILE, Decorator, examples
from scenario_runner.cli.signals import on_signal
from scenario_runner.errors import NothingSelected, UsageError

if TYPE_CHECKING:
    from scenario_runner.service.validator.journal import Journal, Refused
    from scenario_runner.web.validator.serving import ValidatorServing

data_option: Decorator = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("validator"),
    show_default=True,
    envvar="FABRICATE_VALIDATOR_DATA",
    show_envvar=True,
    help="Folder of studies and journal; made when it is not there. All roles need the same.",
)
config_option: Decorator = click.option(
    "--config",
    type=FILE,
    envvar="FABRICATE_VALIDATOR_CONFIG",
    show_envvar=True,
    help="Settings, a file with schema: validator/v1; variables such as FABRICATE_VALIDATOR_REQUIRED win.",
)
allow_option: Decorator = click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Name it is reached by, besides addresses, localhost and the machine's; * for any.",
)

token_option: Decorator = click.option(
    "--token",
    metavar="TOKEN",
    envvar="FABRICATE_VALIDATOR_TOKEN",
    show_envvar=True,
    help="Bearer token that clients have to give; needed where --host reaches beyond this machine.",
)


def broker_option(*, required: bool) -> Decorator:
    """``--broker``, which a role of its own cannot do without."""
    return click.option(
        "--broker",
        metavar="URL",
        required=required,
        envvar="FABRICATE_VALIDATOR_BROKER",
        show_envvar=True,
        help="NATS server with JetStream: nats://host:4222.",
    )


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def validator() -> None:
    """Take studies in over HTTP, judge, describe and store them."""


@validator.command(
    short_help="All roles in one process.",
    epilog=examples(
        "fabricate validator serve --port 8090 --data validator",
        "fabricate validator serve --config validator.yaml",
    ),
)
@host_option
@port_option(8090)
@data_option
@config_option
@allow_option
@token_option
def serve(
    host: str,
    port: int,
    data: Path,
    config: Path | None,
    hosts: tuple[str, ...],
    token: str | None,
) -> int:
    """Serve the validator until Ctrl-C, all three roles in this process.

    POST /upload takes a file and answers 201 when it is stored; GET /status/ID says what has become of it. Exit code
    3 for wrong settings, 4 when the folder or the port cannot be had.
    """
    from scenario_runner.web.validator.serving import ValidatorServing, serve_gateway

    settings = _settings(config)
    serving = ValidatorServing(
        data=data, settings=settings, host=host, port=port, hosts=hosts, token=token
    )
    return _until_stopped(lambda ready, stop: serve_gateway(serving, ready, stop))


@validator.command(
    short_help="Only the gateway, before a broker.",
    epilog=examples("fabricate validator gateway --broker nats://localhost:4222 --data studies"),
)
@broker_option(required=True)
@host_option
@port_option(8090)
@data_option
@config_option
@allow_option
@token_option
def gateway(
    broker: str,
    host: str,
    port: int,
    data: Path,
    config: Path | None,
    hosts: tuple[str, ...],
    token: str | None,
) -> int:
    """Serve POST /upload and GET /status/ID; the other roles run elsewhere and share the folder.

    Exit code 3 for wrong settings, 4 when the folder, the port or the broker cannot be had.
    """
    from scenario_runner.web.validator.serving import ValidatorServing, serve_gateway

    settings = _settings(config)
    serving = ValidatorServing(
        data=data, settings=settings, host=host, port=port, broker=broker, hosts=hosts, token=token
    )
    return _until_stopped(lambda ready, stop: serve_gateway(serving, ready, stop))


@validator.command(
    "validator",
    short_help="Only the role that judges.",
    epilog=examples("fabricate validator validator --broker nats://localhost:4222 --data studies"),
)
@broker_option(required=True)
@data_option
@config_option
def judge(broker: str, data: Path, config: Path | None) -> int:
    """Judge what the broker has until Ctrl-C; several of these share the work.

    Exit code 3 for wrong settings, 4 when the folder or the broker cannot be had.
    """
    return _role("validator", broker, data, config)


@validator.command(
    short_help="Only the role that describes and stores.",
    epilog=examples("fabricate validator descriptor --broker nats://localhost:4222 --data studies"),
)
@broker_option(required=True)
@data_option
@config_option
def descriptor(broker: str, data: Path, config: Path | None) -> int:
    """Describe and store what the broker has until Ctrl-C; several of these share the work.

    Exit code 3 for wrong settings, 4 when the folder or the broker cannot be had.
    """
    return _role("descriptor", broker, data, config)


@validator.command(
    short_help="List what roles have given up.",
    epilog=examples("fabricate validator refused", "fabricate validator refused --format json"),
)
@data_option
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def refused(data: Path, style: Literal["text", "json"]) -> int:
    """List the messages that a role has given up, each with its reason; also while the gateway runs.

    Exit code 5 when there are none.
    """
    with _journal(data) as journal:
        found = journal.refused()
    if not found:
        raise NothingSelected("no role has given up anything")
    for one in found:
        click.echo(json.dumps(_plain(one)) if style == "json" else _line(one))
    return 0


@validator.command(
    "put-back",
    short_help="Let roles try again what they had given up.",
    epilog=examples("fabricate validator put-back 3 4", "fabricate validator put-back --all"),
)
@data_option
@click.argument("numbers", metavar="NUMBER...", nargs=-1, type=click.IntRange(1, 2**63 - 1))
@click.option("--all", "every", is_flag=True, help="All that are listed by 'refused'.")
def put_back(data: Path, numbers: tuple[int, ...], every: bool) -> int:
    """Let roles try again what they had given up; a running gateway takes it up within a second.

    NUMBER is one that 'fabricate validator refused' lists. Exit code 5 for one that is not there, or that cannot be
    tried because it never was an event.
    """
    with _journal(data) as journal:
        chosen = [one.id for one in journal.refused()] if every else list(numbers)
        events = [(number, journal.put_back(number)) for number in chosen]
    for number, event in events:
        if event is None:
            click.echo(f"{number}: there is nothing of that number to try again", err=True)
        else:
            click.echo(f"{number}: {event.name} of study {event.study} is put back")
    if not events or any(event is None for _, event in events):
        raise NothingSelected("not everything was put back" if events else "nothing is put back")
    return 0


def _settings(config: Path | None) -> Any:
    from scenario_runner.service.validator.settings import read_settings

    return read_settings(config, os.environ)


def _role(
    role: Literal["validator", "descriptor"], broker: str, data: Path, config: Path | None
) -> int:
    from scenario_runner.web.validator.serving import ValidatorServing, run_role

    serving: ValidatorServing = ValidatorServing(
        data=data, settings=_settings(config), broker=broker
    )
    return _until_stopped(lambda ready, stop: run_role(role, serving, ready, stop))


def _ready(line: str) -> None:
    """Say that it runs; what was loaded until now stays, and need not be searched for garbage again and again."""
    click.echo(line)
    gc.collect()
    gc.freeze()


def _until_stopped(
    serve_until: Callable[[Callable[[str], object], threading.Event], int],
) -> int:
    stop = threading.Event()
    serve_long()
    with Announcing() as told, on_signal(lambda: told.ending(stop)):

        def ready(line: str) -> None:
            _ready(line)
            told.serves()

        return serve_until(ready, stop)


def _journal(data: Path) -> Journal:
    from scenario_runner.service.validator.journal import Journal
    from scenario_runner.service.validator.service import JOURNAL

    if not (data / JOURNAL).is_file():
        raise UsageError(f"'{data}' is no folder of a validator", hint="name it with --data")
    return Journal(data / JOURNAL)


def _plain(one: Refused) -> dict[str, Any]:
    return {
        "number": one.id,
        "role": one.role,
        "at": one.at.isoformat(),
        "reason": one.reason,
        "study_id": one.event.study if one.event else None,
        "event": one.event.name if one.event else None,
        "payload": one.payload,
    }


def _line(one: Refused) -> str:
    from scenario_runner.conformance.tree import visible

    what = f"{one.event.name} of study {one.event.study}" if one.event else "no event"
    return f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}  {one.role}  {what}: {visible(one.reason)}"
