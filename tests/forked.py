"""Servers as processes of their own that need not import everything again.

The standard library's fork server imports the package once; a server that is forked from it has its own memory,
environment, streams and signals, and is killed and waited for as any process is. Starting cold takes two seconds of the
processor, most of them imports, and is tested in ``tests/packaging``. Elsewhere than on Linux every server starts cold.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import warnings
from functools import cache
from typing import TYPE_CHECKING

from tests.running import command, environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

IMPORTED = (
    "pytest",
    "scenario_runner.cli.serve",
    "scenario_runner.cli.validator",
    "scenario_runner.web.serving",
    "scenario_runner.web.validator.serving",
    "scenario_runner.database.upgrade",
    "alembic.command",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.lifespan.off",
)


class Forked:
    """A server, with as much of ``subprocess.Popen`` as tests need of it."""

    def __init__(self, arguments: list[str], log: Path, env: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._process = _context().Process(
            target=become, args=(arguments, str(log), dict(env)), daemon=False
        )
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # threads and fork: it forks elsewhere
            self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has one. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0.0)
        return code

    def kill(self) -> None:
        """As the kernel does; nothing where it has ended."""
        if self.poll() is None:
            self._process.kill()

    def send_signal(self, number: int) -> None:
        """Any signal; nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def start(
    arguments: list[str], log: Path, env: Mapping[str, str] | None = None, *, cold: bool = False
) -> Forked | subprocess.Popen[bytes]:
    """Start ``fabricate`` with these arguments; what it says goes to the end of a file.

    cold: as a user's shell starts it.
    """
    if sys.platform == "linux" and not cold:
        return Forked(arguments, log, environment(env))
    with log.open("ab") as output:
        return subprocess.Popen(
            command(*arguments), stdout=output, stderr=output, env=environment(env)
        )


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    return context


def become(arguments: list[str], log: str, env: dict[str, str]) -> None:
    """In the forked process: be that server."""
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, said, said)):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(env)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["scenario_runner", *arguments]
    try:
        runpy.run_module("scenario_runner", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
