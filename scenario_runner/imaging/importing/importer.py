"""All files of an import: looked at first, then rewritten one at a time, and given back as a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import of_the_machine
from scenario_runner.imaging.importing.assign import Identity
from scenario_runner.imaging.importing.scan import Problem, SourceFile
from scenario_runner.imaging.importing.tally import Tally
from scenario_runner.imaging.instance import Instance
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.identity import derive_uid
from scenario_runner.planning.plan import PlannedImage, PlannedSeries

if TYPE_CHECKING:
    from scenario_runner.imaging.importing.deidentify import Policy
    from scenario_runner.planning.plan import PlannedCase, PlannedPatient, PlannedStudy


@dataclass(frozen=True, slots=True)
class Uids:
    """New UIDs for old ones: always the same within a run for one planned patient, and for one seed.

    studies: old StudyInstanceUID to the planned one.
    """

    root: str | None
    scope: tuple[str | int, ...]
    studies: Mapping[str, str]

    def __call__(self, old: str) -> str:
        """The new UID, of at most 64 characters."""
        return self.studies.get(old) or derive_uid(self.root, "import", *self.scope, old)


def uids_of(case: PlannedCase, patient: PlannedPatient, studies: Mapping[str, str]) -> Uids:
    """The mapping for one planned patient.

    It follows from the patient's identifiers too, so that a seed that is run again on one registry
    makes new instances, as generated ones are new.
    """
    first = next(iter(patient.studies), None)
    accession, uid = (first.accession, first.uid) if first else ("", "")
    scope = (case.seed, case.id, patient.id, patient.patient_id, accession, uid)
    return Uids(case.uid_root, scope, studies)


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one series that are alike enough to be sent alike, and the series they become."""

    series: PlannedSeries
    files: Sequence[SourceFile]


def group(
    files: Iterable[SourceFile],
    identities: Mapping[str, Identity],
    uids: Mapping[str, Uids],
    taken: Callable[[PlannedStudy], int],
) -> list[Group]:
    """The series that the files become, in the order of the files; images are there at once.

    uids: by key of the planned patient. taken: how many series of a planned study were imported
    before.
    """
    alike: dict[tuple[str, str, str, str], list[SourceFile]] = {}
    for file in files:
        key = (file.study, file.series, file.sop_class, file.transfer_syntax)
        alike.setdefault(key, []).append(file)
    counts: dict[str, int] = {}
    groups = []
    for members in alike.values():
        study = identities[members[0].study].study
        number = counts.get(study.id, taken(study)) + 1
        counts[study.id] = number
        uid = uids[study.patient.id]
        groups.append(Group(_series(study, members, number, uid), members))
    return groups


def _series(
    study: PlannedStudy, members: Sequence[SourceFile], number: int, uid: Uids
) -> PlannedSeries:
    first = members[0]
    images: list[PlannedImage] = []
    key = f"{study.id}.import{number}"
    series = PlannedSeries(
        id=key,
        path=study.path,
        seed=study.seed,
        uid=uid(first.series),
        number=first.series_number,
        modality=first.modality,
        sop_class_uid=first.sop_class,
        transfer_syntax_uid=first.transfer_syntax,
        description="imported",
        image_count=len(members),
        frames=first.frames,
        rows=first.rows,
        columns=first.columns,
        frame_of_reference_uid="",
        date=study.date,
        time=study.time,
        tags={},
        study=study,
        images=images,
    )
    for place, member in enumerate(members, start=1):
        images.append(
            PlannedImage(
                id=f"{key}.i{place}", uid=uid(member.sop_instance), number=place, series=series
            )
        )
    return series


@dataclass(slots=True)
class Imported:
    """What an import left: files of a folder, by key of the planned image.

    Called with a planned image it gives the instance, read when it is asked for.
    """

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)
    size: int = 0

    def __call__(self, image: PlannedImage) -> Instance:
        """Raises MachineError when the file is gone."""
        try:
            data = self.files[image.id].read_bytes()
        except OSError as error:
            raise of_the_machine("an imported file cannot be read", error) from error
        # Our own file: group length first (PS3.10 7.1), so the data set begins where it says.
        meta = 144 + int.from_bytes(data[140:144], "little")
        return Instance(
            sop_class_uid=image.series.sop_class_uid,
            sop_instance_uid=image.uid,
            transfer_syntax_uid=image.series.transfer_syntax_uid,
            meta=data[:meta],
            buffers=[memoryview(data)[meta:]],
            image=image,
        )

    def discard(self) -> None:
        """Take back everything that was written."""
        for path in self.files.values():
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in self.files.values()} - {self.folder}:
            folder.rmdir()
        self.files.clear()


def bring_in(
    groups: Sequence[Group],
    identities: Mapping[str, Identity],
    uids: Mapping[str, Uids],
    policy: Policy,
    into: Imported,
    tally: Tally,
) -> Iterator[Problem | None]:
    """Rewrite file after file into a folder; yields what was wrong with each one, or None.

    One data set is held at a time. Raises MachineError when the disk does not let us write,
    InvalidInput when the plan's own values cannot be written.
    """
    from scenario_runner.dicom.unreadable import UnreadableError
    from scenario_runner.imaging.importing.rewrite import rewritten

    for one in groups:
        place = into.folder / one.series.id
        for file, image in zip(one.files, one.series.images, strict=True):
            uid = uids[one.series.study.patient.id]
            try:
                instance = rewritten(file, image, identities[file.study].days, policy, uid, tally)
            except UnreadableError as error:
                yield Problem(file.path, str(error))
                continue
            path = place / f"{image.number:06}.dcm"
            try:
                place.mkdir(parents=True, exist_ok=True)
                instance.write(path)
            except OSError as error:
                raise of_the_machine(
                    f"cannot write '{one.series.id}'",
                    error,
                    hint="did an earlier step write to the same folder?",
                ) from error
            into.files[image.id] = path
            into.size += instance.size
            yield None


def studies_plain(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """For the record: which planned studies the files became, and what they hold."""
    found = []
    for study, members in groupby(groups, key=lambda one: one.series.study.id):
        listed = list(members)
        planned = listed[0].series.study
        found.append(
            {
                "study": study,
                "accession": planned.accession,
                "uid": planned.uid,
                "date": planned.date.isoformat(),
                "series": [
                    {
                        "key": one.series.id,
                        "uid": one.series.uid,
                        "modality": one.series.modality,
                        "sop_class": one.series.sop_class_uid,
                        "transfer_syntax": one.series.transfer_syntax_uid,
                        "instances": len(one.files),
                    }
                    for one in listed
                ],
            }
        )
    return found
