"""Instances made once, before anything is sent, and sent from where they were kept."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.plans import Nowhere
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.imaging.instance import Instance
from scenario_runner.imaging.write_behind import write_behind
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Factory
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries, PlannedStudy

Place = Callable[[int, "PlannedImage"], Path]
"""Where an image of the n-th case (from 1) is kept."""


@dataclass(frozen=True, slots=True)
class _Kept:
    series: PlannedSeries
    path: Path
    meta: int
    """How many bytes stand before the data set."""
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    clean: Instance | None


@dataclass(slots=True)
class Objects:
    """Part 10 files of a whole plan, and a factory that reads them instead of making them again."""

    place: Place
    _kept: dict[tuple[str, str], list[_Kept]] = field(default_factory=lambda: defaultdict(list))
    _made_for: Mapping[str, str] | None = None

    def make(
        self,
        plans: Plans,
        factory: Factory,
        told: Callable[[int, Instance, Path], object] = lambda *_: None,
    ) -> None:
        """Make and keep every image of a plan, unless that was done already.

        told: is given the number of the case, the instance and its file, once that is written. Raises MachineError, UsageError for a file that is there, PluginError.
        """
        wanted = plans.write_json(Nowhere())
        if wanted == self._made_for:
            return
        self._forget()
        for number, job in enumerate(plans.jobs, start=1):
            instances = (factory.instance(image, {}) for image in job.case.images())
            try:
                with plans.blaming():
                    for instance in write_behind(instances, self._placed(number)):
                        assert instance.image is not None
                        told(number, instance, self.place(number, instance.image))
            except FileExistsError as error:
                raise UsageError(
                    f"'{error.filename}' is there already; nothing is overwritten",
                    hint="give a folder that is not there yet",
                ) from error
            except OSError as error:
                name = f" '{error.filename}'" if error.filename else ""
                raise of_the_machine(f"cannot write{name}", error) from error
        self._made_for = wanted

    def factory(self, inner: Factory) -> Factory:
        """A factory that reads what is kept; what steps change on the way is made by the inner one."""
        return _Reading(self._kept, inner)

    def _placed(self, case: int) -> Callable[[Instance], Path]:
        def place(instance: Instance) -> Path:
            image = instance.image
            assert image is not None
            path = self.place(case, image)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._kept[image.id, image.uid].append(
                _Kept(
                    image.series,
                    path,
                    len(instance.meta),
                    instance.sop_class_uid,
                    instance.sop_instance_uid,
                    instance.transfer_syntax_uid,
                    # Few are broken on purpose, and what they were before is wanted for their picture.
                    instance.clean,
                )
            )
            return path

        return place

    def _forget(self) -> None:
        """Take away what was kept for another plan."""
        for kept in self._kept.values():
            for one in kept:
                with contextlib.suppress(OSError):
                    one.path.unlink()
        self._kept.clear()
        self._made_for = None


@dataclass(frozen=True, slots=True)
class _Reading:
    kept: Mapping[tuple[str, str], list[_Kept]]
    inner: Factory

    def instance(self, image: PlannedImage, modifications: Mapping[str, Any]) -> Instance:
        """See Factory."""
        found = None if modifications else self._find(image)
        if found is None:
            return self.inner.instance(image, modifications)
        try:
            content = memoryview(found.path.read_bytes())
        except OSError as error:
            raise of_the_machine(f"cannot read '{found.path}' again", error) from error
        return Instance(
            sop_class_uid=found.sop_class_uid,
            sop_instance_uid=found.sop_instance_uid,
            transfer_syntax_uid=found.transfer_syntax_uid,
            meta=bytes(content[: found.meta]),
            buffers=(content[found.meta :],),
            image=image,
            clean=found.clean,
        )

    def _find(self, image: PlannedImage) -> _Kept | None:
        """Cases of a matrix may have the same UIDs by ``tags``; then their series tell them apart."""
        kept = self.kept.get((image.id, image.uid), ())
        return next((one for one in kept if one.series == image.series), None)


@contextlib.contextmanager
def forgotten() -> Iterator[Objects]:
    """Objects in a folder of their own, which is removed afterwards."""
    with TemporaryFolder() as folder:
        yield Objects(
            lambda case, image: folder / str(case) / image.series.id / f"{image.number:06}"
        )


def in_folder(
    folder: Path, named: Callable[[PlannedStudy], str | None] = lambda _: None
) -> Objects:
    """Objects that stay: ``study_{n}/series_{nnn}_{MODALITY}/slice_{nnnn}.dcm`` in an empty folder.

    n counts the studies of the plan, unless a study is ``named``; nnn is the SeriesNumber, nnnn the InstanceNumber. Raises UsageError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"'{folder}' is not an empty folder", hint="give a folder that is not there yet"
        )
    studies: dict[tuple[int, str], int] = {}
    taken: dict[Path, tuple[int, str]] = {}

    def place(case: int, image: PlannedImage) -> Path:
        series = image.series
        number = studies.setdefault((case, series.study.id), len(studies) + 1)
        name = named(series.study) or number
        within = folder / f"study_{name}" / f"series_{series.number:03}_{series.modality}"
        wanted = within / f"slice_{image.number:04}.dcm"
        # Numbers need not be unique: neither of series in a study, nor of images in a series.
        if taken.setdefault(wanted, (case, image.id)) != (case, image.id):
            return within / f"slice_{image.number:04}_{image.id.rpartition('.e')[2]}.dcm"
        return wanted

    return Objects(place)
