"""A few processes that decode for this one, each ended when it takes too long."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from scenario_runner.decoding.worker import MOST, receive, send

SECONDS: Final = 20.0
"""That one decode may take, and as long again for each 64 MiB that it gives."""
SLICE: Final = 64 << 20
AT_ONCE: Final = 2
DECODES_OF_ONE: Final = 500
"""Decodes after which a process makes way for a new one, whatever it has gathered."""
COMMAND: Final = (
    sys.executable, "-P", "-c", "from scenario_runner.decoding.worker import main; main()",
)  # fmt: skip


class UndecodableError(ValueError):
    """Pixels that cannot be decoded; says why."""


class Workers:
    """Processes that decode, started when they are needed and kept; they end with this one."""

    def __init__(self, command: Sequence[str] = COMMAND, seconds: float = SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def ask(
        self,
        what: str,
        data: bytes = b"",
        *,
        expected: int = 0,
        into: BinaryIO | None = None,
        **more: Any,
    ) -> tuple[dict[str, Any], bytes]:
        """The answer to one request. Raises UndecodableError.

        expected: bytes that it will give. into: where they are written as they come, instead of given
        back; when it fails some may be there.
        """
        if expected > MOST:
            raise UndecodableError(f"they would take more than {MOST >> 30} GiB")
        seconds = self._seconds * (1 + expected / SLICE)
        with self._turns:
            worker = self._take()
            try:
                head, given = worker.ask(
                    {"what": what, "expected": expected, **more}, data, seconds, into
                )
            except BaseException:
                worker.end()
                raise
            if worker.decoded < DECODES_OF_ONE:
                with self._lock:
                    self._idle.append(worker)
            else:
                worker.end()
        if "error" in head:
            raise UndecodableError(str(head["error"]))
        return head, given

    def close(self) -> None:
        """End those that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive():
                    return worker
                worker.end()
        return _Worker(self._command)


class _Worker:
    def __init__(self, command: Sequence[str]) -> None:
        self.decoded = 0
        windows = sys.platform == "win32"
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C of a terminal is for the process that asked.
                start_new_session=not windows,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise UndecodableError(f"no process to decode in: {error}") from error

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(
        self, head: dict[str, Any], data: bytes, seconds: float, into: BinaryIO | None
    ) -> tuple[dict[str, Any], bytes]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            send(self._process.stdin, head, data)  # type: ignore[arg-type]
            answer = receive(self._process.stdout, into)  # type: ignore[arg-type]
        except (OSError, ValueError, LookupError, TypeError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self._process.kill()
            code = self._process.wait()
            if late.is_set():
                raise UndecodableError(f"decoding takes longer than {seconds:.3g} s")
            raise UndecodableError(f"the decoder ended its process ({_ended(code)})")
        self.decoded += 1
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


def _ended(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
