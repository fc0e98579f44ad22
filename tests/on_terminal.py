"""Running `fabricate` on a pseudo-terminal, where it asks and draws."""

from __future__ import annotations

import os
import select
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.running import command, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """How it ended, and all that was on the screen."""

    code: int
    screen: str


def on_terminal(
    *arguments: str | Path,
    answer: str,
    question: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
) -> Seen:
    """Run a command and give one answer when a question stands on the screen."""
    import pty

    ours, theirs = pty.openpty()
    surroundings = {**environment(), "TERM": "xterm-256color", "COLUMNS": "120", **(env or {})}
    if "NO_COLOR" not in (env or {}):
        surroundings.pop("NO_COLOR")
    process = subprocess.Popen(
        command(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=surroundings
    )
    os.close(theirs)
    screen, asked, end = b"", False, time.monotonic() + PATIENCE
    while time.monotonic() < end and select.select([ours], [], [], PATIENCE)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        screen += part
        if b"\x1b[c" in part:
            os.write(ours, b"\x1b[?62;22c")  # a terminal without sixels
        if question.encode() in screen and not asked:
            asked = True
            os.write(ours, f"{answer}\n".encode())
    os.close(ours)
    return Seen(process.wait(PATIENCE), screen.decode("utf-8", "replace"))
