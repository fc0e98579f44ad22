"""The step ``generate``: build the planned instances."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator

from scenario_runner.api import Model, RunFolder, Saved, Step, StepContext, StepResult, Text
from scenario_runner.api.modified import Modified
from scenario_runner.dicom.levels import UIDS
from scenario_runner.errors import Advised, of_the_machine
from scenario_runner.imaging.write_behind import write_behind
from scenario_runner.planning.plan import PlannedImage, PlannedSeries

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance

_IDENTITY = {*UIDS, "SOPClassUID"}


class Only(Model):
    """Which of the planned images; all that is given must fit, of a list one of its values."""

    patient: Text | list[Text] | None = None
    """A PatientID, or the plan's key such as ``p1``; or a list of them."""
    study: Text | list[Text] | None = None
    """An accession number, a StudyInstanceUID, or the plan's key such as ``p1.s2``; or a list of them."""
    series: Text | list[Text] | None = None
    """A SeriesInstanceUID, or the plan's key such as ``p1.s2.e1``; or a list of them."""
    modality: Text | list[Text] | None = None
    """Series of this modality, or of those in a list."""

    def takes(self, series: PlannedSeries) -> bool:
        """Whether the images of this series are meant."""
        study, patient = series.study, series.study.patient
        return (
            _fits(self.patient, patient.patient_id, patient.id)
            and _fits(self.study, study.accession, study.uid, study.id)
            and _fits(self.series, series.uid, series.id)
            and _fits(self.modality, series.modality)
        )


def _fits(wanted: str | list[str] | None, *names: str | None) -> bool:
    """Whether one of the names is wanted; None wants all."""
    if wanted is None:
        return True
    return any(name in names for name in ([wanted] if isinstance(wanted, str) else wanted))


class Generate(Step):
    """Build the planned instances; without ``to`` they stream straight into ``send``.

    ``save_as`` gives the selection, which ``send: {what: NAME}`` and ``stored`` understand.
    """

    name: ClassVar[str] = "generate"
    selects: ClassVar[bool] = True
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "generate: {to: dicom}"

    to: RunFolder | None = None
    """Write Part 10 files into this folder inside the run folder."""
    only: Only | None = None
    """Take only a part of the plan; what is left out is not sent either."""
    modify: Modified = Field(default={})
    """Set attributes in every instance of this selection, after ``tags``: ``{StationName: CT1}``."""

    @field_validator("modify")
    @classmethod
    def _keeps_identities(cls, value: Any) -> Any:
        if isinstance(value, dict) and (fixed := _IDENTITY & value.keys()):
            raise Advised(
                f"{', '.join(sorted(fixed))} belongs to the plan",
                "set it with 'tags' on a patient, study or series",
            )
        return value

    def run(self, context: StepContext) -> StepResult:
        """Build what can be shown or written. Raises MachineError when the disk does not let us."""
        chosen = tuple(
            series
            for series in context.case.series()
            if self.only is None or self.only.takes(series)
        )
        total = sum(series.image_count for series in chosen)
        if total == 0:
            why = (
                "the plan has no image" if self.only is None else "no image of the plan fits 'only'"
            )
            return StepResult(outcome="failed", message=why)
        keys = [series.id for series in chosen]
        context.ledger.generate(context.step_id, chosen, self.modify)
        if self.to is None:
            firsts = (series.images[0] for series in chosen)
            for instance in context.instances(firsts):
                context.preview(instance)
            message = f"{total} planned in {len(chosen)} series, built as they are sent"
        else:
            size = self._write(context, chosen, total)
            message = f"{total} written to {self.to}, {size / 1e6:.1f} MB"
        return StepResult(
            message=message,
            value={"series": keys, "images": total},
            facts={"series": len(chosen), "images": total, "modified": sorted(self.modify)},
        )

    def _write(self, context: StepContext, chosen: tuple[PlannedSeries, ...], total: int) -> int:
        """Write one file per instance, ``<series key>/<number>.dcm``; returns bytes written."""
        assert self.to is not None
        folder = context.folder(self.to)
        size = 0
        made: set[Path] = set()

        def place(instance: Instance) -> Path:
            image = instance.image
            assert image is not None
            of_series = folder / image.series.id
            if of_series not in made:
                of_series.mkdir(parents=True, exist_ok=True)
                made.add(of_series)
            return of_series / f"{image.index + 1:06}.dcm"

        images: Iterator[PlannedImage] = (image for series in chosen for image in series.images)
        written = write_behind(context.instances(images), place)
        for done, instance in enumerate(self._told(written), start=1):
            context.finished(place(instance))
            context.preview(instance)
            size += instance.size
            context.progress(done, total)
            context.deadline.check()
        return size

    def _told(self, written: Iterator[Instance]) -> Iterator[Instance]:
        """The same, with what goes wrong in words for the report."""
        try:
            yield from written
        except OSError as error:
            series = f"/{Path(error.filename).parent.name}" if error.filename else ""
            raise of_the_machine(
                f"cannot write '{self.to}{series}'",
                error,
                hint="did an earlier step write to the same folder?",
            ) from error
