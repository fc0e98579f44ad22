"""A run on a cluster as its client sees it: tasks out, events in, one record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.cluster.given_out import Tasks
from scenario_runner.app.cluster.ledger import CLOSED, HALT, RunLedger
from scenario_runner.app.cluster.left import LEDGER_FILE
from scenario_runner.app.cluster.pacing import Pace
from scenario_runner.app.cluster.relaying import Relay
from scenario_runner.app.cluster.request import Settings, packed
from scenario_runner.app.cluster.scheduler import PATIENCE, connected, no_workers, slots
from scenario_runner.app.cluster.work import NOT_BEGUN
from scenario_runner.engine.case import case_started
from scenario_runner.engine.case_counts import FAILED
from scenario_runner.engine.run import combined, is_enough, not_run, run_case
from scenario_runner.engine.step import Ending
from scenario_runner.errors import FabricatorError, MachineError
from scenario_runner.events import CaseFinished
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.registry.location import DatabaseUrl
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from scenario_runner.app.cluster.address import Cluster
    from scenario_runner.database.location import Location
    from scenario_runner.engine.services import Control, Job, Order, Services

_LOOKS: Final = 0.1
"""Seconds between two looks into the ledger."""
_AHEAD: Final = 2
"""Tasks that are given out for each that can be done at once."""
_TIDYING: Final = 60.0
"""Seconds that a run which cannot go on waits for those who tidy up."""


class ClusterRun:
    """Carries out the cases of one run. trouble: why it could not be carried out to its end.

    home: what relative paths of the site start from.
    """

    def __init__(
        self,
        cluster: Cluster,
        registry: Location | None,
        folder: Path,
        *,
        home: Path,
        reserved: Mapping[str, Mapping[str, Any]],
        log_pdus: bool,
    ) -> None:
        self._cluster = cluster
        self._folder = folder
        self._settings = Settings(folder=str(home.absolute()), reserved=reserved, log_pdus=log_pdus)
        self._where: Location = (
            registry if isinstance(registry, DatabaseUrl) else (folder / LEDGER_FILE).resolve()
        )
        self.trouble: FabricatorError | None = None
        self.troubles: list[str] = []
        """What workers could not close."""

    def run_cases(
        self, jobs: Sequence[Job], services: Services, order: Order, control: Control
    ) -> Ending:
        """As ``engine.run.run_cases``; what a worker cannot do is in ``trouble`` as well."""
        run = str(services.names["run"]["id"])
        try:
            with ExitStack() as stack:
                ledger = stack.enter_context(RunLedger(self._where, run))
                # Before the workers, who are gone when it goes.
                handover = _handover(self._where, control, stack)
                client = stack.enter_context(connected(self._cluster))
                places = _wait_for_workers(client, control)
                at_once = max(1, min(places, len(jobs)))
                settings = replace(
                    self._settings,
                    share=1 / at_once,
                    slots=places,
                    handover="" if handover is None else str(handover),
                )
                ledger.begin(packed(self._folder, settings))
                relay = Relay(
                    ledger,
                    services.bus,
                    self._folder,
                    {j.case.id: j for j in jobs},
                    handover,
                    services.finished,
                )
                tasks = Tasks(client, ledger, self._where, run, at_once * _AHEAD)
                stack.enter_context(_closing(ledger, relay))
                stack.enter_context(_tidied_up(ledger, tasks, control))
                work = _Work(tasks, relay, _Signals(ledger, control))
                endings: list[Ending] = []
                for load, part in groupby(jobs, key=lambda job: job.load):
                    group = list(part)
                    if is_enough(endings, order):
                        endings += [not_run(job, services, control) for job in group]
                        continue
                    pace = Pace(load)
                    waiting = deque(job for job in group if not job.judges)
                    endings += self._carried_out(
                        waiting, pace, work, services, order, control
                    ).values()
                    endings += [
                        run_case(
                            pace.judged(job), services, replace(order, from_step=None), control
                        )
                        for job in group
                        if job.judges
                    ]
            return combined(endings, control)
        except FabricatorError as error:
            self.trouble = error
            return Ending("error", str(error), exit_code=error.exit_code)
        finally:
            self._tidy_up(run)

    def require_whole(self) -> None:
        """Raise what kept the run from its end, or MachineError when workers could not close their targets."""
        if self.trouble is not None:
            raise self.trouble
        if self.troubles:
            raise MachineError("; ".join(dict.fromkeys(self.troubles)))

    def _carried_out(
        self,
        left: deque[Job],
        pace: Pace,
        work: _Work,
        services: Services,
        order: Order,
        control: Control,
    ) -> Mapping[str, Ending]:
        tasks, relay, signals = work.tasks, work.relay, work.signals
        endings: dict[str, Ending] = dict.fromkeys((job.case.id for job in left), _NOTHING)
        failed = False
        not_begun: list[Job] = []
        while left or tasks.under_way:
            signals.pass_on()
            if services.bus.unrecorded is not None:
                raise services.bus.unrecorded
            if control.stop.is_set() or (failed and order.fail_fast):
                if signals.halt():
                    not_begun += tasks.taken_back()
                not_begun += left
                left.clear()
            if pace.is_over:
                not_begun += left
                left.clear()
            while left and tasks.has_room and pace.until(left[0]) <= 0:
                pace.begins()
                tasks.give_out(left.popleft())
            for job, ended in tasks.ended():
                relay.take()
                if ended["outcome"] == NOT_BEGUN and job.case.id not in relay.begun:
                    not_begun.append(job)
                else:
                    endings[job.case.id] = self._ending(job, ended, relay, services)
                    failed = failed or endings[job.case.id].outcome in FAILED
                    pace.ended(job, endings[job.case.id], relay.times.get(job.case.id))
            relay.take()
            if tasks.under_way or left:
                tasks.wait(min(_LOOKS, pace.until(left[0])) if left and tasks.has_room else _LOOKS)
        stopped = control.stop.is_set() or (failed and order.fail_fast)
        why = "" if stopped else pace.why
        for job in sorted(not_begun, key=lambda job: job.number):
            endings[job.case.id] = not_run(job, services, control, why)
        return endings

    def _ending(
        self, job: Job, ended: Mapping[str, Any], relay: Relay, services: Services
    ) -> Ending:
        if ended["outcome"] == NOT_BEGUN:  # it had, and nobody took it over
            return Ending("interrupted", "interrupted", exit_code=130)
        self.troubles += ended.get("troubles", ())
        if job.case.id not in relay.over:
            # No worker could begin it, or end it.
            if job.case.id not in relay.begun:
                services.bus.emit(case_started(job))
            services.bus.emit(
                CaseFinished(
                    case=job.case.id,
                    outcome=ended["outcome"],
                    duration_s=0.0,
                    message=ended["message"],
                )
            )
        return Ending(
            ended["outcome"],
            ended["message"],
            exit_code=ended["exit_code"],
            moot=ended.get("moot", False),
        )

    def _tidy_up(self, run: str) -> None:
        """The ledger has served when all of it is in the record; otherwise it may still be told something."""
        if self.trouble is not None:
            return
        if isinstance(self._where, Path):
            for end in ("", "-wal", "-shm"):
                self._where.with_name(self._where.name + end).unlink(missing_ok=True)
        else:
            with RunLedger(self._where, run) as ledger:
                ledger.forget()


_NOTHING = Ending("skipped", "not run")


@dataclass(frozen=True, slots=True)
class _Work:
    """What is under way for a run: tasks at the workers, what comes back of them, and what they are told."""

    tasks: Tasks
    relay: Relay
    signals: _Signals


class _Signals:
    """Ctrl-C, handed on to the workers."""

    def __init__(self, ledger: RunLedger, control: Control) -> None:
        self._ledger, self._control = ledger, control
        self._passed = 0
        self._halted = False

    def halt(self) -> bool:
        """Nothing further begins; whether that is new."""
        if self._halted:
            return False
        if not self._passed:
            self._ledger.stop(HALT)
        self._halted = True
        return True

    def pass_on(self) -> None:
        """Tell them of what came since."""
        level = int(self._control.stop.is_set()) + int(self._control.stop_finally.is_set())
        if level > self._passed:
            self._passed = level
            self._ledger.stop(level)


@contextmanager
def _tidied_up(ledger: RunLedger, tasks: Tasks, control: Control) -> Iterator[None]:
    """Where nothing can be recorded any more, those who have begun run their ``finally`` before their processes end."""
    try:
        yield
    except Exception:
        with suppress(FabricatorError):
            ledger.stop(1)  # where it cannot be written they know by themselves
        until = monotonic() + _TIDYING
        while tasks.are_going_on and monotonic() < until:
            if control.stop_finally.wait(_LOOKS):
                break
        raise


@contextmanager
def _closing(ledger: RunLedger, relay: Relay) -> Iterator[None]:
    """Whatever becomes of the run, nobody sends anything more, and what was told is in its record."""
    try:
        yield
    finally:
        ledger.stop(CLOSED)
        relay.take()


def _handover(where: Location, control: Control, stack: ExitStack) -> Path | None:
    """Where workers leave files for us, who are on the same machine when the ledger is a file; goes with the stack."""
    if not isinstance(where, Path):
        return None
    folder = TemporaryFolder()
    stack.callback(lambda: folder.remove(hurried=control.stop.is_set()))
    return folder.path


def _wait_for_workers(client: Any, control: Control) -> int:
    """How many tasks can be done at once, when there is a first worker. Raises MachineError."""
    begun = monotonic()
    while not (places := slots(client)):
        if control.stop.wait(_LOOKS):
            return 0
        if monotonic() - begun > PATIENCE:
            raise no_workers()
    return places
