"""``fabricate hl7 send`` and ``listen``: messages over MLLP."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.cli import shell_completion
from scenario_runner.cli.listening_options import host_option, port_option, tls_options
from scenario_runner.cli.options import (
    FILE,
    examples,
    production_option,
    surroundings,
    target_site_option,
)
from scenario_runner.cli.rows import Style, print_row, print_rows, style_option
from scenario_runner.cli.signals import on_signal
from scenario_runner.cli.verbosity import remark
from scenario_runner.cli.wrapping import printable
from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    from scenario_runner.app.messages_sent import Told
    from scenario_runner.app.messages_taken import Taken

_SENT = ["message", "kind", "code", "text", "seconds"]
_TAKEN = ["file", "kind", "message", "from", "answer", "remark"]
_EVERY = 100
"""Messages after which a terminal is told how far it is."""


@click.command(
    short_help="Send messages by MLLP.",
    epilog=examples(
        "fabricate hl7 send order.hl7 --to 127.0.0.1:2575",
        "fabricate hl7 send feed/*.hl7 --site north.yaml --to ris",
    ),
)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option(
    "--to",
    required=True,
    metavar="TARGET",
    shell_complete=shell_completion.targets,
    help="HOST:PORT, or a target with 'hl7' in the site file.",
)
@target_site_option
@click.option("--tls-ca", type=FILE, help="Speak TLS with HOST:PORT, whom this one signed (PEM).")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="How long HOST:PORT may take to acknowledge a message.",
)
@production_option
@style_option
def send(
    files: tuple[Path, ...],
    to: str,
    site: Path | None,
    tls_ca: Path | None,
    timeout: float,
    allow_production: bool,
    style: Style,
) -> int:
    """Send each message of FILE as it stands, over one connection, and wait for its acknowledgement.

    FILE may hold one message, several, or a batch. One that cannot be read or is refused does not stop the
    others; each is named, and the exit code is 1.
    """
    from scenario_runner.app.messages_sent import send_messages
    from scenario_runner.app.peers import PeerRequest, opened
    from scenario_runner.engine.services import Control

    hl7: dict[str, Any] = {"response_timeout": timeout}
    if tls_ca is not None:
        hl7["tls"] = {"ca": str(tls_ca.absolute())}
    request = PeerRequest(
        peer=to, site=site, hl7=hl7, allow_production=allow_production, around=surroundings()
    )
    control = Control()
    sent = accepted = 0
    if style == "csv":
        print_rows([], _SENT, style)
    with on_signal(control.interrupt), opened(request) as peer:
        try:
            for told in send_messages(peer.target, files, Deadline(None, control.stop)):
                sent += 1
                accepted += told.accepted
                _show_sent(told, style, peer.clean)
                if sent % _EVERY == 0 and sys.stderr.isatty():
                    remark(f"{sent} messages so far")
        finally:
            if sent:
                rest = f", {sent - accepted} not" if accepted < sent else ""
                click.echo(f"{accepted} of {sent} accepted by {to}{rest}", err=style != "text")
    return 0 if accepted == sent else 1


def _show_sent(told: Told, style: Style, clean: Any) -> None:
    answer = told.answer
    text = _words(told.error)
    seconds = None
    if answer is not None:
        text, seconds = "; ".join(filter(None, (answer.text, *answer.remarks))), answer.seconds
    code = answer.code if answer is not None else None
    row = {"message": told.name, "kind": told.kind, "code": code, "text": clean(text)}
    if style != "text":
        print_row({**row, "seconds": seconds}, _SENT, style)
        return
    word = click.style(f"{code or '--':<2}", fg="green" if told.accepted else "red")
    click.echo(f"{word}  {printable(' '.join((told.kind, told.name, row['text'])).strip())}")


def _words(error: FabricatorError | None) -> str:
    """An error without the place of what could not be read, which stands before it."""
    if isinstance(error, InvalidInput):
        return error.diagnostics[0].message
    return str(error or "")


@click.command(
    short_help="Take messages by MLLP and keep them.",
    epilog=examples(
        "fabricate hl7 listen --port 2575 --folder inbox",
        "fabricate hl7 listen --answer AE --count 1",
    ),
)
@port_option(2575)
@host_option
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep each message here, in a file of its own, before it is acknowledged.",
)
@click.option(
    "--answer",
    type=click.Choice(["AA", "AE", "AR", "none"]),
    default="AA",
    show_default=True,
    help="What every message is answered.",
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after so many messages.")
@click.option("--seconds", type=click.FloatRange(0.1), metavar="N", help="Stop after so much time.")
@tls_options("senders")
@style_option
def listen(
    port: int,
    host: str,
    folder: Path | None,
    answer: Literal["AA", "AE", "AR", "none"],
    count: int | None,
    seconds: float | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    tls_ca: Path | None,
    style: Style,
) -> int:
    """Take messages by MLLP until Ctrl-C, print each, and answer it.

    Listens on this machine only, unless --host says otherwise. A message may have 16 MiB. The exit code is 1
    when fewer than --count messages came.
    """
    from scenario_runner.app.messages_taken import Listening
    from scenario_runner.app.messages_taken import listen as take

    tls = None
    if tls_certificate is not None and tls_key is not None:
        tls = Tls(ca=tls_ca, certificate=tls_certificate, key=tls_key, verify=tls_ca is not None)
    elif tls_certificate or tls_key or tls_ca:
        raise click.UsageError("--tls-certificate and --tls-key belong together")
    request = Listening(
        folder=folder, host=host, port=port, answer=answer, count=count, seconds=seconds, tls=tls
    )
    if style == "csv":
        print_rows([], _TAKEN, style)
    stop = threading.Event()
    with on_signal(stop.set):
        came = take(request, lambda one: _show_taken(one, style), _say, stop)
    return 1 if count is not None and came < count else 0


def _say(words: str) -> None:
    click.echo(printable(words), err=True)


def _show_taken(taken: Taken, style: Style) -> None:
    file = taken.file.as_posix() if taken.file is not None else None
    if style != "text":
        row = {
            "file": file,
            "kind": taken.kind,
            "message": taken.control_id,
            "from": taken.address,
            "answer": taken.code,
            "remark": taken.remark,
        }
        print_row(row, _TAKEN, style)
        return
    what = f"{taken.kind}  message {taken.control_id}" if taken.kind else taken.remark
    parts = (taken.code, what, f"from {taken.address}", file or "")
    click.echo(printable("  ".join(filter(None, parts))))
