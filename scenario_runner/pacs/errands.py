"""What an association leaves to be done once it has ended: each in a thread of its own, waited for at the end."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger(__name__)


class Errands:
    """Those that are under way. name: what their threads are called."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._under_way: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def begin(self, errand: Callable[[], None]) -> None:
        """Run it; what it throws is logged."""

        def run() -> None:
            try:
                errand()
            except Exception:
                LOGGER.exception("something put off has failed")
            finally:
                with self._lock:
                    self._under_way.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=self._name, daemon=True)
        with self._lock:
            self._under_way.add(thread)
        try:
            thread.start()
        except BaseException:
            with self._lock:
                self._under_way.discard(thread)
            raise

    def join(self) -> None:
        """Wait for those that are under way."""
        with self._lock:
            under_way = set(self._under_way)
        for thread in under_way:
            thread.join()
