"""Commands and servers as processes of their own that need not import everything again.

A template process imports the package once and forks for every command; the command then has its own
memory, working folder, environment and exit code, and ends as any process does. What starts cold is
tested in ``tests/packaging`` and wherever a test starts the command line itself. Only on Linux; elsewhere,
and where Python itself is told something by the environment, every command starts cold.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

LONGEST = 1 << 20
"""Bytes of the longest request: arguments and environment."""

LATE = (
    "alembic.command", "uvicorn.protocols.http.h11_impl", "uvicorn.lifespan.off",
    "faker", "numpy.random", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PngImagePlugin",
)  # fmt: skip
"""What servers and most runs load only when they need it."""


CANNOT_FLUSH = 120
"""What Python exits with where its last output is taken by nobody."""


@dataclass(frozen=True, slots=True)
class Template:
    """A running template. address: where it takes requests."""

    process: subprocess.Popen[bytes]
    address: str


@cache
def template() -> Template:
    """The one of this test process, which ends with it."""
    folder = tempfile.TemporaryDirectory(prefix="fabricate-warm-")
    address = str(Path(folder.name) / "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[1],
    )
    atexit.register(_end, process, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the template of commands does not start"
    return Template(process, address)


def _end(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    with process:
        process.kill()
    folder.cleanup()


@cache
def works() -> bool:
    """Whether this system can do it: Linux, with file descriptors of processes."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class Started:
    """A command that runs, with as much of ``subprocess.Popen`` as tests need of it."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], out: int, err: int
    ) -> None:
        self._arguments = list(arguments)
        self._answers = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._answers.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        self._answers.connect(template().address)
        request = json.dumps([self._arguments, str(cwd), dict(env)]).encode()
        socket.send_fds(self._answers, [request], [out, err])
        self.pid = int(self._answers.recv(64))
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has one. Raises subprocess.TimeoutExpired."""
        if self._code is None:
            self._answers.settimeout(timeout)
            try:
                self._code = int(self._answers.recv(64))
            except (TimeoutError, BlockingIOError) as late:
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0.0) from late
            self._answers.close()
        return self._code

    def kill(self) -> None:
        """As the kernel does; nothing where it has ended."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Any signal; nothing where it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def run(
    arguments: Sequence[str], cwd: Path | None, environment: Mapping[str, str], patience: float
) -> tuple[int, str, str]:
    """Exit code, output and errors of a command.

    Raises:
        subprocess.TimeoutExpired: it did not end in so many seconds, and was killed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = Started(arguments, cwd or Path.cwd(), environment, out.fileno(), err.fileno())
        try:
            code = started.wait(patience)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
            raise
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode("utf-8").replace("\r\n", "\n"))
    return code, said[0], said[1]


def answer_requests(address: str) -> list[str]:
    """Fork for every request, until the tests end; returns only in the forked process, with its arguments."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LONGEST)
        listening.bind(address)
        listening.listen(64)
        waiting = selectors.DefaultSelector()
        waiting.register(listening, selectors.EVENT_READ)
        waiting.register(sys.stdin.fileno(), selectors.EVENT_READ)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for key in ready(waiting):
            if key.fileobj is listening:
                asking, _ = listening.accept()
                request, streams, *_ = socket.recv_fds(asking, LONGEST, 2)
                process = os.fork()
                if process == 0:
                    _let_go_of_others(waiting)
                    asking.close()
                    break
                for stream in streams:
                    os.close(stream)
                asking.send(str(process).encode())
                waiting.register(os.pidfd_open(process), selectors.EVENT_READ, (process, asking))
            elif key.data is None:
                os._exit(0)
            else:
                process, asking = key.data
                waiting.unregister(key.fileobj)
                os.close(key.fd)
                _, status = os.waitpid(process, 0)
                with contextlib.suppress(
                    OSError
                ):  # nobody waits any more for one that was too late
                    asking.send(str(os.waitstatus_to_exitcode(status)).encode())
                asking.close()
    return become(request, streams)


def _let_go_of_others(waiting: selectors.BaseSelector) -> None:
    """In a forked process: what the template knows of commands before this one."""
    for key in list(waiting.get_map().values()):
        if key.data is not None:
            os.close(key.fd)
            key.data[1].close()
    waiting.close()


def ready(waiting: selectors.BaseSelector) -> Iterator[selectors.SelectorKey]:
    """What can be read, one after the other, for ever."""
    while True:
        for key, _ in waiting.select():
            yield key


def become(request: bytes, streams: Sequence[int]) -> list[str]:
    """Take over folder, environment and streams of a request; returns its arguments."""
    arguments, folder, environment = json.loads(request)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, *streams)):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.path[0] = folder
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return [str(argument) for argument in arguments]


def _models(parent: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """All that are derived, whose validators would else be built by each command that uses them."""
    for model in parent.__subclasses__():
        yield model
        yield from _models(model)


def _write_constructors() -> None:
    """Those that a class of ours writes when it is first used, which else each command would do for itself."""
    for name, module in list(sys.modules.items()):
        if name.startswith("scenario_runner"):
            for one in list(vars(module).values()):
                if isinstance(one, type) and one.__module__ == name:
                    one.__init__  # type: ignore[misc]  # noqa: B018 - looking for it writes it


def main(address: str) -> None:
    """Import the package, wait for requests, and run each in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is meant for the tests; they end this one
    package = importlib.import_module("scenario_runner")
    for module in pkgutil.walk_packages(package.__path__, "scenario_runner."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    for model in _models(BaseModel):
        model.model_rebuild()
    _write_constructors()
    gc.collect()
    gc.freeze()
    with warnings.catch_warnings():
        # Threads that libraries started while they were imported do nothing yet.
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork")
        arguments = answer_requests(address)
    sys.argv = ["scenario_runner", *arguments]
    del sys.modules["tests"]
    try:
        runpy.run_module("scenario_runner", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _exit(ended.code)
        raise


def _exit(code: int) -> None:
    """End as the interpreter does, threads and exit functions first, but leave the memory to the kernel.

    Taking apart what the template imported costs seven times as much as most commands do.
    """
    threading._shutdown()  # type: ignore[attr-defined] # as multiprocessing ends what it forks
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = CANNOT_FLUSH
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
