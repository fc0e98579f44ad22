"""The home that is a target of a site: any PACS, spoken to by what the site file says it offers.

What is uploaded is acknowledged instance by instance; how a study is corrected there, ``corrections`` says.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import Received, StoreStatus
from scenario_runner.api.get_contexts import Held, known, portions
from scenario_runner.api.operations import FindRequest
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.part10 import file_of
from scenario_runner.dicom.retrieve_keys import Level
from scenario_runner.errors import OperationFailed, TargetError
from scenario_runner.service.homes.answered_rows import SORTED, facts, fits, integer, plain, text
from scenario_runner.service.homes.brought import Brought
from scenario_runner.service.homes.corrections import Corrections
from scenario_runner.service.homes.home import (
    Change,
    InstanceFacts,
    Kept,
    Order,
    StudyFacts,
    Wanted,
)
from scenario_runner.service.homes.sending import (
    LISTED_WITHIN,
    SECONDS,
    File,
    file_at,
    kept_by,
    send,
    unlisted,
)

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.outcomes import Arrived

LOGGER = logging.getLogger(__name__)
_DROPPED: Final = (
    "the archive answered that it has stored it, and does not list it {:.0f} s later: a filter or rule there drops it, or "
    "it takes longer ('stored_within' in the site file)"
)
_PATIENCE: Final = 5.0
"""Seconds in which a PACS that is well says that it is there."""
_RETURNED: Final = (
    "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex",
    "AccessionNumber", "StudyDate", "StudyTime", "StudyDescription", "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip


class TargetHome:
    """Studies on a PACS. staging: where files are taken in; folder: where corrections are written down."""

    keeps_files = False
    orders: tuple[Order, ...] = ("date", "patient", "accession")

    def __init__(self, target: Target, staging: Archive, folder: Path) -> None:
        self._target = target
        self._staging = staging
        self.brought = Brought(self, folder / "brought")
        """Copies of studies that are looked at."""
        self._within = max(LISTED_WITHIN, target.expects.stored_within or 0.0)
        self._corrections = Corrections(
            target,
            folder / "correcting",
            self._uids,
            self.brought.forget,
            within=self._within,
        )

    @property
    def staging(self) -> Archive:
        """Of files that are on their way."""
        return self._staging

    def check(self) -> None:
        """By C-ECHO, or as DICOMweb is asked. Raises TargetError."""
        self._target.echo(Deadline(_PATIENCE))

    def foreseen(self, arrived: Sequence[Arrived]) -> list[Kept | None]:
        """By what the PACS lists of their studies: there is no telling whether it is the same instance."""
        studies = {one.attributes["StudyInstanceUID"] for one in arrived}
        self._corrections.settle(studies)
        there = {study: self._uids(study) for study in studies}
        return [
            Kept("duplicate")
            if one.meta.sop_instance_uid in there[one.attributes["StudyInstanceUID"]]
            else None
            for one in arrived
        ]

    def keep(self, arrived: Sequence[Arrived]) -> list[Kept]:
        """Send what is not there yet; of each instance what the PACS said, and whether it lists it then."""
        studies = {one.attributes["StudyInstanceUID"] for one in arrived}
        self._corrections.settle(studies)
        try:
            with self._corrections.beside(studies):
                return self._keep(arrived, studies)
        finally:
            for one in arrived:
                self._staging.discard(one)

    def _keep(self, arrived: Sequence[Arrived], studies: Iterable[str]) -> list[Kept]:
        there = {study: self._uids(study) for study in studies}
        fresh: dict[str, File] = {}
        for one in arrived:
            uid = one.meta.sop_instance_uid
            if uid not in there[one.attributes["StudyInstanceUID"]]:
                fresh.setdefault(uid, file_at(one.written))
        said: dict[str, StoreStatus] = {}
        gone = "no answer"
        try:
            send(self._target, list(fresh.values()), said)
        except TargetError as error:
            if not said:
                raise  # nothing is there, of none of them
            gone = error.message
        dropped = self._dropped(arrived, said)
        first: dict[str, Kept] = {}
        found: list[Kept] = []
        for one in arrived:
            uid = one.meta.sop_instance_uid
            if uid in first:  # what became of the first became of both
                before = first[uid]
                found.append(Kept("duplicate") if before.outcome == "new" else before)
                continue
            if uid in dropped:
                how = Kept("failed", _DROPPED.format(self._within))
            elif uid in said:
                how = kept_by(said[uid])
            elif uid in fresh:
                how = Kept("failed", f"the archive went away and did not say it has it: {gone}")
            else:
                how = Kept("duplicate")
            first[uid] = how
            found.append(how)
        return found

    def _dropped(self, arrived: Sequence[Arrived], said: Mapping[str, StoreStatus]) -> set[str]:
        """What the PACS has said to have stored and does not have; nothing where it cannot be asked any more."""
        taken: dict[str, set[str]] = {}
        for one in arrived:
            uid = one.meta.sop_instance_uid
            if uid in said and kept_by(said[uid]).outcome == "new":
                taken.setdefault(one.attributes["StudyInstanceUID"], set()).add(uid)
        dropped: set[str] = set()
        try:
            for study, uids in taken.items():
                dropped |= unlisted(uids, partial(self._uids, study), self._within)
        except TargetError as error:
            LOGGER.warning("it was not asked what the archive has of an upload: %s", error)
        return dropped

    def _uids(self, study_uid: str) -> set[str]:
        return {one.sop_instance_uid for one in self._list(study_uid)}

    def page(self, wanted: Wanted, limit: int, offset: int) -> tuple[list[StudyFacts], int]:
        """By a query for all that fit; the newest first."""
        self._corrections.settle(wanted.study_uids)
        match: dict[str, Any] = {}
        if wanted.study_uids is not None:
            if not wanted.study_uids:
                return [], 0
            match["StudyInstanceUID"] = list(wanted.study_uids)
        if wanted.patient_id is not None:
            match["PatientID"] = plain(wanted.patient_id)
        if wanted.accession_number is not None:
            match["AccessionNumber"] = plain(wanted.accession_number)
        if wanted.days is not None:
            match["StudyDate"] = wanted.days.key
        request = FindRequest(level="study", match=match, returned=_RETURNED)
        found = [facts(one) for one in self._target.find(request, Deadline(SECONDS))]
        found = [one for one in found if fits(one, wanted)]
        found.sort(key=SORTED[wanted.order], reverse=not wanted.ascending)
        return found[offset : offset + limit], len(found)

    def search(self, request: FindRequest) -> list[dict[str, Any]]:
        """Any query, answered as plain values. Raises TargetError."""
        named = request.match.get("StudyInstanceUID")
        self._corrections.settle([named] if isinstance(named, str) and named else named or None)
        return self._target.find(request, Deadline(SECONDS))

    def instances(self, study_uid: str) -> list[InstanceFacts]:
        """By a query for the series and one for the instances of each."""
        self._corrections.settle([study_uid])
        return self._list(study_uid)

    def _list(self, study_uid: str) -> list[InstanceFacts]:
        deadline = Deadline(SECONDS)
        series = self._target.find(
            FindRequest(
                level="series", match={"StudyInstanceUID": study_uid}, returned=("SeriesNumber",)
            ),
            deadline,
        )
        found: list[InstanceFacts] = []
        for uid in sorted(text(one, "SeriesInstanceUID") for one in series):
            request = FindRequest(
                level="image",
                match={"StudyInstanceUID": study_uid, "SeriesInstanceUID": uid},
                returned=("SOPClassUID", "InstanceNumber"),
            )
            rows = self._target.find(request, deadline)
            rows.sort(key=lambda one: (integer(one, "InstanceNumber"), text(one, "SOPInstanceUID")))
            found += [
                InstanceFacts(
                    sop_class_uid=text(one, "SOPClassUID"),
                    sop_instance_uid=text(one, "SOPInstanceUID"),
                    series_instance_uid=uid,
                )
                for one in rows
            ]
        return found

    def has(self, study_uid: str, sop_instance_uid: str) -> bool:
        """By a query."""
        return any(one.sop_instance_uid == sop_instance_uid for one in self.instances(study_uid))

    @contextmanager
    def files(
        self, study_uid: str, sop_instance_uid: str | None = None
    ) -> Iterator[Iterator[tuple[InstanceFacts, Path]]]:
        """Retrieved into a folder that goes again."""
        self._corrections.settle([study_uid])
        with self._files(study_uid, sop_instance_uid) as files:
            yield files

    @contextmanager
    def _files(
        self, study_uid: str, sop_instance_uid: str | None = None
    ) -> Iterator[Iterator[tuple[InstanceFacts, Path]]]:
        found = [
            one for one in self._list(study_uid) if sop_instance_uid in (None, one.sop_instance_uid)
        ]
        with tempfile.TemporaryDirectory(dir=self._staging.folder) as name:
            came = self._retrieve(study_uid, found, Path(name)) if found else {}
            yield (
                (one, came[one.sop_instance_uid]) for one in found if one.sop_instance_uid in came
            )

    def _retrieve(
        self, study_uid: str, wanted: Sequence[InstanceFacts], folder: Path
    ) -> dict[str, Path]:
        came: dict[str, Path] = {}

        def take(one: Received) -> None:
            path = folder / f"{len(came)}.dcm"
            with path.open("wb") as file:
                file.writelines(file_of(one))
            came[one.sop_instance_uid] = path

        held = [
            Held(one.sop_instance_uid, one.series_instance_uid, study_uid, known(one.sop_class_uid))
            for one in wanted
        ]
        level: Level = "study"
        keys: dict[str, str | list[str]] = {"StudyInstanceUID": study_uid}
        if len(wanted) == 1:
            level = "image"
            keys |= {
                "SeriesInstanceUID": wanted[0].series_instance_uid,
                "SOPInstanceUID": wanted[0].sop_instance_uid,
            }
        for portion in portions(level, keys, held):
            portion.bring(self._target, take, Deadline(SECONDS))
        missing = [one for one in wanted if one.sop_instance_uid not in came]
        if missing:
            raise OperationFailed(
                f"the PACS did not give {len(missing)} of {len(wanted)} instances of the study",
                target=self._target.name,
            )
        return came

    def change(self, study_uid: str, change: Change) -> int:
        """Written down here as a whole, deleted there, stored again. Raises as ``Corrections.change``."""
        return self._corrections.change(study_uid, self._files, change)

    def settle(self) -> None:
        """Go on with corrections that wait. Raises TargetError."""
        self._corrections.settle()

    def on_settled(self, tell: Callable[[str], object]) -> None:
        """Have somebody told of each study whose correction had to wait and is finished."""
        self._corrections.settled = tell

    def delete(self, study_uid: str) -> bool:
        """As the target does: by Orthanc's REST API, or DICOMweb. What waits of it here goes, too."""
        return self._corrections.delete(study_uid)

    def close(self) -> None:
        """Let go of the folders; whoever opened the target closes it."""
        self.brought.close()
        self._staging.close()
