"""Which DICOM objects of a case stay in the run folder, as they were sent and as they came back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Retrieved
from scenario_runner.errors import of_the_machine
from scenario_runner.events import Attached

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.engine.state import CaseState
    from scenario_runner.planning.plan import PlannedImage

_LISTED = 50
"""Objects of a case that its record names one by one; the others lie beside them."""


def keep_objects(state: CaseState, *, passed: bool) -> None:
    """Keep what the run's policy asks for, before the case's scratch folder goes.

    Under ``failed`` that is, of a case that did not pass, every object that was not stored or that a check found
    otherwise than it should be. Objects whose pixels may show somebody real are never kept. Raises MachineError.
    """
    if state.keep == "none" or (passed and state.keep == "failed"):
        return
    place = f"evidence/c{state.job.number:03}/objects"
    for number, (name, image, step, write) in enumerate(_chosen(state)):
        path = state.services.folder / place / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
        except OSError as error:
            raise of_the_machine(f"cannot keep '{name}'", error) from error
        if number < _LISTED:
            state.services.bus.emit(
                Attached(
                    case=state.job.case.id,
                    id=step,
                    path=f"{place}/{name}",
                    media_type="application/dicom",
                    title=f"{image} {name.partition('/')[0]}",
                    subject={"image": image},
                )
            )


def _chosen(state: CaseState) -> Iterator[tuple[str, str, str, Callable[[Path], object]]]:
    """Name within the folder, key of the image, step, and how it is written."""
    everything = state.keep == "all"
    last = next(reversed(state.durations), "")
    ever = state.ledger.ever()
    for uid, sent in ever.items():
        image = sent.image
        step = state.suspects.get(image.id) or state.suspects.get(uid)
        if (step or everything) and image.series.id not in state.ledger.hidden:
            made = _instance_of(state, image)
            yield f"sent/{image.id}.dcm", image.id, step or last, made
    for saved_by, uid, file in _retrieved(state.values):
        planned = ever[uid].image if uid in ever else None
        name = planned.id if planned else uid
        step = state.suspects.get(name) or state.suspects.get(uid)
        hidden = planned is not None and planned.series.id in state.ledger.hidden
        if (step or everything) and not hidden:
            yield f"{saved_by}/{name}.dcm", name, step or saved_by, _copy_of(file)


def _instance_of(state: CaseState, image: PlannedImage) -> Callable[[Path], object]:
    """Make it once more; it is the same, byte for byte."""

    def write(path: Path) -> None:
        source = state.ledger.source(image.series)
        if source is not None:
            source(image).write(path)
        else:
            changes: Mapping[str, Any] = state.ledger.modifications(image.series)
            state.factory.instance(image, changes).write(path)

    return write


def _copy_of(file: Path) -> Callable[[Path], object]:
    return lambda path: shutil.copyfile(file, path)


def _retrieved(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Path]]:
    """Step, SOP instance UID and file of everything that was fetched back."""
    for step, value in list(values.items()):
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, Retrieved):
                name = f"{step}-{number}" if isinstance(value, list) else step
                for uid, file in one.files.items():
                    yield name, uid, file


def suspected(differences: Iterator[str]) -> Iterator[str]:
    """Keys or UIDs of objects, from what differences are about: ``p1.s1.e1.i3 frame 2`` is about ``p1.s1.e1.i3``."""
    for subject in islice(differences, 1000):
        if words := subject.split():
            yield words[0]
