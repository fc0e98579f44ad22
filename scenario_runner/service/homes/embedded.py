"""The home that is an archive of ours: the one the embedded PACS serves, in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.index import Sorting
from scenario_runner.archive.narrowing import Below, Condition, between, has_modality, name_contains
from scenario_runner.archive.together import GoneError, keep_all, replace_all
from scenario_runner.service.errors import Conflicting, Unavailable
from scenario_runner.service.homes.comparing import same_end
from scenario_runner.service.homes.home import (
    ORDERS,
    Change,
    InstanceFacts,
    Kept,
    Order,
    StudyFacts,
    Wanted,
)

if TYPE_CHECKING:
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.files import Buffer
    from scenario_runner.archive.index import Located
    from scenario_runner.archive.outcomes import Arrived

_COLUMNS: Final = (
    "StudyInstanceUID", "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex",
    "AccessionNumber", "StudyDate", "StudyTime", "StudyDescription", "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_SORTED: Final[Mapping[Order, str]] = {
    "stored": "id",
    "date": "StudyDate",
    "patient": "PatientID",
    "accession": "AccessionNumber",
}
"""Columns that have an index."""
_TIMES: Final = 5
"""That a study is looked at anew which others change."""


class EmbeddedHome:
    """Studies in an archive of this process."""

    keeps_files = True
    orders = ORDERS

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    @property
    def staging(self) -> Archive:
        """The archive itself: what is taken in and kept only changes its name."""
        return self.archive

    def check(self) -> None:
        """By looking something up that is not there, and at the folder. Raises MachineError."""
        self.archive.check()

    def foreseen(self, arrived: Sequence[Arrived]) -> list[Kept | None]:
        """By the bytes of what is there under the same UID."""
        uids = [one.meta.sop_instance_uid for one in arrived]
        there = self.archive.index.held([("SOPInstanceUID", uids)]) if uids else {}
        return [
            self._second(one) if one.meta.sop_instance_uid in there else None for one in arrived
        ]

    def keep(self, arrived: Sequence[Arrived]) -> list[Kept]:
        """Store all at once; of an instance that is there, say whether it is the same one."""
        found = [_unless_same(one) for one in self.foreseen(arrived)]
        for one, how in zip(arrived, found, strict=True):
            if how is not None:
                self.archive.discard(one)
        fresh = [one for one, how in zip(arrived, found, strict=True) if how is None]
        stored = iter(keep_all(self.archive, fresh))
        return [
            how or Kept("new" if next(stored).outcome == "new" else "duplicate") for how in found
        ]

    def _second(self, one: Arrived) -> Kept | None:
        """What there is to say of an instance whose UID is known; nothing where the first has just gone."""
        there = self.archive.index.locate(one.meta.sop_instance_uid)
        if there is None:
            return None
        if (there.size, there.transfer_syntax_uid) != (one.size, one.meta.transfer_syntax_uid):
            return Kept("conflict")
        try:
            is_same = same_end(self._path(there), one.written, one.size)
        except Unavailable as error:
            return Kept("failed", error.message)
        return Kept("duplicate" if is_same else "conflict")

    def page(self, wanted: Wanted, limit: int, offset: int) -> tuple[list[StudyFacts], int]:
        """Studies out of the index."""
        restrictions: list[tuple[str, Sequence[str]]] = []
        if wanted.study_uids is not None:
            if not wanted.study_uids:
                return [], 0
            restrictions.append(("StudyInstanceUID", wanted.study_uids))
        if wanted.patient_id is not None:
            restrictions.append(("PatientID", [wanted.patient_id]))
        if wanted.accession_number is not None:
            restrictions.append(("AccessionNumber", [wanted.accession_number]))
        rows, total = self.archive.index.page(
            _COLUMNS,
            restrictions,
            limit,
            offset,
            _conditions(wanted),
            Sorting(_SORTED[wanted.order], ascending=wanted.ascending),
        )
        return [_facts(row) for row in rows], total

    def instances(self, study_uid: str) -> list[InstanceFacts]:
        """Out of the index."""
        return [_instance(one) for one in self.archive.instances(study_uids=[study_uid])]

    def has(self, study_uid: str, sop_instance_uid: str) -> bool:
        """Out of the index."""
        there = self.archive.index.locate(sop_instance_uid)
        return there is not None and there.study_instance_uid == study_uid

    @contextmanager
    def files(
        self, study_uid: str, sop_instance_uid: str | None = None
    ) -> Iterator[Iterator[tuple[InstanceFacts, Path]]]:
        """The files as they lie now; they stay until this ends, whatever becomes of the study meanwhile."""
        only = [] if sop_instance_uid is None else [sop_instance_uid]
        for _ in range(_TIMES):
            found = self.archive.instances(study_uids=[study_uid], sop_uids=only)
            try:
                held = self.archive.files.held([one.file for one in found])
            except FileNotFoundError:
                self._require(found)
            else:
                break
        else:
            raise _changing()
        try:
            yield zip(map(_instance, found), held.paths, strict=True)
        finally:
            held.release()

    def _require(self, found: Sequence[Located]) -> None:
        """Raise Unavailable where a file is not there and its instance is: somebody took it out of the folder."""
        for one in found:
            gone = not self.archive.files.path(one.file).exists()
            if gone and self.archive.index.locate(one.sop_instance_uid) == one:
                self._path(one)

    def _path(self, one: Located) -> Path:
        """Where a file lies. Raises Unavailable for one that somebody has taken out of the folder."""
        path = self.archive.files.path(one.file)
        try:
            path.stat()
        except OSError as error:
            raise Unavailable(
                "cannot-be-read",
                f"the file of instance {one.sop_instance_uid} cannot be read: {error.strerror}",
                hint="see that the archive's folder is there, or restore it from a back-up",
            ) from error
        return path

    def change(self, study_uid: str, change: Change) -> int:
        """All in one transaction; what others store into the study meanwhile makes it begin anew."""
        for _ in range(_TIMES):
            found = self.archive.instances(study_uids=[study_uid])
            try:
                replace_all(self.archive, self._changed(found, change), len(found))
            except GoneError:
                continue
            return len(found)
        raise _changing()

    def _changed(
        self, found: Sequence[Located], change: Change
    ) -> Iterator[tuple[Located, Sequence[Buffer]]]:
        for one in found:
            try:
                data = self.archive.data(one)
            except FileNotFoundError as error:
                if self.archive.index.locate(one.sop_instance_uid) == one:
                    self._path(one)
                raise GoneError from error
            yield one, [change(data, one.transfer_syntax_uid)]

    def delete(self, study_uid: str) -> bool:
        """Out of the archive, for good."""
        return self.archive.delete_study(study_uid)

    def settle(self) -> None:
        """Nothing is left: the archive has seen to it when it was opened."""

    def on_settled(self, tell: Callable[[str], object]) -> None:
        """Nobody is ever told."""

    def close(self) -> None:
        """Close the archive."""
        self.archive.close()


def _changing() -> Conflicting:
    return Conflicting(
        "study-is-changing",
        "the study is being changed by others",
        hint="try again in a moment",
    )


def _conditions(wanted: Wanted) -> list[Condition | Below]:
    """What else a study has to meet."""
    found: list[Condition | Below] = []
    if wanted.patient_name is not None:
        found.append(name_contains(wanted.patient_name))
    if wanted.modality is not None:
        found.append(has_modality(wanted.modality))
    if wanted.days is not None:
        found.append(between("studies.StudyDate", *wanted.days.ends))
    return found


def _facts(row: Sequence[object]) -> StudyFacts:
    texts = [str(value) for value in row[:10]]
    return StudyFacts(
        study_instance_uid=texts[0],
        patient_id=texts[1],
        issuer=texts[2],
        patient_name=texts[3],
        birth_date=texts[4],
        sex=texts[5],
        accession_number=texts[6],
        study_date=texts[7],
        study_time=texts[8],
        description=texts[9],
        modalities=tuple(sorted(filter(None, str(row[10] or "").split("\\")))),
        series=int(str(row[11])),
        instances=int(str(row[12])),
    )


def _instance(one: Located) -> InstanceFacts:
    return InstanceFacts(
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        series_instance_uid=one.series_instance_uid,
        transfer_syntax_uid=one.transfer_syntax_uid,
        size=one.size,
        file=one.file,
    )


def _unless_same(second: Kept | None) -> Kept | None:
    """What keeps an instance from being handed over; of the same one the archive looks again under its lock."""
    return None if second is not None and second.outcome == "duplicate" else second
