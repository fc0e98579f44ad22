"""Running another maker's program: bounded in time and in what it may say."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said, both streams together. code: None when it had to be stopped."""

    text: str
    code: int | None
    cut: bool = False
    """Whether it said more than MOST_OUTPUT bytes."""


def path_of(program: str) -> str | None:
    """Where it is installed."""
    return shutil.which(program)


def required(program: str) -> str:
    """Where it is installed. Raises UsageError when it is not."""
    path = path_of(program)
    if path is None:
        raise UsageError(
            f"the validator '{program}' is not installed",
            hint="it is part of dicom3tools (Debian and Ubuntu: apt install dicom3tools)",
        )
    return path


def run(program: str, arguments: Sequence[str], *, seconds: float) -> Said:
    """Run a program and wait for it. Raises UsageError when it is not installed.

    Its output goes to a file, so that a chatty program neither blocks nor fills the memory.
    """
    path = required(program)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603 - a fixed program, arguments without a shell
            [path, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        raw = output.read(MOST_OUTPUT + 1)
    text = raw[:MOST_OUTPUT].decode("utf-8", "replace")
    return Said(text, code, len(raw) > MOST_OUTPUT)
