"""Where HL7 v2 messages come in during a run: one listener, and an inbox for each case that waits."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.api.inbox import USUAL, Inbox
from scenario_runner.errors import UsageError
from scenario_runner.language.tls_files import tls_of

if TYPE_CHECKING:
    from scenario_runner.language.site_model import Site
    from scenario_runner.orders.mllp.listener import Answer, MllpListener


class IncomingMessages:
    """Listens as long as a case waits for messages, at the site's ``receiver.hl7``.

    Cases side by side share the port, and each gets every message; what it waits for tells which are its own.
    """

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        self._opening = threading.Lock()
        """Held while the port is opened or let go of."""
        self._lock = threading.Lock()
        self._inboxes: list[Inbox] = []
        self._listener: MllpListener | None = None

    @contextlib.contextmanager
    def inbox(self) -> Iterator[Inbox]:
        """An inbox of its own for one case. Raises UsageError, MachineError."""
        inbox = Inbox()
        with self._opening:
            if self._listener is None:
                self._listener = self._started()
            with self._lock:
                self._inboxes.append(inbox)
        try:
            yield inbox
        finally:
            with self._opening:
                with self._lock:
                    self._inboxes.remove(inbox)
                if not self._inboxes and self._listener is not None:
                    self._listener.stop()
                    self._listener = None

    def _started(self) -> MllpListener:
        from scenario_runner.orders.mllp.listener import ListenerOptions, MllpListener

        given = self._site.receiver.hl7
        if given is None:
            raise UsageError(
                "the site has no receiver of HL7 messages",
                hint="give it receiver: {hl7: {host: 127.0.0.1, port: 2576}}",
            )
        options = ListenerOptions(tls=tls_of(given.tls, self._folder))
        listener = MllpListener(self._answer, given.host, given.port, options)
        listener.start()
        return listener

    def _answer(self, data: bytes, address: str) -> Answer:
        from scenario_runner.orders.hl7 import Hl7Error, Message
        from scenario_runner.orders.mllp.acknowledging import acknowledgement, unreadable
        from scenario_runner.orders.mllp.listener import Answer

        try:
            message = Message.read(data, address)
            _ = message.segments
        except Hl7Error as error:
            return Answer([unreadable(error.diagnostics[0].message)])
        with self._lock:
            inboxes = list(self._inboxes)
        now = dt.datetime.now(dt.UTC)
        wanted = [inbox.put(data, address, now) for inbox in inboxes]
        code = next((one for one in wanted if one != USUAL), USUAL)
        if code is None:
            return Answer([acknowledgement(message, "AE", "there is no room for more messages")])
        if code == "none":
            return Answer()
        said = "" if code == USUAL else "refused on purpose"
        return Answer([acknowledgement(message, code, said)])
