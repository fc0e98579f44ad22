"""Instances one at a time to a target, for whoever decides when each goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from scenario_runner.answers import StoreStatus
from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.dicom.part10 import Storable


class Storing(Protocol):
    """One association, or what stands for it, for one thread. Nothing is raised but what the deadline raises.

    trouble: the error that the last instance met, which another one need not meet.
    """

    trouble: TargetError | None

    def ready(self, instance: Storable) -> None:
        """Do beforehand what can be done: open the association, encode the request."""
        ...

    def store(self, instance: Storable) -> StoreStatus:
        """Send one and wait for its answer. An association that broke is opened again for it."""
        ...

    def close(self) -> None:
        """End the association in good order."""
        ...


class OneByOne:
    """Each instance by ``Target.store``, for kinds of targets that have nothing better."""

    def __init__(self, send: Callable[[Storable], Iterator[StoreStatus]]) -> None:
        self._send = send
        self.trouble: TargetError | None = None

    def ready(self, instance: Storable) -> None:
        """There is nothing to do."""

    def store(self, instance: Storable) -> StoreStatus:
        """Send one."""
        self.trouble = None
        answer = StoreStatus.unsent(instance, "not sent")
        try:
            for told in self._send(instance):
                answer = told
        except TargetError as error:
            self.trouble = error
            if answer.status is None and answer.comment == "not sent":
                answer = StoreStatus.unsent(instance, f"not sent: {error.message}")
        return answer

    def close(self) -> None:
        """There is nothing that stands."""
