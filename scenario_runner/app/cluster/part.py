"""What a worker does that sends a part of another one's ``send``."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import StoreStatus
from scenario_runner.app.cluster.known import Known
from scenario_runner.app.cluster.opened_case import opened_case
from scenario_runner.engine.part import Place, part_of_step
from scenario_runner.errors import Defect, FabricatorError, Interrupted, TargetError, UsageError
from scenario_runner.redaction import Redactor
from scenario_runner.steps.send import Send

if TYPE_CHECKING:
    from scenario_runner.api import SentInstance
    from scenario_runner.app.cluster.ledger import Claim, RunLedger
    from scenario_runner.app.cluster.request import Replayed
    from scenario_runner.app.cluster.telling import Telling
    from scenario_runner.engine.services import Control

TROUBLES: Final[Mapping[str, type[FabricatorError]]] = {
    "target": TargetError,
    "usage": UsageError,
    "defect": Defect,
}
"""What may keep a worker from sending all of its part, as the ledger names it; anything else is the machine's."""


def sent_part(
    run: Replayed,
    ledger: RunLedger,
    claim: Claim,
    part: str,
    telling: Telling,
    control: Control,
) -> dict[str, Any]:
    """Send what is left of a part, and say how that ended: ``{outcome, opened, associations, trouble}``."""
    work = json.loads(claim.task)
    case = work["case"]
    trouble: dict[str, Any] | None = None
    step = Send.model_validate(work["with"])
    associations: list[Mapping[str, Any]] = []
    with opened_case(run, case, telling, control) as opened:
        ends = opened.ends
        others = [one for one in ledger.parts_of(case) if one != part]
        before = Known(ledger, [case, *others, part], case)
        job = replace(opened.job, earlier=before.sends.of(case, opened.trusted))
        done: set[str] = set()
        if claim.attempt > 1:
            mine = Known(ledger, [part], case)
            done = mine.stored
            ends.bus.emit(mine.taken_over(case, work["name"], telling.worker, claim))
        services = replace(opened.services, share=run.settings.share / work["parts"])
        place = Place(work["entry"], work["step"], work["attempt"])
        # Others of the same step number their files from 1 as well.
        folder = f"part-{hashlib.sha256(part.encode()).hexdigest()[:12]}-{claim.attempt}"
        try:
            with part_of_step(job, services, place, folder, control) as context:
                every = {one.id: one for one in job.case.series()}
                images = (
                    image
                    for key, start, stop in work["pieces"]
                    for image in map(every[key].images.__getitem__, range(start, stop))
                    if image.id not in done
                )
                contexts = [(one, other) for one, other in work["contexts"]]
                note = partial(_note, telling, ends.redactor)
                step.send_part(context, contexts, images, note, associations.append)
        except Interrupted:
            pass  # the case is told the same, and says so
        except FabricatorError as error:
            kind = next((name for name, one in TROUBLES.items() if isinstance(error, one)), "")
            trouble = {
                "kind": kind,
                "message": ends.redactor.text(str(error)),
                "hint": ends.redactor.tree(error.hint),
            }
    return {
        "outcome": "passed" if trouble is None else "error",
        "opened": len(associations),
        "associations": ends.redactor.tree(associations[:1]),
        "trouble": trouble,
    }


def _plain(status: StoreStatus) -> dict[str, Any]:
    """What a status says that is not said by leaving it out; there may be a million."""
    return {
        name: value
        for name, default in _defaults().items()
        if (value := getattr(status, name)) != default
    }


@cache
def _defaults() -> Mapping[str, Any]:
    return {one.name: one.default for one in dataclasses.fields(StoreStatus)}


def _note(telling: Telling, redactor: Redactor, sent: SentInstance) -> None:
    """Tell the step that a part belongs to what became of an instance; a ledger outlives a run that is killed."""
    telling.stored(
        {
            "series": sent.image.series.id,
            "index": sent.image.index,
            "status": _plain(redactor.tree(sent.status)),
            "earlier": sent.earlier,
            "at": time.time(),
        }
    )
