"""What a worker does: claim a part in the ledger, plan the run again, take its case, tell the ledger."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.cluster.kept_plans import planned
from scenario_runner.app.cluster.known import Known
from scenario_runner.app.cluster.ledger import NotBegun, RunLedger, Superseded
from scenario_runner.app.cluster.opened_case import opened_case
from scenario_runner.app.cluster.part import sent_part
from scenario_runner.app.cluster.sharing import SendSharing
from scenario_runner.app.cluster.task import Task
from scenario_runner.app.cluster.telling import Telling
from scenario_runner.engine.run import run_case
from scenario_runner.engine.services import Control, Order
from scenario_runner.engine.step import Ending
from scenario_runner.errors import MachineError
from scenario_runner.evidence.digests import Digests
from scenario_runner.redaction import Redactor
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import Claim
    from scenario_runner.app.cluster.request import Replayed

LOST: Final = "lost"
"""The outcome of an attempt that somebody else goes on with."""
NOT_BEGUN: Final = "not begun"
"""The outcome of what the run stopped before."""


def work(task: Task) -> dict[str, Any]:
    """Do a part, unless it is done. Returns how it ended: ``{outcome, message, exit_code, moot, troubles}``.

    Raises FabricatorError for what would keep any worker from doing it.
    """
    require_ledger(task)
    with RunLedger(task.ledger, task.run) as ledger:
        packet = ledger.request()
        if packet is None:
            raise MachineError(
                f"a worker on {socket.gethostname()} finds nothing of the run in its ledger '{task.ledger}'",
                hint="--registry has to name the same database on every machine",
            )
        try:
            claim = ledger.claim(task.part, worker_name())
            if not claim.ending:
                return _done(task, ledger, claim, packet)
        except Superseded:
            return {"outcome": LOST}
        except NotBegun:
            return {"outcome": NOT_BEGUN}
        ending: dict[str, Any] = json.loads(claim.ending)
        return ending


def require_ledger(task: Task) -> None:
    """Raises MachineError for a ledger in a file of another machine's."""
    if isinstance(task.ledger, Path) and not (
        task.ledger.exists() and socket.gethostname() == task.client
    ):
        raise MachineError(
            f"a worker on {socket.gethostname()} does not see the run's ledger, a file on {task.client}",
            hint="workers on several machines need --registry postgresql://USER@HOST/NAME",
        )


def worker_name() -> str:
    """Who this is, for the record."""
    from distributed import get_worker

    return f"{socket.gethostname()} {get_worker().name} (process {os.getpid()})"


def secede() -> None:
    """Let this worker take another task while this one waits for others."""
    from distributed import secede as leave

    leave()


def _done(task: Task, ledger: RunLedger, claim: Claim, packet: bytes) -> dict[str, Any]:
    control = Control()
    with planned(task.run, packet) as run, ExitStack() as stack:
        handover = run.settings.handover
        digests: Digests | None = None
        left = stack.enter_context(ExitStack())
        if handover and os.access(handover, os.W_OK):
            digests = stack.enter_context(Digests())
            folder = Path(tempfile.mkdtemp(dir=handover))
            left.callback(shutil.rmtree, folder, ignore_errors=True)
        else:
            folder = stack.enter_context(TemporaryFolder()) / "run"
            folder.mkdir()
        telling = Telling(
            ledger,
            task.part,
            claim.attempt,
            folder,
            control,
            worker_name(),
            digest=None if digests is None else digests.known,
        )
        given = json.loads(claim.task)
        try:
            if "pieces" in given:
                ending = sent_part(run, ledger, claim, task.part, telling, control)
            else:
                ending = _case(run, ledger, claim, task, telling, control, digests)
            telling.finish(json.dumps(ending))
            left.pop_all()  # what it left is the client's now
        finally:
            telling.leave()
    return ending


def _case(
    run: Replayed,
    ledger: RunLedger,
    claim: Claim,
    task: Task,
    telling: Telling,
    control: Control,
    digests: Digests | None,
) -> dict[str, Any]:
    case = task.part
    with opened_case(run, case, telling, control) as opened:
        job, ends = opened.job, opened.ends
        places = int(run.settings.slots * run.settings.share + 0.01)
        if places > 1:
            job = replace(
                job,
                sharing=SendSharing(
                    ledger, task, claim, telling, places, ends.targets.lasting, work
                ),
            )
            # This thread waits while others, one of them in this process, send.
            secede()
        if claim.attempt > 1:
            parts = ledger.parts_of(case)
            ledger.supersede(parts, telling.worker)
            known, trusted = Known(ledger, [case, *parts], case), opened.trusted
            job = replace(
                job,
                earlier=known.sends.of(case, trusted),
                compared=known.sends.compared_of(case, trusted),
            )
            ends.bus.emit(known.taken_over(case, "", telling.worker, claim))
        services = replace(
            opened.services,
            share=run.settings.share,
            finished=_nobody if digests is None else digests.finished,
        )
        ending = run_case(job, services, Order(from_step=run.kept.from_step), control)
    return told_ending(ending, ends.targets.troubles, ends.redactor)


def _nobody(_: Path, __: str) -> None:
    """Tell nobody of a file that is as it will stay."""


def told_ending(ending: Ending, troubles: list[str], redactor: Redactor) -> dict[str, Any]:
    """How a part ended, as the ledger keeps it."""
    return {
        "outcome": ending.outcome,
        "message": redactor.text(ending.message),
        "exit_code": ending.exit_code,
        "moot": ending.moot,
        "troubles": redactor.tree(troubles),
    }
