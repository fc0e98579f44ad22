"""What a server and the process of a run know of each other: files, so that either may end before the other.

``claim`` is made once, by whoever is first: the process, which then runs, or a later server, after which the process
never will. The lock on ``alive`` is held by the process for as long as it lives, however it ends. ``stop`` is put
there by a server that wants it to end, ``stop-at-once`` by one that cannot wait, ``ended`` by the process as its last word.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final

from scenario_runner.errors import FabricatorError, InvalidInput, described
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.owning import OwnedError, Ownership

_LOOK: Final = 0.2
"""Seconds after which a run looks whether it is to stop."""
_ASKED: Final = 30.0
"""Seconds that a process tries to get its lock, which a server that looks holds for a moment."""
_LONGEST: Final = 2_000


class Life(Enum):
    """How the process of a run is."""

    UNCLAIMED = "unclaimed"
    """It has not begun, and may yet."""
    ALIVE = "alive"
    ENDED = "ended"
    DEAD = "dead"
    """It began, and went without a last word."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """How a run ended. message: of an error that left no record behind, one sentence."""

    exit_code: int
    message: str = ""
    hint: str = ""


class JobFolder:
    """The folder of one attempt at a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.output = path / "output.txt"
        self._claim, self._alive = path / "claim", path / "alive"
        self._stops = (path / "stop", path / "stop-at-once")
        self._ended = path / "ended"

    def claim(self, by: str) -> bool:
        """Whether whoever asks is the first."""
        try:
            handle = os.open(self._claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(handle, "w") as file:
            file.write(by)
        return True

    def ask_to_stop(self, *, at_once: bool = False) -> None:
        """As Ctrl-C, or as two; the process sees it when it has begun."""
        for stop in self._stops if at_once else self._stops[:1]:
            stop.touch()

    def life(self) -> Life:
        """How its process is now."""
        if self._ended.exists():
            return Life.ENDED
        if not self._claim.exists():
            return Life.UNCLAIMED
        try:
            Ownership(self._alive).end()
        except OwnedError:
            return Life.ALIVE
        # It may have had its last word between the two looks.
        return Life.ENDED if self._ended.exists() else Life.DEAD

    def last_word(self) -> LastWord:
        """Of a process that has ended."""
        try:
            return LastWord(**json.loads(self._ended.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return LastWord(4, "what it said last cannot be read")

    def says(self, word: LastWord) -> None:
        """Write the last word, whole or not at all."""
        part = self._ended.with_suffix(".part")
        told = {"exit_code": word.exit_code, "message": word.message, "hint": word.hint}
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(self._ended)

    @contextmanager
    def attended(self, interrupt: Callable[[], object]) -> Iterator[Callable[[int], None]]:
        """Be the process that runs; gives what its exit code is told to.

        interrupt: called when a server wants it to stop, and again when it has to at once. Raises NotWantedError when it is not to begin.
        """
        alive = _owned(self._alive)
        done = threading.Event()
        try:
            if not self.claim("run"):
                raise NotWantedError("this run is not to begin any more")
            watcher = threading.Thread(target=self._watch, args=(interrupt, done), daemon=True)
            watcher.start()
            codes: list[int] = []
            try:
                yield codes.append
            except BaseException as error:
                self.says(_word(error))
                raise
            self.says(LastWord(codes[-1] if codes else 4))
        finally:
            done.set()
            alive.end()

    def _watch(self, interrupt: Callable[[], object], done: threading.Event) -> None:
        for stop in self._stops:
            while not stop.exists():
                if done.wait(_LOOK):
                    return
            interrupt()


class NotWantedError(FabricatorError):
    """A server has decided that this process is not to begin: it came too late, or was asked for twice."""


def _owned(path: Path) -> Ownership:
    until = time.monotonic() + _ASKED
    while True:
        try:
            return Ownership(path)
        except OwnedError as error:
            if time.monotonic() > until:
                raise NotWantedError("another process carries this run out") from error
            time.sleep(0.01)


def _word(error: BaseException) -> LastWord:
    if isinstance(error, InvalidInput):
        first = error.diagnostics[0]
        place = f"{Path(first.where.file).name}:{first.where.line}" if first.where.file else ""
        text = f"{place}: {first.message}" if place else first.message
        return LastWord(error.exit_code, text[:_LONGEST], (first.hint or "")[:_LONGEST])
    if isinstance(error, FabricatorError):
        return LastWord(error.exit_code, error.message[:_LONGEST], (error.hint or "")[:_LONGEST])
    with suppress(AttributeError):
        return LastWord(int(error.code), "")  # type: ignore[attr-defined]
    return LastWord(4, described(error)[:_LONGEST])
