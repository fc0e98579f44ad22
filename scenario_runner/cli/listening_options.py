"""What every command that listens takes: an address, a port, and certificates."""

from __future__ import annotations

from typing import Any

import click

from scenario_runner.cli.options import FILE, Decorator

host_option: Decorator = click.option(
    "--host", metavar="HOST", default="127.0.0.1", show_default=True, help="Address to listen on."
)


def port_option(default: int) -> Decorator:
    """``--port``; 0 takes a free one."""
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        metavar="N",
        default=default,
        show_default=True,
        help="Port to listen on; 0 takes a free one and prints it.",
    )


def tls_options(callers: str) -> Decorator:
    """``--tls-certificate``, ``--tls-key`` and ``--tls-ca``. callers: who may be asked for a certificate."""
    asked = f"Ask {callers} for a certificate signed by this one."

    def decorate(command: Any) -> Any:
        command = click.option("--tls-ca", type=FILE, help=asked)(command)
        command = click.option("--tls-key", type=FILE, help="The certificate's private key (PEM).")(
            command
        )
        return click.option(
            "--tls-certificate", type=FILE, help="Speak TLS with this certificate (PEM)."
        )(command)

    return decorate
