"""Messages of HL7 v2 from files to a receiver, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.app.messages import read_files
from scenario_runner.errors import ConnectionFailed, FabricatorError, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import Hl7Error, Message

if TYPE_CHECKING:
    from scenario_runner.answers import Acknowledged
    from scenario_runner.api import Deadline, Target


@dataclass(frozen=True, slots=True)
class Told:
    """One message and what became of it. error: why it was not read, not sent or not answered."""

    name: str
    kind: str = ""
    answer: Acknowledged | None = None
    error: FabricatorError | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver took it."""
        return self.answer is not None and self.answer.accepted


def send_messages(target: Target, files: Iterable[Path], deadline: Deadline) -> Iterator[Told]:
    """Send every message of every file in order, as ``send_each`` does.

    Raises UsageError for a file that cannot be read, and what that raises.
    """
    return send_each(target, read_files(files), deadline)


def send_each(
    target: Target, given: Iterable[Message | Hl7Error], deadline: Deadline
) -> Iterator[Told]:
    """Send messages in order; one that could not be read or is refused stops no other.

    Raises ConnectionFailed when nobody takes the connection, for then nobody will take the next, and what
    the deadline raises.
    """
    unread: list[Told] = []
    waiting: list[Message] = []

    def readable() -> Iterator[bytes]:
        for message in given:
            if isinstance(message, Hl7Error):
                where = message.diagnostics[0].where
                unread.append(Told(f"{where.file}:{where.line}", error=message))
                continue
            waiting.append(message)
            yield message.data

    for answer in target.tell_each(readable(), deadline):
        yield from unread
        unread.clear()
        message = waiting.pop(0)
        if isinstance(answer, ConnectionFailed):
            raise answer
        if isinstance(answer, TargetError):
            yield Told(message.label, message.kind, error=answer)
        else:
            yield Told(message.label, message.kind, answer)
    yield from unread
