"""What an attempt of a step may still say, and when it has to stop."""

from __future__ import annotations

from scenario_runner.engine.bus import EventBus
from scenario_runner.errors import StepTimeout
from scenario_runner.events import Deletion, Event, InstanceSent, Section


class Outlet:
    """The way of one attempt to the event bus, closed when the engine has gone on without it."""

    def __init__(self, bus: EventBus, section: Section) -> None:
        self._bus = bus
        self._section = section
        self._left = False

    def leave(self) -> None:
        """Refuse the attempt from now on: its time was over and it did not end."""
        self._left = True

    @property
    def is_left(self) -> bool:
        """Whether the engine has gone on without the attempt."""
        return self._left

    def require(self) -> None:
        """Return if the attempt may go on.

        Raises StepTimeout when nobody waits for it, MachineError when nothing can be recorded any
        more; cleaning up goes on then.
        """
        if self._left:
            raise StepTimeout("nobody waits for this step any more")
        unrecorded = self._bus.unrecorded
        if unrecorded is not None and self._section != "finally":
            raise unrecorded

    def emit(self, event: Event) -> None:
        """Say something. Raises as ``require``; what a PACS was made to do is said all the same."""
        if not self._left or isinstance(event, InstanceSent | Deletion):
            self._bus.emit(event)
        self.require()
