"""A large ``send`` shared out among workers: as the worker that has the case sees it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import StoreStatus
from scenario_runner.api.sharing import SharedOut, SharedStatus, ToShare, split
from scenario_runner.app.cluster.ledger import AT_ONCE, BELOW
from scenario_runner.app.cluster.part import TROUBLES
from scenario_runner.errors import FabricatorError, MachineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.api import Deadline
    from scenario_runner.app.cluster.ledger import Claim, RunLedger
    from scenario_runner.app.cluster.task import Task
    from scenario_runner.app.cluster.telling import Telling

_LEAST: Final = 50
"""Instances for which another process and an association are worth it."""
_LOOKS: Final = 0.1
"""Seconds between two looks into the ledger."""
_OFFERS: Final = 64
"""Notes of what is about to be sent, of which some may not have been answered: one for each association, and one more."""
_PATIENCE: Final = 0.1
"""Seconds in which those who share the work may still tell of what they were answered when it is stopped."""


class SendSharing:
    """Implements ``api.sharing.Sharing``. places: how many workers one case may have. lasting: whether all see the same target."""

    def __init__(
        self,
        ledger: RunLedger,
        task: Task,
        claim: Claim,
        telling: Telling,
        places: int,
        lasting: Callable[[str], bool],
        work: Callable[[Task], Mapping[str, Any]],
    ) -> None:
        from distributed import get_client

        self._ledger, self._task, self._claim, self._telling = ledger, task, claim, telling
        self._places, self._lasting, self._work = places, lasting, work
        self._client = get_client()

    def __call__(self, work: ToShare, deadline: Deadline) -> SharedOut | None:
        """Have workers send it; this one is free for a part as well."""
        count = sum(stop - start for _, start, stop in work.pieces)
        places = self._places
        if work.associations is not None:
            places = min(places, work.associations)
        number = min(places, count // _LEAST)
        if number < 2 or not self._lasting(work.target):
            return None
        case = self._task.part
        whole, left = divmod(work.associations or number, number)
        tasks = {}
        for place, pieces in enumerate(split(work.pieces, number), start=1):
            name = f"{work.step_id}, part {place} of {number}"
            turn = f"{work.attempt}.{self._claim.attempt}"
            part = {
                "case": case,
                "name": name,
                "step": work.step_id,
                "entry": work.entry,
                "attempt": work.attempt,
                "target": work.target,
                "with": {
                    **work.parameters,
                    "associations": whole + (place <= left),
                },
                "contexts": list(work.contexts),
                "pieces": pieces,
                "parts": number,
            }
            tasks[f"{case}{BELOW}{name}{BELOW}{turn}"] = json.dumps(part)
        self._ledger.offer(tasks)
        return SharedParts(self._ledger, self._telling, list(tasks), deadline, self._submit)

    def _submit(self, part: str, again: int) -> Any:
        task = replace(self._task, part=part)
        key = f"fabricate {task.run} {part} {again}"
        return self._client.submit(self._work, task, key=key, pure=False)


class SharedParts:
    """Implements ``api.sharing.SharedOut``."""

    def __init__(
        self,
        ledger: RunLedger,
        telling: Telling,
        parts: list[str],
        deadline: Deadline,
        submit: Callable[[str, int], Any],
    ) -> None:
        self._ledger, self._telling, self._deadline = ledger, telling, deadline
        self._submit = submit
        self._read = dict.fromkeys(parts, 0)
        self._futures = {part: submit(part, 0) for part in parts}
        self._again = 0
        self._seen: set[tuple[str, int]] = set()
        self._unanswered: dict[tuple[str, int], Mapping[str, Any]] = {}
        self.associations: list[Mapping[str, Any]] = []
        self.opened = 0

    def __iter__(self) -> Iterator[SharedStatus]:
        try:
            yield from self._all()
        except GeneratorExit:
            # Whoever asked has gone on without the rest: nothing is sent behind their back.
            self._ledger.supersede(self._read, "nobody")
            raise

    def _all(self) -> Iterator[SharedStatus]:
        trouble: FabricatorError | None = None
        endings: Mapping[str, str] = {}
        try:
            while len(endings) < len(self._read):
                self._telling.require()
                # Before the rows: those of what has ended are all there.
                endings = self._ledger.endings(self._read)
                yield from self._rows()
                self._look_after(endings)
                if len(endings) < len(self._read):
                    self._deadline.sleep(_LOOKS)
        except FabricatorError as error:
            trouble = error
        if trouble is not None:
            yield from self._stopped()
            endings = self._ledger.endings(self._read)
        yield from self._rows()
        yield from map(_shared, self._unanswered.values())
        found = [json.loads(one) for one in endings.values()]
        for one in found:
            self.opened += one.get("opened", 0)
            self.associations += one.get("associations", ())
        for one in found:
            trouble = trouble or _trouble(one)
        if trouble is not None:
            raise trouble

    def _stopped(self) -> Iterator[SharedStatus]:
        """Have nobody send anything more; what they are still told of, and what may be there though nobody knows."""
        going_on = [part for part in self._read if part not in self._ledger.endings(self._read)]
        self._ledger.supersede(going_on, "nobody")
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            yield from self._rows()
            time.sleep(_LOOKS / 2)
        yield from self._rows()
        about = [one for part in going_on for one in self._ledger.offered_last(part, _OFFERS)]
        for image, uid in (one for entry in about for one in json.loads(entry)["images"]):
            series, _, number = image.rpartition(".i")
            place = (series, int(number) - 1)
            if place not in self._seen and place not in self._unanswered:
                self._seen.add(place)
                status = StoreStatus(
                    sop_instance_uid=uid,
                    sop_class_uid="",
                    status=None,
                    comment="who sent it was stopped before it told of an answer",
                    maybe_stored=True,
                )
                yield SharedStatus(*place, status, None, 0.0, told=False)

    def _look_after(self, endings: Mapping[str, str]) -> None:
        """Give out again what came back and is not done. Raises MachineError where nobody can do it."""
        for part, future in self._futures.items():
            if part in endings or not future.done():
                continue
            if future.status == "finished":
                if part not in self._ledger.endings([part]):  # lost to one who is lost as well
                    self._again += 1
                    self._futures[part] = self._submit(part, self._again)
            elif future.status == "error":
                error = future.exception()
                if isinstance(error, FabricatorError):
                    raise error
                raise MachineError(f"no worker could send a part of it: {error}")
            else:
                raise MachineError("the Dask scheduler is gone")

    def _rows(self) -> Iterator[SharedStatus]:
        for part in self._read:
            while rows := self._ledger.stored(part, self._read[part]):
                for number, entry in rows:
                    self._read[part] = number
                    for row in json.loads(entry.data):
                        place = (row["series"], row["index"])
                        if place in self._seen:
                            continue
                        if row["status"]["status"] is None:
                            # Whoever takes the part over may get an answer.
                            self._unanswered[place] = row
                            continue
                        self._seen.add(place)
                        self._unanswered.pop(place, None)
                        yield _shared(row)
                if len(rows) < AT_ONCE:
                    break  # those who send go on, and are not to be asked for every note


def _shared(row: Mapping[str, Any]) -> SharedStatus:
    status = StoreStatus(**row["status"])
    ago = max(0.0, time.time() - row["at"])
    return SharedStatus(row["series"], row["index"], status, row["earlier"], ago)


def _trouble(ending: Mapping[str, Any]) -> FabricatorError | None:
    """What kept a worker from sending all of its part."""
    told = ending.get("trouble")
    if told is None:
        return None
    kind = TROUBLES.get(told["kind"], MachineError)
    return kind(told["message"], hint=told["hint"])
