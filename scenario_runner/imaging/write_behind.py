"""Instances written while the next ones are made: drawing and the disk each have a processor."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scenario_runner.imaging.instance import Instance

_AHEAD = 2
"""Instances that wait for the disk; more would only cost memory."""


def write_behind(
    instances: Iterable[Instance], write: Callable[[Instance], None]
) -> Iterator[Instance]:
    """Write each instance in a thread of its own, in order, and yield it once it is written.

    write: called for one instance at a time; what it raises is raised here, and nothing after it is
    yielded. Whoever stops early leaves no write half done, and what was made before an image that
    cannot be is written. NumPy and the system let go of the
    interpreter while they copy, which is nearly all that either side does.
    """
    waiting: deque[tuple[Instance, Future[None]]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="write-behind") as pool:
        try:
            for instance in instances:
                waiting.append((instance, pool.submit(write, instance)))
                if len(waiting) > _AHEAD:
                    yield _written(waiting)
            while waiting:
                yield _written(waiting)
        except GeneratorExit:
            _forget(waiting)
            raise


def _written(waiting: deque[tuple[Instance, Future[None]]]) -> Instance:
    instance, future = waiting.popleft()
    try:
        future.result()
    except BaseException:
        _forget(waiting)
        raise
    return instance


def _forget(waiting: Iterable[tuple[Instance, Future[None]]]) -> None:
    for _, future in waiting:
        future.cancel()
