"""Every entry to a syslog receiver as soon as it is written; after an outage from where it stopped."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import FabricatorError, described
from scenario_runner.service.audit.syslog import Receiver, SyslogSender

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.service.audit.messages import AuditSource
    from scenario_runner.service.audit.trail import Trail

LOGGER = logging.getLogger(__name__)

_EVERY: Final = 1.0
"""Seconds between two looks at what is new."""
_AFTER_TROUBLE: Final = 15.0
_AT_ONCE: Final = 500
"""Entries of one connection: they count as sent when the receiver has closed it, too."""


class Forwarder:
    """A thread of its own. ``start`` once, ``stop`` once.

    memory: a file with the number of the last entry that went out. After a crash some go out again, with the number
    they have: none is left out. Trouble with the receiver is logged and holds nobody up.
    """

    def __init__(self, trail: Trail, receiver: Receiver, source: AuditSource, memory: Path) -> None:
        self._trail = trail
        self._receiver = receiver
        self._source = source
        self._memory = memory
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-syslog", daemon=True)

    def start(self) -> None:
        """Begin with what has not gone out yet."""
        self._thread.start()

    def stop(self) -> None:
        """What was written until now is tried once more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(_EVERY if self._forward() else _AFTER_TROUBLE)
        self._forward()

    def _forward(self) -> bool:
        """Send all there is; whether that went well."""
        try:
            last = self._last()
            while entries := list(self._trail.entries(after=last, limit=_AT_ONCE)):
                with SyslogSender(self._receiver, self._source) as sender:
                    sender.send(entries)
                    sender.finish()
                last = entries[-1].number
                self._remember(last)
        except (FabricatorError, OSError) as error:
            LOGGER.warning("audit messages wait for their receiver: %s", error)
            return False
        except Exception as error:  # noqa: BLE001 - a thread that ended would forward nothing ever again
            LOGGER.warning("audit messages wait, as they cannot be sent: %s", described(error))
            return False
        return True

    def _last(self) -> int:
        try:
            text = self._memory.read_text("ascii", errors="replace").strip()
        except FileNotFoundError:
            return 0
        return int(text) if text.isascii() and text.isdigit() else 0

    def _remember(self, number: int) -> None:
        part = self._memory.with_name(f"{self._memory.name}.part")
        part.write_text(f"{number}\n", "ascii")
        part.replace(self._memory)
