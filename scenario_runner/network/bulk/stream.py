"""A stream of instances through one sender, with every one accounted for.

One operation is outstanding at any moment, as PS3.7 D.3.3.3 wants it unless more is negotiated; while
the peer works on one instance the next one is pulled, so making and sending overlap.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scenario_runner.errors import (
    AssociationAborted,
    AssociationRejected,
    ConnectionFailed,
    FabricatorError,
    PeerTimeout,
)
from scenario_runner.network.bulk.answers import Storable, StoreAnswer, unsent
from scenario_runner.network.bulk.sender import InFlight, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    def unsent(self, why: str) -> StoreAnswer:
        comment = "; then ".join([*self.troubles, why])
        return unsent(self.instance, comment, maybe_stored=self.handed_over)

    def told(self, answer: StoreAnswer) -> StoreAnswer:
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
    acknowledged sent again over it; counted anew after each answer.
    """

    def __init__(self, sender: Sender, pace: Pace, deadline: Deadline, resumes: int = 0) -> None:
        self._sender = sender
        self._pace = pace
        self._deadline = deadline
        self._resumes = resumes

    def run(self, instances: Iterator[Storable]) -> Iterator[StoreAnswer]:
        """Answers in the order of the instances, which are pulled one ahead.

        Each instance pulled gets exactly one answer, also when an error is raised after it. An
        error of ``instances`` themselves is raised after the answer to what was already sent.
        """
        ahead = _Ahead(instances)
        instance = ahead.take()
        while instance is not None:
            task = _Task(instance)
            try:
                answer = self._send(task, ahead)
            except FabricatorError as error:
                self._sender.abort()
                yield task.unsent(why(error))
                if ahead.ready is not None:
                    yield unsent(ahead.ready, f"not sent: {why(error)}")
                raise
            yield task.told(answer)
            instance = ahead.take()

    def _send(self, task: _Task, ahead: _Ahead) -> StoreAnswer:
        while True:
            try:
                self._pace.wait(self._deadline)
                sent = self._sender.send(task.instance)
                if not isinstance(sent, InFlight):
                    return sent
                task.handed_over = True
                ahead.look()
                return self._sender.answer(sent)
            except _MENDABLE as error:
                if len(task.troubles) >= self._resumes:
                    raise
                self._sender.abort()
                delay = min(_DELAY * 2 ** len(task.troubles), _LONGEST_DELAY)
                task.troubles.append(why(error))
                self._deadline.sleep(delay)


class _Ahead:
    """An iterator that can be asked for its next member early; its errors wait until it is due."""

    def __init__(self, instances: Iterator[Storable]) -> None:
        self._instances = instances
        self._trouble: Exception | None = None
        self.ready: Storable | None = None

    def look(self) -> None:
        if self.ready is None and self._trouble is None:
            try:
                self.ready = next(self._instances, None)
            except Exception as error:  # noqa: BLE001 - raised when it is due
                self._trouble = error

    def take(self) -> Storable | None:
        self.look()
        if self._trouble is not None:
            raise self._trouble
        ready, self.ready = self.ready, None
        return ready


def why(error: FabricatorError) -> str:
    """Message and reason of an error, for the comment of an answer."""
    reason = getattr(error, "reason", "")
    return f"{error.message}: {reason}" if reason else error.message
