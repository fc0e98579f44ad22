"""The runs that this worker has planned: planning is done once for all cases of a run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scenario_runner.app.cluster.request import Replayed, key_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.temporary import TemporaryFolder


@dataclass(slots=True)
class _Kept:
    replayed: Replayed
    folder: TemporaryFolder
    """Which cases read files from."""
    users: int = 0


_LOCK: Final = threading.Lock()
_KEPT: Final[dict[str, _Kept]] = {}
"""The run that was planned last, and those before it that somebody still works on: who waits for others gives its place to any run."""


@contextmanager
def planned(run: str, packet: bytes) -> Iterator[Replayed]:
    """A run as it is planned here, whose files stay as long as it is used. Raises as ``Replayed``."""
    key = key_of(run, packet)
    with _LOCK:
        if key not in _KEPT:
            _KEPT[key] = _plan(packet)
        kept = _KEPT[key]
        kept.users += 1
        _forget_all_but(key)
    try:
        yield kept.replayed
    finally:
        with _LOCK:
            kept.users -= 1


def _plan(packet: bytes) -> _Kept:
    folder = TemporaryFolder()
    try:
        return _Kept(Replayed(packet, folder.path), folder)
    except BaseException:
        folder.remove()
        raise


def _forget_all_but(last: str) -> None:
    for key in [one for one, kept in _KEPT.items() if one != last and not kept.users]:
        _KEPT.pop(key).folder.remove()
