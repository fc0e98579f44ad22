"""Whoever started a server is told that it serves, and that it ends: systemd by its socket, others by a file."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Self

import click

from scenario_runner.cli.options import Decorator
from scenario_runner.errors import of_the_machine

_SOCKET = "NOTIFY_SOCKET"

ready_file_option: Decorator = click.option(
    "--ready-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the process's number into this file once it serves, and remove it when it ends.",
)


class Announcing:
    """Of one server. In it, ``serves`` is called once the ports are open, and ``ends`` when they are to be closed.

    file: is there as long as it serves; one that a killed process has left is removed first. systemd is told by sd_notify(3) where
    it has asked for that (``Type=notify``).
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._begun = False

    def __enter__(self) -> Self:
        self._remove()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends()

    def serves(self) -> None:
        """It answers from now on. Raises MachineError when the file cannot be written."""
        if self._file is not None:
            # Its name comes last: who reads it as soon as it is there finds it whole.
            half = self._file.with_name(f".{self._file.name}.{os.getpid()}")
            try:
                half.write_text(f"{os.getpid()}\n", "ascii")
                half.replace(self._file)
            except OSError as error:
                raise of_the_machine(
                    f"cannot write '{self._file}'",
                    error,
                    hint="name a file with --ready-file in a folder that is there and can be written",
                ) from error
        # A signal before this has not removed the file; the end of the block does.
        self._begun = True
        _tell_systemd("READY=1")

    def ends(self) -> None:
        """It takes no more; may be called again, and from a handler of a signal."""
        if self._begun:
            self._begun = False
            self._remove()
            _tell_systemd("STOPPING=1")

    def ending(self, stop: threading.Event) -> None:
        """Have a server stop, and say so first."""
        self.ends()
        stop.set()

    def _remove(self) -> None:
        if self._file is None:
            return
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            click.echo(f"cannot remove '{self._file}': {error.strerror or error}", err=True)


def _tell_systemd(words: str) -> None:
    address = os.environ.get(_SOCKET, "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # a name that stands in no folder
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect(address)
            line.sendall(words.encode())
    except OSError as error:
        click.echo(f"cannot tell systemd {words}: {error.strerror or error}", err=True)
