"""A connection to PostgreSQL that a server which has stopped does not hold for ever."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import ConnectionTimeout

Result = TypeVar("Result")

_SILENCE: Final = 20.0
"""Seconds without a byte before it is looked whether the server is there at all."""


class PatientConnection(psycopg.Connection[Any]):
    """Waits as long as the server lives, and no longer.

    The system of a server that is frozen (stopped, paused, out of memory) goes on to acknowledge packets, so neither
    keep-alive nor a bound of TCP tells; and a bound on statements would end what takes long and does well. So
    whoever waits in silence knocks again: a server that is alive takes a further connection, or refuses it.
    """

    silence: float = _SILENCE
    address: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    """What it was connected with."""

    @classmethod
    def open(cls, *given: Any, **named: Any) -> PatientConnection:
        """As psycopg's ``connect``. Raises psycopg.Error."""
        connection = cls.connect(*given, **named)
        connection.address = (given, named)
        return connection

    def wait(self, gen: Any, *more: Any, **named: Any) -> Any:
        """Carry out what talks with the server. Raises OperationalError, and is closed, when that has stopped."""
        return super().wait(self._watched(gen), *more, **named)

    def _watched(self, talk: Generator[Any, Any, Result]) -> Generator[Any, Any, Result]:
        """The same talk. psycopg says at least every tenth of a second whether there is something to read."""
        heard = time.monotonic()
        try:
            wanted = next(talk)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready:
                    heard = now
                elif now - heard >= self.silence:
                    if not self._lives():
                        raise self._given_up(time.monotonic() - heard)
                    heard = time.monotonic()
                wanted = talk.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result

    def _lives(self) -> bool:
        given, named = self.address
        try:
            psycopg.connect(*given, **named).close()
        except ConnectionTimeout:
            return False
        except psycopg.Error:
            return True  # whoever refuses is there
        return True

    def _given_up(self, seconds: float) -> psycopg.OperationalError:
        self.pgconn.finish()  # else it would be talked to again, to roll back
        return psycopg.OperationalError(
            f"it has said nothing for {seconds:.0f} s, and takes no further connection"
        )
