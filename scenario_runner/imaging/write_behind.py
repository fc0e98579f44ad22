"""Instances written while the next ones are made: drawing and the disk each have a processor.

The thread that writes does nothing but write: files are opened and closed by the thread that makes
the images. Each call into the system gives the interpreter away, and to get it back takes as long as
the other thread goes on; once for each file is what that may cost.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from scenario_runner.imaging.instance import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from scenario_runner.imaging.instance import Buffer, Instance

_AHEAD = 4
"""Instances that wait for the disk; more would only cost memory."""

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_behind(
    instances: Iterable[Instance], place: Callable[[Instance], Path]
) -> Iterator[Instance]:
    """Write each instance as a Part 10 file, in order, and yield it once it is written.

    place: where, called in the caller's thread. An existing file is left alone, a half-written one
    removed. Raises OSError with the file's name, after the instances before it were yielded; a few
    after it may be on the disk. Whoever stops early leaves no file half written.
    """
    made = iter(instances)
    with _Writer() as writer:
        while True:
            try:
                instance = next(made)
                writer.begin(instance, place(instance))
            except StopIteration:
                break
            except BaseException:
                yield from writer.rest()
                raise
            if writer.under_way > _AHEAD:
                yield writer.finish()
        yield from writer.rest()


class _Writer:
    """One thread that writes, and the files it has been given, in order."""

    def __init__(self) -> None:
        self._todo: SimpleQueue[tuple[int, list[Buffer]] | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._open: deque[tuple[Instance, Path, int]] = deque()
        self._thread = threading.Thread(target=self._work, name="write-behind")

    @property
    def under_way(self) -> int:
        return len(self._open)

    def begin(self, instance: Instance, path: Path) -> None:
        descriptor = os.open(path, _FLAGS, 0o666)
        self._open.append((instance, path, descriptor))
        self._todo.put((descriptor, [instance.meta, *instance.buffers]))

    def finish(self) -> Instance:
        """Wait for the oldest file. Raises what ended it."""
        failure = self._done.get()
        instance, path, descriptor = self._open.popleft()
        try:
            os.close(descriptor)
        except OSError as error:
            failure = failure or error
        if failure is not None:
            with contextlib.suppress(OSError):
                path.unlink()
            if not isinstance(failure, OSError):
                raise failure
            raise OSError(failure.errno, failure.strerror, str(path)) from failure
        return instance

    def rest(self) -> Iterator[Instance]:
        while self._open:
            yield self.finish()

    def _work(self) -> None:
        while (work := self._todo.get()) is not None:
            descriptor, parts = work
            try:
                write_all(descriptor, parts)
            except BaseException as error:  # noqa: BLE001 - raised where the file is waited for
                self._done.put(error)
            else:
                self._done.put(None)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._todo.put(None)
        self._thread.join()
        while self._open:
            # The first error is the one to tell; those of files after it are no news.
            with contextlib.suppress(Exception):
                self.finish()
