"""The real files that the imports of a plan would send, rewritten beforehand to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.app.foretold import known_of
from scenario_runner.errors import FabricatorError
from scenario_runner.imaging.importing.assign import Assigned
from scenario_runner.imaging.importing.importer import Imported
from scenario_runner.imaging.importing.taking import Before, NotTaken
from scenario_runner.imaging.importing.tally import Tally
from scenario_runner.language.scenario import source_of, step_parameters
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.steps.import_ import Import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.engine.services import Job
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.language.entries import StepEntry


@dataclass(frozen=True, slots=True)
class Previewed:
    """An image as it would be sent. pictured: its pixels may show who it is."""

    instance: Instance
    path: Path
    pictured: bool


def previewed_imports(job: Job, folder: Path) -> Iterator[Previewed | str]:
    """What each import of a case makes of its files, in order; of one that cannot be shown why, in words.

    folder: where what is rewritten is kept, and has to stay while it is looked at. Raises MachineError.
    """
    scenario = job.scenario
    before = Before(Assigned(), [])
    known = known_of(job.case)
    for entry in (*scenario.setup, *scenario.steps, *scenario.final):
        if entry.step != Import.name:
            continue
        name = f"{job.case.name}, step '{entry.id}'"
        step = _parameters(entry, known)
        if step is None:
            yield f"{name} imports what the run decides; it is not shown here"
            continue
        try:
            taking = step.decide((source_of(entry, one) for one in step.names), job.case, before)
        except NotTaken as error:
            yield f"{name} will import nothing: {_why(error)}"
            continue
        into = Imported(folder / entry.id)
        wrong = [one for one in taking.rewrite(step.policy(), into, Tally()) if one is not None]
        if wrong:
            yield f"{name} will import nothing: {wrong[0].file.name}: {wrong[0].message}"
            continue
        series = [one.series for one in taking.groups]
        before = Before(taking.assigned, [*before.series, *series])
        pictured = {one.id for one in taking.pictured}
        for one in series:
            for image in one.images:
                yield Previewed(into(image), into.files[image.id], one.id in pictured)


def _parameters(entry: StepEntry, known: dict[str, object]) -> Import | None:
    """None of a step that may be left out, comes several times, or waits for a value of the run."""
    if entry.when is not None or entry.for_each is not None or entry.repeat is not None:
        return None
    if entry.late.get("repeat") is not None:
        return None
    try:
        scope = known if entry.use is None else entry.use.scope.names(known)
        return step_parameters(entry, Import, scope)
    except FabricatorError:
        return None


def _why(error: NotTaken) -> str:
    if not error.problems:
        return str(error)
    first = error.problems[0]
    more = len(error.problems) - 1
    others = f" ({amount(more, 'other file')} as well)" if more else ""
    return f"{first.file.name}: {first.message}{others}"
