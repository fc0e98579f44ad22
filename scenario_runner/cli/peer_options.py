"""PEER on a command line, and how to speak to it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scenario_runner.cli import shell_completion
from scenario_runner.cli.options import (
    Decorator,
    peer_site_option,
    production_option,
    surroundings,
)
from scenario_runner.cli.signals import on_signal
from scenario_runner.deadline import Deadline
from scenario_runner.engine.services import Control
from scenario_runner.errors import PeerTimeout, StepTimeout


def peer_options(
    timeout: float | None, *, web: bool = True
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """PEER and how to speak to it; the command gets it opened, and a deadline.

    web: whether PEER can be a URL, which the help then says.
    """

    def decorate(function: Callable[..., int]) -> Callable[..., int]:
        @click.argument("peer", shell_complete=shell_completion.targets)
        @peer_site_option
        @click.option("--ae-title", "--aet", "called", metavar="AE", help="The AE title to call.")
        @click.option("--calling", metavar="AE", help="Our AE title.")
        @click.option(
            "--timeout",
            type=click.FloatRange(0.1),
            metavar="SECONDS",
            default=timeout,
            show_default=timeout is not None,
            help="How long it may take altogether.",
        )
        @production_option
        @functools.wraps(function)
        def command(
            peer: str,
            site: Path | None,
            called: str | None,
            calling: str | None,
            timeout: float | None,
            allow_production: bool,
            receiver: str | None = None,
            **others: Any,
        ) -> int:
            from scenario_runner.app.peers import PeerRequest, opened

            request = PeerRequest(
                peer=peer,
                site=site,
                called=called,
                calling=calling,
                receiver=receiver,
                allow_production=allow_production,
                around=surroundings(),
            )
            control = Control()
            try:
                with on_signal(control.interrupt), opened(request) as opened_peer:
                    return function(opened_peer, Deadline(timeout, control.stop), **others)
            except StepTimeout as error:
                raise PeerTimeout(f"'{peer}' {error}", hint="allow more with --timeout") from None

        command.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{_PEER}{_WEB[web]}"
        return command

    return decorate


keys_argument: Decorator = click.argument(
    "keys",
    metavar="KEYWORD=VALUE...",
    nargs=-1,
    required=True,
    shell_complete=shell_completion.keywords,
)

_PEER = (
    "PEER is the name of a target in the site file, or AE@HOST:PORT, or HOST:PORT with --ae-title"
)


_WEB = {True: "; or the URL of a DICOMweb service.", False: "."}
