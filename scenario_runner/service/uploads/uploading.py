"""An upload from its first byte to its last word: take in, keep together, match, note."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from scenario_runner.database.turns import UPLOAD, take_turn
from scenario_runner.errors import FabricatorError, TargetError, of_the_machine
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.trail import record_in
from scenario_runner.service.errors import Conflicting, TooLarge, Unacceptable
from scenario_runner.service.homes.comparing import same_data
from scenario_runner.service.homes.home import Kept, Wanted
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.ending import audit, count, describe_studies
from scenario_runner.service.uploads.judging import MOST_FINDINGS, judged
from scenario_runner.service.uploads.outcome import FileOutcome, UploadOutcome, status_of
from scenario_runner.service.uploads.taking import OneTooLarge, take_file
from scenario_runner.service.uploads.unpacking import Unpacking

if TYPE_CHECKING:
    from scenario_runner.archive.files import Buffer
    from scenario_runner.archive.outcomes import Arrived
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service

LOGGER = logging.getLogger(__name__)
STOW: Final = "stow"
"""The kind of an upload that comes over DICOMweb."""
RETRIEVED: Final = "retrieved"
"""The kind of one that was fetched from a PACS."""
_MOST_STUDIES: Final = 1_000
"""Studies that one upload may bring."""


class Uploading:
    """An upload under way; used by one thread. ``take`` each file, then ``finish``, or ``fail``.

    kind: ``upload``, ``upload-multiple``, ``upload-zip``, ``stow`` or ``retrieved``. upload_id: as the client chose it to follow its
    progress; else one is made. Raises Unacceptable for one that is no UUID, Conflicting for one that is known.
    """

    def __init__(self, service: Service, asking: Asking, kind: str, upload_id: str | None) -> None:
        self._service = service
        self._asking = asking
        self._bytes = 0
        self._unpacked = False
        self._is_kept = False
        self._most = service.limits.parts if kind in (STOW, RETRIEVED) else service.limits.files
        self.outcome = UploadOutcome(
            id=_checked(upload_id) if upload_id else str(uuid.uuid4()),
            kind=kind,
            who=asking.caller.name,
            from_where=asking.from_where,
            begun=dt.datetime.now(dt.UTC),
        )
        with service.database.writing() as connection:
            if upload_id:
                take_turn(connection, UPLOAD)
                if records.is_known(connection, self.outcome.id):
                    raise Conflicting(
                        "upload-known", f"there is an upload {self.outcome.id} already"
                    )
            self._number = records.begin(connection, self.outcome)
        service.progress.begins(self.outcome)

    def receiving(self) -> AbstractContextManager[None]:
        """Around what takes the files in: how long that was is one of the numbers."""
        return self._service.meters.stage("receive")

    def take(self, name: str, chunks: Iterable[Buffer]) -> FileOutcome:
        """Take in a file; raises TooLarge when it is one more, or a byte more, than an upload may have."""
        self._check_room()
        staging = self._service.home.staging
        one = take_file(staging, name, self._counted(chunks), self._service.limits.file)
        self.outcome.files.append(one)
        self._service.progress.took(self.outcome, self._bytes)
        return one

    def note(self, one: FileOutcome) -> None:
        """A file that was refused before it was taken in."""
        self._check_room()
        self.outcome.files.append(one)

    def refuse(self, one: FileOutcome, code: str, error: str) -> None:
        """Leave out a file that was taken in."""
        if one.arrived is not None:
            self._service.home.staging.discard(one.arrived)
            one.arrived = None
        one.refuse(code, error)

    def _check_room(self) -> None:
        if len(self.outcome.files) >= self._most:
            raise TooLarge("too-many-files", f"an upload may have {self._most} files")

    def unpack(self, chunks: Iterable[Buffer]) -> None:
        """Take in the members of a zip archive. Raises Unacceptable for what is none, TooLarge."""
        files = self._service.home.staging.files
        path = files.write(self._counted(chunks))
        self._bytes, self._unpacked = 0, True  # what it holds is bounded by itself
        try:
            Unpacking(self._service.limits, files, self.take, self.note).unpack(path)
        finally:
            files.discard(path)

    def _counted(self, chunks: Iterable[Buffer]) -> Iterable[Buffer]:
        most = self._service.limits.upload
        for chunk in chunks:
            self._bytes += len(chunk)
            if self._bytes > most:
                raise TooLarge("upload-too-large", f"an upload may have {most} bytes")
            yield chunk

    def finish(self) -> UploadOutcome:
        """Keep what can be kept, and say what became of each file.

        Raises OneTooLarge when nothing came but one file that is too large; Unacceptable when none came.
        """
        outcome = self.outcome
        if not outcome.files and self._unpacked:
            raise Unacceptable("no-file", "there is no file in the archive")
        if not outcome.files:
            raise Unacceptable(
                "no-file", "there is no file in the request", hint="send it as the field 'file'"
            )
        if len(outcome.files) == 1 and outcome.files[0].code == "file-too-large":
            raise OneTooLarge("file-too-large", outcome.files[0].error)
        self._refuse_other_patients()
        self._check_count()
        self._tell_second_ones()
        if not self._service.home.keeps_files:
            for one in outcome.files:
                if one.arrived is not None:
                    one.findings = judged(one.arrived.written)[:MOST_FINDINGS]
        with self._service.database.writing() as connection:
            records.note_files(connection, self._number, outcome.files)
        with self._service.meters.stage("keep"):
            self._keep()
        outcome.status = status_of(outcome.files)
        outcome.ended = dt.datetime.now(dt.UTC)
        with self._service.meters.stage("match"):
            self._describe_studies()
        with self._service.database.writing() as connection:
            records.end(connection, self._number, outcome)
            audit(connection, self._asking.caller, outcome, {})
        self._ended()
        self._service.judge.wake()
        return outcome

    def fail(self, error: BaseException) -> None:
        """Note why it has failed. Nothing of it is kept, unless it failed once all was."""
        for one in self.outcome.files:
            if one.arrived is not None:
                self._service.home.staging.discard(one.arrived)
                one.arrived = None
        self.outcome.status = "failed"
        self.outcome.ended = dt.datetime.now(dt.UTC)
        if isinstance(error, OSError):
            error = of_the_machine("it cannot be kept", error)
        self.outcome.error = (
            error.message if isinstance(error, FabricatorError) else "the connection broke off"
        )
        if self._is_kept:
            self._hand_over()
            return
        for one in self.outcome.files:
            if one.status == "storing":
                one.refuse("not-kept", f"the upload has failed: {self.outcome.error}")
        try:
            with self._service.database.writing() as connection:
                records.end(connection, self._number, self.outcome)
                record_in(
                    connection,
                    self._asking.caller,
                    Activity.UPLOADED,
                    None,
                    self._asking.from_where,
                    Outcome.FAILED,
                    {"upload": self.outcome.id, "error": self.outcome.error},
                )
        except FabricatorError:
            LOGGER.exception("it could not be noted that upload %s has failed", self.outcome.id)
            self._hand_over()
            return
        self._ended()

    def _hand_over(self) -> None:
        """What became of it is counted, as it is noted, by who settles it."""
        self._service.settling.take_over(self._number, self.outcome.error)
        self._service.progress.ended(self.outcome)
        self._service.meters.bytes_received.inc(self._bytes)

    def _ended(self) -> None:
        self._service.progress.ended(self.outcome)
        self._service.meters.bytes_received.inc(self._bytes)
        count(self._service.meters, self.outcome)

    def _refuse_other_patients(self) -> None:
        """No study may be of two patients: who comes second under its UID is told so."""
        uids = list(dict.fromkeys(study for study, _ in self._arrived()))
        there, _ = self._service.home.page(Wanted(study_uids=uids), len(uids) + 1, 0)
        whose = {one.study_instance_uid: one.patient_id for one in there}
        for one in self.outcome.files:
            if one.arrived is None:
                continue
            patient = one.arrived.attributes.get("PatientID", "")
            if whose.setdefault(one.study_instance_uid, patient) != patient:
                self.refuse(one, "other-patient", "its study is kept for a patient with another ID")

    def _arrived(self) -> list[tuple[str, Arrived]]:
        return [
            (one.study_instance_uid, one.arrived)
            for one in self.outcome.files
            if one.arrived is not None
        ]

    def _check_count(self) -> None:
        if len({study for study, _ in self._arrived()}) > _MOST_STUDIES:
            raise TooLarge("too-many-studies", f"an upload may bring {_MOST_STUDIES} studies")

    def _tell_second_ones(self) -> None:
        """What is kept already, and another instance under the UID of one before it, are told and left out."""
        home = self._service.home
        waiting = [one for one in self.outcome.files if one.arrived is not None]
        arrived = [one.arrived for one in waiting if one.arrived is not None]
        first: dict[str, Arrived] = {}
        for one, came, how in zip(waiting, arrived, home.foreseen(arrived), strict=True):
            before = first.setdefault(one.sop_instance_uid, came) if how is None else came
            if before is not came and not same_data(before, came):
                how = Kept("conflict")
            if how is not None:
                home.staging.discard(came)
                one.arrived = None
                _tell(one, how)

    def _keep(self) -> None:
        waiting = [one for one in self.outcome.files if one.arrived is not None]
        kept = self._service.home.keep([one.arrived for one in waiting if one.arrived is not None])
        self._is_kept = True
        for one, how in zip(waiting, kept, strict=True):
            one.arrived = None
            _tell(one, how)

    def _describe_studies(self) -> None:
        try:
            describe_studies(self._service.database, self._service.home, self.outcome)
        except TargetError as error:
            # Each file has its answer; whose study it is can be asked when the archive is back.
            LOGGER.warning("upload %s: its studies are not described: %s", self.outcome.id, error)


def run(uploading: Uploading, files: Callable[[Uploading], object]) -> UploadOutcome:
    """An upload whose files a function takes in. Raises what it raises, and nothing is kept then."""
    try:
        with uploading.receiving():
            files(uploading)
        return uploading.finish()
    except BaseException as error:
        uploading.fail(error)
        raise


def _tell(one: FileOutcome, how: Kept) -> None:
    match how.outcome:
        case "new":
            one.status = "success"
        case "duplicate":
            one.refuse_second()
        case "conflict":
            one.refuse(
                "other-instance", "another instance is kept under its SOP Instance UID, and stays"
            )
        case "failed":
            one.refuse("not-kept", how.error or "the archive did not keep it")


def _checked(upload_id: str) -> str:
    try:
        return str(uuid.UUID(upload_id))
    except ValueError:
        raise Unacceptable("no-upload-id", "an upload_id has to be a UUID") from None
