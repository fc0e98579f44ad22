"""C-STORE of single instances, each when somebody says so, over one association that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.answers import StoreStatus
from scenario_runner.errors import FabricatorError, TargetError
from scenario_runner.network.bulk.pace import Pace
from scenario_runner.network.bulk.stream import Stream, why

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.dicom.part10 import Storable
    from scenario_runner.network.bulk.sender import Sender


class Storer:
    """One association for one thread; see ``api.storing.Storing``."""

    def __init__(self, sender: Sender, deadline: Deadline, resumes: int) -> None:
        self._sender = sender
        self._deadline = deadline
        self._stream = Stream(sender, Pace(None), deadline, resumes)
        self.trouble: TargetError | None = None

    def ready(self, instance: Storable) -> None:
        """Open the association that the instance needs and encode it. What goes wrong is told by ``store``."""
        try:
            self._sender.make_ready(instance)
        except TargetError:
            self._sender.abort()

    def store(self, instance: Storable) -> StoreStatus:
        """Send one and wait for its answer. Raises what the deadline raises, before anything is sent."""
        self._deadline.check()
        self.trouble = None
        answer: StoreStatus | None = None
        try:
            for told in self._stream.run(iter((instance,))):
                answer = told
        except TargetError as error:
            self.trouble = error
            answer = answer or StoreStatus.unsent(instance, f"not sent: {why(error)}")
        except FabricatorError:
            # It was on its way when the time was over, which its answer says; the next call raises.
            if answer is None:
                raise
        assert answer is not None
        return answer

    def close(self) -> None:
        """End the association in good order; at once when the time is over."""
        try:
            self._sender.release()
        except FabricatorError:
            self._sender.abort()
