"""The streams a command is started with: each may be closed, read by nobody any more, or a file on a full disk."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

UNREAD = 141
"""What a shell tells of a program whose reader has gone (128 and SIGPIPE): not all was said, so 0 would claim too much."""


def all_open() -> None:
    """Open what was closed (``>&-``, a service without a terminal), before a file of ours takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        with suppress(OSError):
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


class _Aside(TextIOWrapper):
    """What is said beside a result: where nobody takes it, the result and its exit code stand."""

    def write(self, text: str, /) -> int:
        """Write, or not."""
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or give up what waits."""
        try:
            super().flush()
        except OSError:
            _give_up(self)


def take_every_name() -> None:
    """Let output print every script: a name must not end a run where the terminal lacks letters.

    What goes into a file or another program is UTF-8 on every system. What goes to stderr ends nothing where it is not taken.
    """
    if type(sys.stderr) is TextIOWrapper:
        sys.stderr = _Aside(sys.stderr.buffer, sys.stderr.encoding, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def refused(stream: TextIO | None) -> OSError | None:
    """Why a stream does not take what it was told; None where it has taken all. What waits is then given up."""
    if stream is None:
        return None
    try:
        stream.flush()
    except ValueError:  # closed by us, as nobody reads
        pass
    except OSError as error:
        _give_up(stream)
        return error
    return None


def _give_up(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, or the interpreter would fail at it as its last act."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
        stream.flush()
