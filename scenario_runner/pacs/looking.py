"""A look whether a server can work, had once for all who ask: anybody may, and it may wait for a database that is away."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from scenario_runner.errors import described

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LOGGER = logging.getLogger(__name__)
PATIENCE: Final = 3.0
"""Seconds after which a look that has not ended is taken for a bad one: a database that stands still takes far longer."""


class Looks(Generic[T]):
    """One at a time, each on a thread of its own. For one event loop.

    look: what is found. otherwise: where that takes too long, or throws.
    """

    def __init__(self, look: Callable[[], T], otherwise: T) -> None:
        self._look = look
        self._otherwise = otherwise
        self._under_way: Future[T] | None = None

    async def found(self) -> T:
        """What the look under way, or a new one, finds."""
        if self._under_way is None or self._under_way.done():
            self._under_way = Future()
            # Nobody waits for it at the end: what it waits for may not come.
            looking = threading.Thread(
                target=self._work, args=(self._under_way,), name="ready", daemon=True
            )
            try:
                looking.start()
            except RuntimeError as error:  # the system gives no thread
                LOGGER.warning("not ready: %s", error)
                self._under_way.set_result(self._otherwise)
        look = self._under_way
        await asyncio.wait({asyncio.wrap_future(look)}, timeout=PATIENCE)
        return look.result() if look.done() else self._otherwise

    def _work(self, look: Future[T]) -> None:
        found = self._otherwise
        try:
            found = self._look()
        except Exception as error:  # noqa: BLE001 - whoever asks is answered
            LOGGER.warning("not ready: %s", described(error))
        finally:
            look.set_result(found)
