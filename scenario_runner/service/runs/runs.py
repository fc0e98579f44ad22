"""The runs of a server: asked for, carried out one after the other or a few at once, found again, stopped.

A thread of the server's starts what waits and notes what has ended. What it knows is in the database and in the folder
of each run (see ``job_folder``), so another server takes over where one was killed.
"""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import select

from scenario_runner.database.turns import RUN, take_turn
from scenario_runner.database.words import WrittenMeanwhile
from scenario_runner.errors import FabricatorError, described
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import Conflicting, NotThere, TooMany
from scenario_runner.service.runs import keys, process, records, schedules
from scenario_runner.service.runs.asked import SCENARIO, Asked, require_sendable
from scenario_runner.service.runs.job_folder import JobFolder, LastWord, Life
from scenario_runner.service.runs.keys import VARIABLE as KEY_VARIABLE
from scenario_runner.service.runs.outcome import LOG, outcome_of
from scenario_runner.service.runs.records import Run
from scenario_runner.service.runs.tables import server_run

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.service.asking import Asking

LOGGER = logging.getLogger(__name__)

EVIDENCE: Final = "runs"
"""The folder of the run folders, below the data folder."""
_JOBS: Final = "run-jobs"
_LOOK: Final = 0.2
"""Seconds between two looks at the processes."""
_SCHEDULES: Final = 5.0
"""Seconds between two looks at what is scheduled; cron knows minutes."""
_LAST_MOMENTS: Final = 10.0
"""Seconds that a process may take to go after its last word."""
_LONGEST_QUEUE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOptions:
    """How runs are carried out.

    environment: of their processes. new_id: gives the ID of a run that is asked for at a moment.
    """

    new_id: Callable[[dt.datetime], str]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    at_once: int = 2


class Runs:
    """All runs of one data folder. Safe between threads; one process at a time has the folder."""

    def __init__(self, folder: Path, database: Database, options: RunsOptions) -> None:
        # Of processes that begin elsewhere.
        self._folder = folder.resolve()
        self.database = database
        self.options = options
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._watched: dict[str, tuple[JobFolder, subprocess.Popen[bytes] | None]] = {}
        self._leaving: list[subprocess.Popen[bytes]] = []
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
        self._scheduled_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def __enter__(self) -> Self:
        self._find_again()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Processes go on."""
        self.stopping.set()
        self._wake.set()
        self._thread.join()
        for started in self._leaving:
            with suppress(subprocess.TimeoutExpired):
                started.wait(_LAST_MOMENTS)

    def ask(
        self, asking: Asking, asked: Asked, *, repeats: str = "", schedule: int | None = None
    ) -> Run:
        """Put a run into the queue; it is kept when this returns. Raises TooMany, TooLarge, MachineError."""
        require_sendable(asked.text, asked.files)
        while True:
            try:
                with self.database.writing() as connection:
                    take_turn(connection, RUN)
                    run_id = self.add_in(
                        connection, asked, asking.caller.name, repeats=repeats, schedule=schedule
                    )
                    detail: dict[str, Any] = {"run": run_id, "scenario": asked.name}
                    if asked.site:
                        detail["site"] = Path(asked.site).name
                    if asked.allow_production:
                        detail["allow_production"] = True
                    record_in(
                        connection,
                        asking.caller,
                        Activity.RUN_ASKED,
                        None,
                        asking.from_where,
                        detail=detail,
                    )
                break
            except WrittenMeanwhile:
                continue  # two IDs of one second that end alike
        self._wake.set()
        return self.get(run_id)

    def add_in(
        self,
        connection: Connection,
        asked: Asked,
        who: str,
        *,
        repeats: str = "",
        schedule: int | None = None,
    ) -> str:
        """The same in a transaction that has its turn, without a word to the audit trail; gives the ID."""
        waiting = connection.execute(
            select(server_run.c.number).where(server_run.c.state != "ended").limit(_LONGEST_QUEUE)
        ).all()
        if len(waiting) >= _LONGEST_QUEUE:
            raise TooMany("queue-full", f"{_LONGEST_QUEUE} runs wait already")
        run_id = self.options.new_id(dt.datetime.now(dt.UTC))
        records.add(connection, run_id, asked, who, repeats=repeats, schedule=schedule)
        return run_id

    def get(self, run_id: str) -> Run:
        """A run by its ID. Raises NotThere."""
        found = records.get(self.database, run_id)
        if found is None:
            raise _unknown(run_id)
        return found

    def names(self, file: str) -> bool:
        """Whether any run, waiting or ended, or schedule was asked for with a file of that name."""
        return records.is_named(self.database, file)

    def stop(self, asking: Asking, run_id: str, *, at_once: bool = False) -> Run:
        """Let a run end as by Ctrl-C, and its ``finally`` steps run; one that waits is withdrawn.

        at_once: as by a second Ctrl-C, which ends ``finally`` too. Raises NotThere, Conflicting when it has ended.
        """
        with self.database.writing() as connection:
            take_turn(connection, RUN)
            run = records.get_in(connection, run_id)
            if run is None:
                raise _unknown(run_id)
            if run.state == "ended":
                raise Conflicting("run-ended", f"the run {run_id} has ended already")
            who = asking.caller.name
            if run.state == "queued":
                records.set_to(
                    connection,
                    run_id,
                    state="ended",
                    outcome="withdrawn",
                    ended=dt.datetime.now(dt.UTC),
                    stopped_by=who,
                )
            else:
                records.set_to(connection, run_id, stopped_by=who)
            record_in(
                connection,
                asking.caller,
                Activity.RUN_STOPPED,
                None,
                asking.from_where,
                detail={"run": run_id, "at_once": at_once},
            )
        if run.state == "running":
            self._job(run).ask_to_stop(at_once=at_once)
        return self.get(run_id)

    def repeat(self, asking: Asking, run_id: str) -> Run:
        """Ask for the same once more. Raises NotThere."""
        run = self.get(run_id)
        return self.ask(asking, run.asked, repeats=run.id)

    def evidence(self, run_id: str) -> Path:
        """The run folder: there as soon as the run has made it."""
        return self._folder / EVIDENCE / run_id

    def has_record(self, run: Run) -> bool:
        """Whether it has ended and left one that is still there."""
        return run.state == "ended" and (self.evidence(run.id) / LOG).is_file()

    def output(self, run: Run) -> Path:
        """What the process of a run printed."""
        return self._job(run).output

    def holder(self, key: str) -> str | None:
        """The ID of the run that a key was given to, while it goes on."""
        run_id = keys.run_of(key)
        watched = self._watched.get(run_id)
        return run_id if watched is not None and keys.fits(key, watched[0].path) else None

    def going(self) -> int:
        """How many go on just now."""
        return len(self._watched)

    def wake(self) -> None:
        """Look at the queue and the schedules now."""
        self._scheduled_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._wake.set()

    def _job(self, run: Run) -> JobFolder:
        return JobFolder(self._folder / _JOBS / run.id / str(run.attempt))

    def _find_again(self) -> None:
        """What an earlier server has begun: watched on, or put back where no process had begun yet."""
        for run in records.unended(self.database, "running"):
            job = self._job(run)
            job.path.mkdir(parents=True, exist_ok=True)
            if job.life() is Life.UNCLAIMED and job.claim("server"):
                with self.database.writing() as connection:
                    records.set_to(connection, run.id, state="queued", began=None)
                continue
            if run.stopped_by:
                job.ask_to_stop()  # it may have been killed between the word and the deed
            self._watched[run.id] = (job, None)

    def _work(self) -> None:
        while not self.stopping.is_set():
            try:
                self._note_ended()
                self._start_scheduled()
                self._start_waiting()
            except FabricatorError as error:  # the database does not answer: tried again
                LOGGER.warning("runs: %s", error.message)
            except Exception as error:  # noqa: BLE001 - a thread that ended would start no run ever again
                LOGGER.warning("runs: %s", described(error))
            self._wake.wait(_LOOK if self._watched or self._leaving else 1.0)
            self._wake.clear()

    def _note_ended(self) -> None:
        self._leaving = [one for one in self._leaving if one.poll() is None]
        for run_id, (job, started) in list(self._watched.items()):
            code = code_of_process = None if started is None else started.poll()
            life = job.life()
            if life is Life.ALIVE or (life is Life.UNCLAIMED and code is None):
                continue
            folder = self.evidence(run_id)
            if life is Life.ENDED:
                word = job.last_word()
                outcome, message = outcome_of(folder, word)
                code = word.exit_code
            elif life is Life.DEAD:
                outcome, message = (
                    "died",
                    "its process ended without a word: killed, or the machine",
                )
            else:
                outcome, message = "refused", process.last_lines(job.output)
            with self.database.writing() as connection:
                records.set_to(
                    connection,
                    run_id,
                    state="ended",
                    outcome=outcome,
                    exit_code=code,
                    message=message,
                    ended=dt.datetime.now(dt.UTC),
                )
            del self._watched[run_id]
            if started is not None and code_of_process is None:
                self._leaving.append(started)  # it has said its last word, and goes

    def _start_scheduled(self) -> None:
        now = dt.datetime.now(dt.UTC)
        if (now - self._scheduled_at).total_seconds() < _SCHEDULES:
            return
        schedules.start_due(self.database, now, self.add_in)
        self._scheduled_at = now

    def _start_waiting(self) -> None:
        while len(self._watched) < self.options.at_once:
            with self.database.writing() as connection:
                take_turn(connection, RUN)
                row = connection.execute(
                    select(server_run.c.id, server_run.c.attempt)
                    .where(server_run.c.state != "ended", server_run.c.state == "queued")
                    .order_by(server_run.c.number)
                    .limit(1)
                ).first()
                if row is None:
                    return
                moment = dt.datetime.now(dt.UTC)
                records.set_to(
                    connection, row.id, state="running", began=moment, attempt=row.attempt + 1
                )
            self._start(self.get(row.id))

    def _start(self, run: Run) -> None:
        job = self._job(run)
        try:
            job.path.mkdir(parents=True)
            scenario = _scenario(job.path.parent, run.asked)
            arguments = run.asked.arguments(scenario, self.evidence(run.id))
            arguments.insert(1, f"{process.JOB_OPTION}={job.path}")
            environment = {**self.options.environment, KEY_VARIABLE: keys.new(run.id, job.path)}
            started = process.start(arguments, job.path, job.output, environment)
        except OSError as error:
            job.path.mkdir(parents=True, exist_ok=True)
            job.claim("server")
            job.says(LastWord(4, f"its process cannot be started: {error.strerror or error}"))
            self._watched[run.id] = (job, None)
            return
        self._watched[run.id] = (job, started)


def _scenario(folder: Path, asked: Asked) -> Path:
    """The file to run: where it is kept, or as it was sent, with what lies beside it."""
    if asked.path is not None:
        return Path(asked.path)
    file = folder / SCENARIO
    for name, text in {SCENARIO: asked.text, **asked.files}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return file


def _unknown(run_id: str) -> NotThere:
    return NotThere("run-not-found", f"there is no run '{run_id[:80]}'")
