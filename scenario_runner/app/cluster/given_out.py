"""Tasks that are with the scheduler: given out, given out again, taken back, and how each came back."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.cluster.scheduler import PATIENCE, no_workers, slots
from scenario_runner.app.cluster.task import Task
from scenario_runner.app.cluster.work import LOST, work
from scenario_runner.errors import FabricatorError, MachineError, described

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import RunLedger
    from scenario_runner.database.location import Location
    from scenario_runner.engine.services import Job

_AGAIN: Final = 3
"""How often a task is given out that Dask gives up, since workers die of it."""


class Tasks:
    """Tasks that are with the scheduler, a case each."""

    def __init__(
        self, client: Any, ledger: RunLedger, where: Location, run: str, at_once: int
    ) -> None:
        self._client = client
        self.ledger = ledger
        self._where, self._run = where, run
        self._at_once = at_once
        self.under_way: dict[Any, tuple[Job, int]] = {}
        self._news = threading.Event()
        self._alone_since: float | None = None

    @property
    def has_room(self) -> bool:
        """Whether another may be given out."""
        return len(self.under_way) < self._at_once

    @property
    def are_going_on(self) -> bool:
        """Whether any is under way, and there is somebody to be at it."""
        return self._client.status == "running" and not all(one.done() for one in self.under_way)

    def give_out(self, job: Job, again: int = 0) -> None:
        """Have a worker do it."""
        part = job.case.id
        if not again:
            self.ledger.offer({part: json.dumps({"case": part})})
        task = Task(self._where, self._run, part, socket.gethostname())
        future = self._client.submit(
            work, task, key=f"fabricate {self._run} {part} {again}", pure=False
        )
        self.under_way[future] = (job, again)
        future.add_done_callback(lambda _: self._news.set())

    def taken_back(self) -> list[Job]:
        """Those that nobody has begun, once the ledger says that nobody may any more: they need not come back by themselves.

        What has come back says itself how it ended: a task that failed before its case was begun is no case that was not run.
        """
        waiting = {one: job.case.id for one, (job, _) in self.under_way.items() if not one.done()}
        unclaimed = self.ledger.unclaimed(waiting.values())
        found = [future for future, case in waiting.items() if case in unclaimed]
        return [self.under_way.pop(future)[0] for future in found]

    def ended(self) -> Iterator[tuple[Job, Mapping[str, Any]]]:
        """Those that have ended since. Raises MachineError when the scheduler is gone."""
        self._news.clear()
        for future in [one for one in self.under_way if one.done()]:
            job, again = self.under_way.pop(future)
            if future.status == "finished":
                ended = future.result()
                # Of two that had it the one who was late knows nothing.
                if ended["outcome"] == LOST:
                    known = self.ledger.endings([job.case.id])
                    if job.case.id not in known:
                        self.give_out(job, again + 1)
                        continue
                    ended = json.loads(known[job.case.id])
                yield job, ended
            elif future.status == "error":
                error = future.exception()
                if type(error).__name__ == "KilledWorker" and again < _AGAIN:
                    self.give_out(job, again + 1)
                else:
                    yield job, _error(error)
            else:
                self.under_way[future] = (job, again)
                raise _gone()

    def wait(self, seconds: float) -> None:
        """Until something ends, at most so long. Raises MachineError when nobody is there to do anything."""
        self._news.wait(seconds)
        if self._client.status not in ("running", "connecting"):
            raise _gone()
        if self._client.status == "running" and slots(self._client):
            self._alone_since = None
            return
        now = monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > PATIENCE:
            raise _gone() if self._client.status != "running" else no_workers()


def _error(error: BaseException) -> Mapping[str, Any]:
    known = isinstance(error, FabricatorError)
    code = error.exit_code if isinstance(error, FabricatorError) else 4
    message = str(error) if known else f"the worker failed: {described(error)}"
    return {"outcome": "error", "message": message, "exit_code": code, "moot": False}


def _gone() -> MachineError:
    return MachineError(
        "the Dask scheduler is gone",
        hint="what was told up to here is in the record; 'fabricate rerun' goes on from it",
    )
