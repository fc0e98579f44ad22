"""From the ledger into the run: events in their order, files under the run folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scenario_runner import events as kinds
from scenario_runner.engine.case import case_started
from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import Entry, RunLedger
    from scenario_runner.engine.bus import EventBus
    from scenario_runner.engine.services import Job

_KINDS: Mapping[str, type[kinds.Event]] = {
    kind.kind: kind
    for kind in vars(kinds).values()
    if isinstance(kind, type) and issubclass(kind, kinds.Event)
}


class Relay:
    """Takes what workers told and hands it to the run's own bus."""

    def __init__(
        self, ledger: RunLedger, bus: EventBus, folder: Path, jobs: Mapping[str, Job]
    ) -> None:
        self._ledger, self._bus, self._folder = ledger, bus, folder
        self._jobs = jobs
        self.begun: set[str] = set()
        """Cases of which something was told."""
        self.over: set[str] = set()
        """Cases of which the end was told."""
        self.times: dict[str, tuple[str, float]] = {}
        """When each began, and how many seconds it took; 0 as long as it is not over."""

    def take(self) -> bool:
        """Take what is there; whether there was anything. Raises MachineError."""
        any_ = False
        while waiting := self._ledger.waiting():
            any_ = True
            for _, entry in waiting:
                if entry.kind == "file":
                    self._write(entry)
                else:
                    for told in json.loads(entry.data):
                        self._tell(told)
            self._ledger.taken([number for number, _ in waiting])
        return any_

    def _tell(self, told: dict[str, Any]) -> None:
        kind, time = _KINDS[told["event"]], told["time"]
        names = {one.name for one in dataclasses.fields(kind)}
        event = kind(**{name: value for name, value in told.items() if name in names})
        if isinstance(event, kinds.CaseStarted):
            # As this process would say it: workers may have the files under other names.
            ours = case_started(self._jobs[event.case])
            event = dataclasses.replace(ours, worker=event.worker)
            self.begun.add(event.case)
            self.times.setdefault(event.case, (time, 0.0))
        elif isinstance(event, kinds.CaseFinished):
            self.over.add(event.case)
            begun, _ = self.times.get(event.case, (time, 0.0))
            self.times[event.case] = (begun, event.duration_s)
        elif isinstance(event, kinds.TakenOver) and not event.part:
            self.over.discard(event.case)
        self._bus.relay(event, time)

    def _write(self, entry: Entry) -> None:
        pure = PurePosixPath(entry.name)
        if pure.is_absolute() or ".." in pure.parts or pure.parts[:1] == ("inputs",):
            raise MachineError(f"a worker gave a file no place in the run folder: '{entry.name}'")
        path = self._folder.joinpath(*pure.parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.data)
        except OSError as error:
            raise MachineError(f"cannot write '{path}': {error.strerror or error}") from error
