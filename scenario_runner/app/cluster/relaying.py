"""From the ledger into the run: events in their order, files under the run folder."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from scenario_runner import events as kinds
from scenario_runner.app.cluster.ledger import AT_ONCE
from scenario_runner.engine.case import case_started
from scenario_runner.errors import MachineError, of_the_machine

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import Entry, RunLedger
    from scenario_runner.engine.bus import EventBus
    from scenario_runner.engine.services import Job

_KINDS: Mapping[str, type[kinds.Event]] = {kind.kind: kind for kind in kinds.kinds_of_event()}


class Relay:
    """Takes what workers told and hands it to the run's own bus.

    handover: where those on this machine leave files. finished: told of each file of the run folder, and of its digest where its worker has taken it.
    """

    def __init__(
        self,
        ledger: RunLedger,
        bus: EventBus,
        folder: Path,
        jobs: Mapping[str, Job],
        handover: Path | None,
        finished: Callable[[Path, str], object],
    ) -> None:
        self._ledger, self._bus, self._folder = ledger, bus, folder
        self._jobs = jobs
        self._handover, self._finished = handover, finished
        self.begun: set[str] = set()
        """Cases of which something was told."""
        self.over: set[str] = set()
        """Cases of which the end was told."""
        self.times: dict[str, tuple[str, float]] = {}
        """When each began, and how many seconds it took; 0 as long as it is not over."""
        self._again: set[str] = set()
        """Cases that were taken over."""

    def take(self) -> bool:
        """Take what was told before now; whether there was anything. Raises MachineError."""
        any_ = False
        while waiting := self._ledger.waiting():
            any_ = True
            for _, entry in waiting:
                if entry.kind == "file":
                    self._write(entry)
                elif entry.kind == "files":
                    self._move(entry)
                else:
                    for told in json.loads(entry.data):
                        self._tell(told)
            self._ledger.taken(waiting)
            if len(waiting) < AT_ONCE:
                break  # those who tell go on, and are not to be asked for every note
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
            seconds = event.duration_s
            if event.case in self._again:  # its worker knows of the last attempt alone
                seconds = max(seconds, _seconds(begun, time))
            self.times[event.case] = (begun, seconds)
        elif isinstance(event, kinds.TakenOver) and not event.part:
            self.over.discard(event.case)
            self._again.add(event.case)
        self._bus.relay(event, time)

    def _write(self, entry: Entry) -> None:
        with self._placing(entry.name) as path:
            path.write_bytes(entry.data)

    def _move(self, entry: Entry) -> None:
        """Take files from where a worker on this machine has left them."""
        folder = PurePosixPath(entry.name).name
        if self._handover is None or folder != entry.name:
            raise MachineError(f"a worker left files where none are expected: '{entry.name}'")
        for name, digest in json.loads(entry.data):
            with self._placing(name, digest) as path:
                shutil.move(self._handover / folder / name, path)
        shutil.rmtree(
            self._handover / folder, ignore_errors=True
        )  # copies of what was told by itself

    @contextmanager
    def _placing(self, name: str, digest: str = "") -> Iterator[Path]:
        """Where a file belongs in the run folder, and word of it when it is there."""
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or pure.parts[:1] == ("inputs",):
            raise MachineError(f"a worker gave a file no place in the run folder: '{name}'")
        path = self._folder.joinpath(*pure.parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield path
            self._finished(path, digest)
        except OSError as error:
            raise of_the_machine(f"cannot write '{path}'", error) from error


def _seconds(begin: str, end: str) -> float:
    """Between two times of events."""
    return (dt.datetime.fromisoformat(end) - dt.datetime.fromisoformat(begin)).total_seconds()
