"""The home that is a target of a site: any PACS, spoken to by what the site file says it offers.

A PACS knows no transactions. What is corrected is therefore written down as a whole before it is deleted there, and
stored again from that after a kill; what is uploaded is acknowledged instance by instance.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.answers import Received, StoreStatus, status_class
from scenario_runner.api.get_contexts import Held, known, portions
from scenario_runner.api.operations import FindRequest, StoreOptions
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.matching import folded_groups
from scenario_runner.dicom.part10 import file_meta, identify
from scenario_runner.dicom.retrieve_keys import Level
from scenario_runner.errors import OperationFailed, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.homes.brought import Brought
from scenario_runner.service.homes.home import (
    Change,
    InstanceFacts,
    Kept,
    Order,
    StudyFacts,
    Wanted,
)

if TYPE_CHECKING:
    from scenario_runner.api.targets import Target
    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.outcomes import Arrived

LOGGER = logging.getLogger(__name__)
_REFUSED_FOR: Final = 60.0
"""Seconds after which it is asked again to take what it has refused."""
_SECONDS: Final = 600.0
"""For one exchange with the PACS."""
_PATIENCE: Final = 5.0
"""Seconds in which a PACS that is well says that it is there."""
_RETURNED: Final = (
    "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex",
    "AccessionNumber", "StudyDate", "StudyTime", "StudyDescription", "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
_HEAD: Final = 1 << 17


def _when(one: StudyFacts) -> tuple[str, ...]:
    return one.study_date, one.study_time, one.study_instance_uid


_SORTED: Final[Mapping[Order, Callable[[StudyFacts], tuple[str, ...]]]] = {
    "stored": _when,  # a PACS does not say when it got a study
    "date": _when,
    "patient": lambda one: (one.patient_id, *_when(one)),
    "accession": lambda one: (one.accession_number, *_when(one)),
}


class RefusedError(OperationFailed):
    """The PACS is there and does not take a study back that was corrected."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file's data set, read when it is sent."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    offset: int

    @property
    def buffers(self) -> Sequence[bytes]:
        """The data set."""
        return [self.path.read_bytes()[self.offset :]]


class TargetHome:
    """Studies on a PACS. staging: where files are taken in; folder: where corrections are written down."""

    keeps_files = False
    orders: tuple[Order, ...] = ("date", "patient", "accession")

    def __init__(self, target: Target, staging: Archive, folder: Path) -> None:
        self._target = target
        self._staging = staging
        self._folder = folder / "correcting"
        self._folder.mkdir(parents=True, exist_ok=True)
        for half in self._folder.glob("*.part"):
            shutil.rmtree(half, ignore_errors=True)
        self.brought = Brought(self, folder / "brought")
        """Copies of studies that are looked at."""
        self._lock = threading.RLock()
        """Held while a study is corrected: two corrections of one would undo each other."""
        self._settling, self._not_before = False, 0.0
        self.settled: Callable[[str], object] = lambda _: None

    @property
    def staging(self) -> Archive:
        """Of files that are on their way."""
        return self._staging

    def check(self) -> None:
        """By C-ECHO, or as DICOMweb is asked. Raises TargetError."""
        self._target.echo(Deadline(_PATIENCE))

    def keep(self, arrived: Sequence[Arrived]) -> list[Kept]:
        """Send what is not there yet; of each instance what the PACS said."""
        self.settle()
        there = {
            study: {one.sop_instance_uid for one in self.instances(study)}
            for study in {one.attributes["StudyInstanceUID"] for one in arrived}
        }
        fresh: dict[str, _File] = {}
        for one in arrived:
            uid = one.meta.sop_instance_uid
            if uid not in there[one.attributes["StudyInstanceUID"]]:
                fresh.setdefault(uid, _file(one.written))
        said: dict[str, StoreStatus] = {}
        gone = "no answer"
        try:
            self._send(list(fresh.values()), said)
        except TargetError as error:
            if not said:
                raise  # nothing is there, of none of them
            gone = error.message
        finally:
            for one in arrived:
                self._staging.discard(one)
        found: list[Kept] = []
        for one in arrived:
            uid = one.meta.sop_instance_uid
            if uid in said:
                found.append(_kept(said[uid]))
            elif uid in fresh:
                found.append(
                    Kept("failed", f"the archive went away and did not say it has it: {gone}")
                )
            else:
                found.append(Kept("duplicate"))
            fresh.pop(uid, None)
            said.pop(uid, None)
        return found

    def _send(self, files: Sequence[_File], said: dict[str, StoreStatus]) -> None:
        """Store files; ``said`` has by instance what the PACS said, also when it goes away meanwhile."""
        if not files:
            return
        contexts = list(
            dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in files)
        )
        options = StoreOptions(contexts=contexts, resumes=1, transcode=False)
        for one in self._target.store(iter(files), options, Deadline(_SECONDS)):
            said[one.sop_instance_uid] = one

    def page(self, wanted: Wanted, limit: int, offset: int) -> tuple[list[StudyFacts], int]:
        """By a query for all that fit; the newest first."""
        self.settle()
        match: dict[str, Any] = {}
        if wanted.study_uids is not None:
            if not wanted.study_uids:
                return [], 0
            match["StudyInstanceUID"] = list(wanted.study_uids)
        if wanted.patient_id is not None:
            match["PatientID"] = _plain(wanted.patient_id)
        if wanted.accession_number is not None:
            match["AccessionNumber"] = _plain(wanted.accession_number)
        if wanted.days is not None:
            match["StudyDate"] = wanted.days.key
        request = FindRequest(level="study", match=match, returned=_RETURNED)
        found = [_facts(one) for one in self._target.find(request, Deadline(_SECONDS))]
        found = [one for one in found if _fits(one, wanted)]
        found.sort(key=_SORTED[wanted.order], reverse=not wanted.ascending)
        return found[offset : offset + limit], len(found)

    def search(self, request: FindRequest) -> list[dict[str, Any]]:
        """Any query, answered as plain values. Raises TargetError."""
        self.settle()
        return self._target.find(request, Deadline(_SECONDS))

    def instances(self, study_uid: str) -> list[InstanceFacts]:
        """By a query for the series and one for the instances of each."""
        self.settle()
        deadline = Deadline(_SECONDS)
        series = self._target.find(
            FindRequest(
                level="series", match={"StudyInstanceUID": study_uid}, returned=("SeriesNumber",)
            ),
            deadline,
        )
        found: list[InstanceFacts] = []
        for uid in sorted(_text(one, "SeriesInstanceUID") for one in series):
            request = FindRequest(
                level="image",
                match={"StudyInstanceUID": study_uid, "SeriesInstanceUID": uid},
                returned=("SOPClassUID", "InstanceNumber"),
            )
            rows = self._target.find(request, deadline)
            rows.sort(key=lambda one: (_int(one, "InstanceNumber"), _text(one, "SOPInstanceUID")))
            found += [
                InstanceFacts(
                    sop_class_uid=_text(one, "SOPClassUID"),
                    sop_instance_uid=_text(one, "SOPInstanceUID"),
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
        found = [
            one
            for one in self.instances(study_uid)
            if sop_instance_uid in (None, one.sop_instance_uid)
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
            meta = file_meta(one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid)
            with path.open("wb") as file:
                file.write(meta)
                file.write(one.data)
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
            portion.bring(self._target, take, Deadline(_SECONDS))
        missing = [one for one in wanted if one.sop_instance_uid not in came]
        if missing:
            raise OperationFailed(
                f"the PACS did not give {len(missing)} of {len(wanted)} instances of the study",
                target=self._target.name,
            )
        return came

    def change(self, study_uid: str, change: Change) -> int:
        """Written down as a whole, deleted there, stored again; from what is written down after a kill."""
        with self._lock:
            self.settle()
            name = hashlib.sha256(study_uid.encode()).hexdigest()[:32]
            making, made = self._folder / f"{name}.part", self._folder / name
            if made.exists():
                self._put_back(made)  # which the PACS refuses, and says so
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            count = 0
            with self.files(study_uid) as files:
                for facts, path in files:
                    count += 1
                    one = _file(path)
                    data = change(one.buffers[0], one.transfer_syntax_uid)
                    meta = file_meta(
                        one.sop_class_uid, facts.sop_instance_uid, one.transfer_syntax_uid
                    )
                    (making / path.name).write_bytes(meta + data)
            (making / "study").write_text(study_uid, encoding="ascii")
            making.rename(made)
            try:
                self._put_back(made)
            finally:
                self.brought.forget(study_uid)
            return count

    @property
    def unsettled(self) -> bool:
        """Whether a study is written down here and not wholly on the PACS."""
        return any(one.suffix != ".part" for one in self._folder.iterdir())

    def settle(self) -> None:
        """Store again what was deleted to be corrected when this process, or the PACS, went away. Raises TargetError.

        Whoever asks for studies does this first, and waits while somebody corrects one: none is half there for them.
        """
        if not self.unsettled:
            return
        with self._lock:
            if self._settling or time.monotonic() < self._not_before:
                return
            self._settling = True
            try:
                for one in sorted(self._folder.iterdir()):
                    self._settle(one)
            except RefusedError as error:
                # That was told to who corrects; all others go on with what the PACS has.
                LOGGER.warning("%s; %s", error.message, error.hint)
                self._not_before = time.monotonic() + _REFUSED_FOR
            finally:
                self._settling = False

    def _settle(self, made: Path) -> None:
        if made.suffix == ".part":
            return
        study = (made / "study").read_text(encoding="ascii")
        self._put_back(made)
        self.brought.forget(study)
        self.settled(study)

    def _put_back(self, made: Path) -> None:
        study = (made / "study").read_text(encoding="ascii")
        self._target.delete([study], Deadline(_SECONDS))
        files = [_file(path) for path in sorted(made.glob("*.dcm"))]
        told: dict[str, StoreStatus] = {}
        self._send(files, told)
        failed = [
            one
            for one in files
            if one.sop_instance_uid not in told
            or _kept(told[one.sop_instance_uid]).outcome != "new"
        ]
        if failed:
            raise RefusedError(
                f"the PACS refused {len(failed)} of {len(files)} corrected instances",
                target=self._target.name,
                hint=f"they are in '{made}', and are sent again until it takes them",
            )
        shutil.rmtree(made)

    def delete(self, study_uid: str) -> bool:
        """As the target does: by Orthanc's REST API, or DICOMweb."""
        self.settle()
        try:
            return bool(self._target.delete([study_uid], Deadline(_SECONDS)))
        finally:
            self.brought.forget(study_uid)

    def close(self) -> None:
        """Let go of the folders; whoever opened the target closes it."""
        self.brought.close()
        self._staging.close()


def _file(path: Path) -> _File:
    with path.open("rb") as file:
        meta = identify(file.read(_HEAD))
    return _File(
        path, meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid, meta.data_offset
    )


def _kept(status: StoreStatus) -> Kept:
    verdict = status.verdict or (
        status_class(status.status) if status.status is not None else "failure"
    )
    if verdict in ("success", "warning"):
        return Kept("new")
    said = f"status {status.status:04X}" if status.status is not None else "no answer"
    return Kept("failed", f"the archive refused it: {status.comment or said}")


def _plain(value: str) -> str:
    """A value that is no pattern to a query; what is found is compared again."""
    return value.replace("*", "?").replace("\\", "?")


def _fits(one: StudyFacts, wanted: Wanted) -> bool:
    return (
        (wanted.study_uids is None or one.study_instance_uid in wanted.study_uids)
        and wanted.patient_id in (None, one.patient_id)
        and wanted.accession_number in (None, one.accession_number)
        and (wanted.patient_name is None or _has_in_name(one.patient_name, wanted.patient_name))
        and (wanted.modality is None or wanted.modality in one.modalities)
        and (wanted.days is None or wanted.days.ends[0] <= one.study_date <= wanted.days.ends[1])
    )


def _has_in_name(name: str, part: str) -> bool:
    folded = max(folded_groups(part), key=len, default="")
    return any(folded in group for group in folded_groups(name))


def _facts(row: dict[str, Any]) -> StudyFacts:
    modalities = row.get("ModalitiesInStudy") or []
    return StudyFacts(
        study_instance_uid=_text(row, "StudyInstanceUID"),
        patient_id=_text(row, "PatientID"),
        issuer=_text(row, "IssuerOfPatientID"),
        patient_name=_text(row, "PatientName"),
        birth_date=_text(row, "PatientBirthDate"),
        sex=_text(row, "PatientSex"),
        accession_number=_text(row, "AccessionNumber"),
        study_date=_text(row, "StudyDate"),
        study_time=_text(row, "StudyTime"),
        description=_text(row, "StudyDescription"),
        modalities=tuple(
            sorted([modalities] if isinstance(modalities, str) else map(str, modalities))
        ),
        series=_int(row, "NumberOfStudyRelatedSeries"),
        instances=_int(row, "NumberOfStudyRelatedInstances"),
    )


def _text(row: dict[str, Any], keyword: str) -> str:
    value = row.get(keyword)
    if isinstance(value, list):
        return "\\".join(map(str, value))
    return "" if value is None else str(value)


def _int(row: dict[str, Any], keyword: str) -> int:
    with contextlib.suppress(TypeError, ValueError):
        return int(row.get(keyword) or 0)
    return 0
