"""Whoever started a server is told that it serves, and that it ends: systemd by its socket, others by a file."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

import click

from scenario_runner.cli.options import Decorator
from scenario_runner.errors import MachineError, of_the_machine
from scenario_runner.owning import OwnedError, Ownership

_SOCKET = "NOTIFY_SOCKET"

ready_file_option: Decorator = click.option(
    "--ready-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the process's number into this file once it serves, and remove it when it ends.",
)


class Announcing:
    """Of one server. In it, ``serves`` is called once the ports are open, and ``ends`` when they are to be closed.

    file: is there as long as it serves; one that a killed process has left is removed first. It is one server's at a time, by
    a lock in a hidden file beside it. systemd is told by sd_notify(3) where it has asked for that (``Type=notify``).
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._owned: Ownership | None = None
        self._begun = False

    def __enter__(self) -> Self:
        """Raises MachineError where the file is another server's, or none can be there."""
        if self._file is not None:
            self._owned = _owned(self._file)
            self._remove()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.ends()
        finally:
            if self._owned is not None:
                self._owned.end()

    def serves(self) -> None:
        """It answers from now on. Raises MachineError when the file cannot be written."""
        if self._file is not None:
            # Its name comes last: who reads it as soon as it is there finds it whole.
            half = _beside(self._file, str(os.getpid()))
            try:
                half.write_text(f"{os.getpid()}\n", "ascii")
                half.replace(self._file)
            except OSError as error:
                with suppress(OSError):
                    half.unlink()
                raise _unwritable(self._file, error) from error
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
        try:
            self.ends()
        finally:
            stop.set()

    def _remove(self) -> None:
        if self._file is None:
            return
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            click.echo(f"cannot remove '{self._file}': {error.strerror or error}", err=True)


def _owned(file: Path) -> Ownership:
    try:
        return Ownership(_beside(file, "lock"))
    except OwnedError as error:
        raise MachineError(
            f"'{file}' is the ready file of another server",
            hint="name another one with --ready-file, or stop that server",
        ) from error
    except OSError as error:
        raise _unwritable(file, error) from error


def _beside(file: Path, end: str) -> Path:
    return file.with_name(f".{file.name}.{end}")


def _unwritable(file: Path, error: OSError) -> MachineError:
    return of_the_machine(
        f"cannot write '{file}'",
        error,
        hint="name a file with --ready-file in a folder that is there and can be written",
    )


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
