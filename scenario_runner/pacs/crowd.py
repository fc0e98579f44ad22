"""Who has to go when more have connected than are let in: never who is being served."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from scenario_runner.pacs.conversation import Conversation
    from scenario_runner.pacs.options import PacsOptions

LOGGER = logging.getLogger(__name__)
_MORE_SILENT: Final = 16
"""Connections that may have said nothing yet, beyond as many as there may be associations."""
Connection = TypeVar("Connection", bound=Hashable)


def longest_of_the_most(
    waiting: Iterable[Connection], address: Mapping[Connection, str]
) -> Connection | None:
    """The connection that has been silent longest, of the address that has most of them.

    waiting: those that ask for nothing, silent longest first; None when there are none.
    """
    silent = list(waiting)
    if not silent:
        return None
    [(most, _)] = Counter(address[one] for one in silent).most_common(1)
    return next(one for one in silent if address[one] == most)


class Crowd:
    """The connections of a DICOM port, each of which a thread serves that asks here for itself."""

    def __init__(self, options: PacsOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._silent: dict[threading.Thread, str] = {}
        """The address of each that has connected and asked for no association yet, in order."""
        self._talks: dict[threading.Thread, Conversation] = {}

    def __len__(self) -> int:
        return len(self._open)

    def came(self, thread: threading.Thread, sock: socket.socket, address: str) -> None:
        """Somebody has connected; where too many have and said nothing, one of them goes."""
        with self._lock:
            if len(self._silent) >= self._options.maximum_associations + _MORE_SILENT:
                self._make_room()
            self._open[thread] = sock
            self._silent[thread] = address

    def speaks_on(self, sock: socket.socket) -> None:
        """The connection of this thread goes on over another socket, of TLS."""
        with self._lock:
            self._open[threading.current_thread()] = sock

    def begins(self, talk: Conversation) -> None:
        """The connection of this thread is talked on from now on."""
        with self._lock:
            self._talks[threading.current_thread()] = talk

    def went(self, thread: threading.Thread | None = None) -> None:
        """The connection of this thread, or of another one, is closed."""
        with self._lock:
            for of in (self._open, self._silent, self._talks):
                of.pop(thread or threading.current_thread(), None)

    def is_full(self) -> bool:
        """Whether an association that is asked for on this thread is one too many; else it has its place."""
        with self._lock:
            full = len(self._open) - len(self._silent) >= self._options.maximum_associations
            if full:
                full = not self._give_one_up()
            if not full:
                self._silent.pop(threading.current_thread(), None)
            return full

    def break_off(self) -> Iterable[threading.Thread]:
        """End all connections; the threads that served them."""
        with self._lock:
            running = dict(self._open)
        for sock in running.values():
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        return running

    def _make_room(self) -> None:
        """Let go of one that has said nothing, so that those who do are heard; the lock is held."""
        silent = longest_of_the_most(self._silent, self._silent)
        if silent is not None:
            del self._silent[silent]
            # Its thread may take a while to notice; it counts as an association no more than it did before.
            with contextlib.suppress(OSError):
                self._open.pop(silent).shutdown(socket.SHUT_RDWR)

    def _give_one_up(self) -> bool:
        """Abort an association that has long been silent, if there is one; the lock is held."""
        latest = time.monotonic() - self._options.crowded_timeout
        silent = {
            thread: since
            for thread, talk in self._talks.items()
            if thread not in self._silent
            and (since := talk.silent_since()) is not None
            and since <= latest
        }
        hosts = {thread: self._talks[thread].host for thread in silent}
        one = longest_of_the_most(sorted(silent, key=silent.__getitem__), hosts)
        if one is None:
            return False
        LOGGER.warning("aborting a silent association of %s: others want in", hosts[one])
        self._silent[one] = hosts[one]  # it has its place no more
        self._talks[one].give_up()
        return True
