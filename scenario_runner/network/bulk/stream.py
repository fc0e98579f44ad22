"""A stream of instances through one sender, with every one accounted for.

One operation is outstanding at any moment, as PS3.7 D.3.3.3 wants it unless more is negotiated. While
the peer works on one instance, the answer to the one before is told and the next one is pulled and
encoded, so that making, sending and whatever is done with the answers overlap.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import TYPE_CHECKING

from scenario_runner.answers import StoreStatus
from scenario_runner.dicom.part10 import Storable
from scenario_runner.errors import (
    AssociationAborted,
    AssociationRejected,
    ConnectionFailed,
    FabricatorError,
    PeerTimeout,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.bulk.sender import InFlight, Sender

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.bulk.pace import Pace

_MENDABLE = (AssociationAborted, AssociationRejected, ConnectionFailed, PeerTimeout)
"""What another association may cure."""
_DELAY, _LONGEST_DELAY = 0.25, 5.0
"""Seconds before the first reconnection; doubled for each further one up to the longest."""


@dataclass(slots=True)
class _Task:
    """One instance and what has happened to it so far."""

    instance: Storable
    handed_over: bool = False
    troubles: list[str] = field(default_factory=list)

    def unsent(self, why: str) -> StoreStatus:
        comment = "; then ".join([*self.troubles, why])
        return StoreStatus.unsent(self.instance, comment, maybe_stored=self.handed_over)

    def told(self, answer: StoreStatus) -> StoreStatus:
        if not self.troubles:
            return answer
        # An attempt that failed is part of the record, even when the next one did not.
        earlier = f"sent again after: {'; then '.join(self.troubles)}"
        comment = f"{answer.comment} ({earlier})" if answer.comment else earlier
        return dataclasses.replace(
            answer,
            comment=comment,
            maybe_stored=answer.maybe_stored or (answer.status is None and self.handed_over),
        )


class Stream:
    """Sends one instance after the other through one sender.

    resumes: how many times in a row a broken association is opened again, and what was not
    acknowledged sent again over it; counted anew after each answer. skips: an instance at which
    that comes to nothing is given up, and the next one sent over another association.
    """

    def __init__(
        self,
        sender: Sender,
        pace: Pace,
        deadline: Deadline,
        resumes: int = 0,
        *,
        skips: bool = False,
    ) -> None:
        self._sender = sender
        self._pace = pace
        self._deadline = deadline
        self._resumes = resumes
        self._skips = skips

    def run(self, instances: Iterator[Storable]) -> Iterator[StoreStatus]:
        """Answers in the order of the instances, which are pulled one ahead.

        Each instance pulled gets exactly one answer, also when an error is raised after it. An
        error of ``instances`` themselves is raised after the answer to what was already sent.
        """
        ahead = _Ahead(instances, self._sender)
        owed: list[StoreStatus] = []
        ahead.look()
        while (instance := ahead.take()) is not None:
            task = _Task(instance)
            try:
                answer = yield from self._send(task, ahead, owed)
            except FabricatorError as error:
                self._sender.abort()
                yield from _paid(owed)
                yield task.unsent(why(error))
                if ahead.ready is not None:
                    yield StoreStatus.unsent(ahead.ready, f"not sent: {why(error)}")
                raise
            owed.append(task.told(answer))
        yield from _paid(owed)
        ahead.complain()

    def _send(
        self, task: _Task, ahead: _Ahead, owed: list[StoreStatus]
    ) -> Generator[StoreStatus, None, StoreStatus]:
        """The answer to one instance; what is owed is told while the peer works on it."""
        if self._pace.slow:
            yield from _paid(owed)
        while True:
            try:
                self._pace.wait(self._deadline)
                sent = self._sender.send(task.instance)
                task.handed_over = task.handed_over or isinstance(sent, InFlight)
                yield from _paid(owed)
                ahead.look()
                return self._sender.answer(sent) if isinstance(sent, InFlight) else sent
            except _MENDABLE as error:
                yield from _paid(owed)
                broken = self._sender.standing
                self._sender.abort()
                if len(task.troubles) >= self._resumes:
                    # Who cannot be reached at all has said nothing about this instance.
                    if self._skips and broken:
                        return StoreStatus.unsent(
                            task.instance, why(error), maybe_stored=task.handed_over
                        )
                    raise
                delay = min(_DELAY * 2 ** len(task.troubles), _LONGEST_DELAY)
                task.troubles.append(why(error))
                self._deadline.sleep(delay)


class _Ahead:
    """An iterator that is asked for its next member early; its errors wait until they are due."""

    def __init__(self, instances: Iterator[Storable], sender: Sender) -> None:
        self._instances = instances
        self._sender = sender
        self._trouble: BaseException | None = None
        self.ready: Storable | None = None

    def look(self) -> None:
        """Pull the next member and have it encoded."""
        if self.ready is None and self._trouble is None:
            try:
                self.ready = next(self._instances, None)
            except BaseException as error:  # noqa: BLE001 - raised when it is due
                self._trouble = error
            if self.ready is not None:
                self._sender.prepare(self.ready)

    def take(self) -> Storable | None:
        """The member that was pulled; None at the end, or where the iterator failed."""
        ready, self.ready = self.ready, None
        return ready

    def complain(self) -> None:
        """Raise what the iterator raised."""
        if self._trouble is not None:
            raise self._trouble


def _paid(owed: list[StoreStatus]) -> Iterator[StoreStatus]:
    while owed:
        yield owed.pop(0)


def why(error: FabricatorError) -> str:
    """Message and reason of an error, for the comment of an answer."""
    reason = getattr(error, "reason", "")
    return f"{error.message}: {reason}" if reason else error.message
