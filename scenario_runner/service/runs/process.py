"""The process of a run: begun so that it goes on when the server, or the terminal it was started in, ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

JOB_OPTION: Final = "--job"
"""Of ``fabricate run``: the folder by which a server watches the run."""
_SHOWN: Final = 4_000
"""Bytes of its output that say why it did not begin."""


def start(
    arguments: Sequence[str], job: Path, output: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Begin ``fabricate`` with these arguments. job: where it begins. Raises OSError.

    A session of its own: Ctrl-C in the server's terminal is not for it, and it does not end with the terminal.
    """
    with output.open("ab") as stream:
        return subprocess.Popen(  # noqa: S603 - ourselves, and an option cannot be smuggled in
            [sys.executable, "-m", "scenario_runner", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=job,
            env=dict(environment),
            creationflags=_FLAGS,
            start_new_session=sys.platform != "win32",
        )


def last_lines(output: Path) -> str:
    """The end of what a process printed, in one line."""
    try:
        with output.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _SHOWN))
            return " ".join(stream.read().decode("utf-8", "replace").split())
    except OSError:
        return ""


if sys.platform == "win32":
    _FLAGS: Final = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _FLAGS: Final = 0
