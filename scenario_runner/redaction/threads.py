"""What ends a thread of somebody else's code, told in a line: no step waits for it, and Python would print a traceback."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Final

from scenario_runner.errors import described

LOGGER = logging.getLogger(__name__)


class _Hook:
    """The hook that a process has one of, for all that goes on at once in it: each has secrets of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cleans: list[Callable[[str], str]] = []

    def begin(self, clean: Callable[[str], str]) -> bool:
        """Take secrets out with it, too; false where somebody else has set a hook, which stays."""
        with self._lock:
            if not self._cleans:
                if threading.excepthook is not threading.__excepthook__:
                    return False
                threading.excepthook = self._tell
            self._cleans.append(clean)
            return True

    def end(self, clean: Callable[[str], str]) -> None:
        """Python's own hook is back when the last has ended."""
        with self._lock:
            self._cleans.remove(clean)
            if not self._cleans:
                threading.excepthook = threading.__excepthook__

    def _tell(self, ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is None or isinstance(ended.exc_value, SystemExit):
            return  # as Python has it
        frames = traceback.extract_tb(ended.exc_traceback)
        place = f" ({PurePath(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        said = f"{described(ended.exc_value)}{place}"
        with self._lock:
            cleans = [*self._cleans]
        for clean in cleans:
            said = clean(said)
        LOGGER.warning("a thread that no step waits for has ended: %s", said)


_HOOK: Final = _Hook()


@contextmanager
def told_in_a_line(clean: Callable[[str], str]) -> Iterator[None]:
    """Within, a thread that ends by an exception is a warning of the log. clean: takes secrets out of it.

    Whoever has a hook of their own, as pytest has, keeps it.
    """
    if not _HOOK.begin(clean):
        yield
        return
    try:
        yield
    finally:
        _HOOK.end(clean)
