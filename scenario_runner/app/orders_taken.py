"""Messages that come in while a PACS is served, and what they order, noted in the registry.

A sender waits for its acknowledgement, which promises a worklist item and no entry in a registry: that is written
behind it, many orders in one transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from scenario_runner.amounts import amount
from scenario_runner.app.run_orders import NUMBERS, noted_by
from scenario_runner.errors import MachineError, described
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database
    from scenario_runner.orders.mllp.listener import Answer
    from scenario_runner.orders.order import Order
    from scenario_runner.registry.location import Location
    from scenario_runner.registry.messages import NotedMessage
    from scenario_runner.registry.orders import SeenOrder

    _Noted: TypeAlias = "SeenOrder | _Heard"

LOGGER = logging.getLogger(__name__)
_AT_ONCE: Final = 500
"""Orders of a transaction."""
_MOST_WAITING: Final = 100_000
"""Orders that wait for a registry that cannot be written; later ones are not noted."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A message as it came; it is taken to pieces when its sender does not wait for it any more."""

    data: bytes
    address: str
    answer: Answer
    at: dt.datetime

    def noted(self) -> Iterator[NotedMessage]:
        """For the registry; nothing of what is no message."""
        from scenario_runner.orders.hl7 import Hl7Error, Message
        from scenario_runner.registry.messages import NotedMessage

        try:
            message = Message.read(self.data, self.address)
            kind, control = message.kind, message.control_id
            patient = message.text("PID-3.1")
        except Hl7Error:
            return
        code = words = ""
        with suppress(Hl7Error, IndexError):
            told = Message.read(self.answer.blocks[-1], "")
            code, words = told.text("MSA-1"), told.text("MSA-3")
        yield NotedMessage(
            way="in",
            peer=self.address,
            kind=kind,
            control_id=control,
            patient_id=patient,
            code=code,
            words=words,
            data=self.data,
            at=self.at,
        )


class OrdersTaken:
    """Tells the registry of orders; any thread may give some. It never keeps one from being taken.

    The registry is opened when the first order comes.
    """

    def __init__(self, registry: Location) -> None:
        self._registry = registry
        self._waiting: queue.SimpleQueue[Sequence[_Noted] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, orders: Sequence[Order]) -> None:
        """Note what was ordered."""
        if found := _seen(orders):
            self._put(found)

    def heard(self, data: bytes, address: str, answer: Answer) -> None:
        """Note a message and what it was answered."""
        self._put([_Heard(data, address, answer, dt.datetime.now(dt.UTC))])

    def _put(self, found: Sequence[_Noted]) -> None:
        self._waiting.put(found)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="orders-taken")
                self._thread.start()

    def close(self) -> None:
        """Write what waits, and let go of the registry."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join()

    def _work(self) -> None:
        from scenario_runner.database.engine import Database

        database = Database(self._registry)
        unwritten: list[_Noted] = []
        open_ = True
        try:
            while open_:
                more, open_ = self._more()
                unwritten += more[: _MOST_WAITING - len(unwritten)]
                try:
                    self._note(database, unwritten)
                except MachineError as error:
                    count = amount(len(unwritten), "order or message")
                    LOGGER.warning("the registry was not told of %s: %s", count, error.message)
        finally:
            database.close()

    def _note(self, database: Database, waiting: list[_Noted]) -> None:
        """Note what waits, of which nothing is left. Raises MachineError, and the rest waits for the next."""
        from scenario_runner.registry.messages import note_messages
        from scenario_runner.registry.orders import note_orders

        number = _AT_ONCE
        while waiting:
            some = waiting[:number]
            try:
                note_orders(database, [o for o in some if not isinstance(o, _Heard)])
                heard = [one for one in some if isinstance(one, _Heard)]
                note_messages(database, [n for one in heard for n in one.noted()])
            except MachineError:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, this thread notes those that follow
                if number > 1:
                    number = 1  # the others are not left out for the one that it is about
                    continue
                LOGGER.warning(
                    "the registry was not told of an order or message: %s", described(error)
                )
            del waiting[:number]

    def _more(self) -> tuple[list[_Noted], bool]:
        """What waits, and whether more may come. Waits for the first."""
        found: list[_Noted] = []
        given = self._waiting.get()
        with suppress(queue.Empty):
            while given is not None:
                found += given
                given = self._waiting.get_nowait()
        return found, given is not None


def _seen(orders: Sequence[Order]) -> list[SeenOrder]:
    """The orders of a message, each by a number that no other of them goes by, unless it is taken back or has none."""
    from scenario_runner.registry.orders import SeenOrder

    found: dict[tuple[str, str], SeenOrder] = {}
    for order in orders:
        numbers = {who: order.text(keyword) for who, keyword in NUMBERS.items()}
        key = noted_by(numbers, order.text("AccessionNumber"), found)
        if key is None or order.status in ("cancelled", "discontinued"):
            continue
        found[key] = SeenOrder(
            source=key[0],
            id=key[1],
            accession=order.text("AccessionNumber"),
            patient_id=order.text("PatientID"),
            modality=order.text("Modality"),
            date=_day(order.text("ScheduledProcedureStepStartDate")),
        )
    return list(found.values())


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None
