"""Corrections of studies on a PACS, which knows no transactions.

A study is written down here, as it was and as it shall be, before it is deleted there, and stored again from that: at once, or, where
this process or the PACS went away meanwhile, as soon as both are there. What the PACS refuses it gets back as it was.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.deadline import Deadline
from scenario_runner.errors import OperationFailed, TargetError, Unsupported
from scenario_runner.service.errors import Conflicting
from scenario_runner.service.homes.sending import LISTED_WITHIN, SECONDS, kept_by, send, unlisted
from scenario_runner.service.homes.study_locks import StudyLocks
from scenario_runner.service.homes.written_down import WrittenDown, WrittenDownStudies

if TYPE_CHECKING:
    from scenario_runner.answers import StoreStatus
    from scenario_runner.api.targets import Target
    from scenario_runner.service.homes.home import Change, InstanceFacts
    from scenario_runner.service.homes.sending import File

    Files = Callable[[str], AbstractContextManager[Iterator[tuple[InstanceFacts, Path]]]]
    """Retrieves the instances of a study, for as long as the context lasts."""

LOGGER = logging.getLogger(__name__)
_REFUSED_FOR: Final = 60.0
"""Seconds after which a PACS is asked again to take a study that it has refused."""
_TRIES: Final = 5
"""How often a study is written down that others change meanwhile."""
_WAITS: Final = (
    "the study is written down here as a whole, and stored there as soon as the archive takes it"
)


class RefusedError(OperationFailed):
    """The PACS is there and does not take a study that was corrected."""


class UnfinishedError(TargetError):
    """The corrected study is written down here, and not wholly on the PACS; ``settle`` goes on with it."""


class Corrections:
    """Of the studies of one PACS. Safe between threads.

    folder: where they are written down; made when it is not there. listed: the SOP Instance UIDs that the PACS lists of a study,
    within so many seconds of taking them. forget: told of each study that is not what it was.
    """

    def __init__(
        self,
        target: Target,
        folder: Path,
        listed: Callable[[str], set[str]],
        forget: Callable[[str], object],
        *,
        within: float = LISTED_WITHIN,
    ) -> None:
        self._target, self._listed, self._within, self._forget = target, listed, within, forget
        self._written = WrittenDownStudies(folder)
        self._locks = StudyLocks()
        """Alone is who corrects or deletes a study: what comes meanwhile would be deleted there and not stored again."""
        self._not_before: dict[str, float] = {}
        """When what was refused is sent again, by study."""
        self.settled: Callable[[str], object] = lambda _: None
        """Told of each study that has waited and is brought to an end."""

    def change(self, study_uid: str, files: Files, change: Change) -> int:
        """Correct a study. Returns the number of its instances.

        Raises UnfinishedError where it is written down and has to wait, RefusedError where one before it does; any other
        error, and RefusedError where nothing waits, leaves the study as it was.
        """
        with self._locks.alone(study_uid):
            written = self._written.of(study_uid)
            if written.exists():
                self._finish(written)
            count = self._write_down(written, files, change)
            try:
                self._put_back(written)
            except (TargetError, OSError) as error:
                if not written.exists():
                    raise
                raise UnfinishedError(
                    f"the correction is not finished: {error}",
                    target=self._target.name,
                    hint=_WAITS,
                ) from error
            finally:
                self._forget(study_uid)
            return count

    def beside(self, studies: Iterable[str]) -> AbstractContextManager[None]:
        """Around what adds to studies: none of them is corrected meanwhile. ``settle`` them before."""
        return self._locks.beside(studies)

    def settle(self, studies: Iterable[str] | None = None) -> None:
        """Store what waits of these studies, or of all. What the PACS refuses waits on. Raises TargetError.

        Whoever asks for studies does this first, and waits while one of them is corrected: none is half there for them.
        """
        for study in self._written.studies() if studies is None else studies:
            written = self._written.of(study)
            if not written.exists():
                continue
            with self._locks.alone(study):
                if written.exists() and time.monotonic() >= self._not_before.get(study, 0.0):
                    # Why it is refused was told to who corrects; others go on with what the PACS has.
                    with suppress(RefusedError):
                        self._finish(written)

    def delete(self, study_uid: str) -> bool:
        """Delete a study there, and what waits of it here; whether there was one. Raises TargetError."""
        with self._locks.alone(study_uid):
            written = self._written.of(study_uid)
            try:
                was_there = bool(self._target.delete([study_uid], Deadline(SECONDS)))
            finally:
                self._forget(study_uid)
            if not written.exists():
                return was_there
            written.forget()
            self._not_before.pop(study_uid, None)
        with suppress(TargetError):  # it is deleted, whatever the PACS says of it from now on
            self.settled(study_uid)
        return True

    def _write_down(self, written: WrittenDown, files: Files, change: Change) -> int:
        """How many instances there are: all that the PACS lists when the last one has come."""
        try:
            for _ in range(_TRIES):
                with files(written.study) as found:
                    uids = written.write(found, change)
                if uids == self._listed(written.study):
                    written.keep()
                    return len(uids)
        except BaseException:
            written.leave()
            raise
        written.leave()
        raise Conflicting(
            "study-is-changing",
            "the study is being changed by others",
            hint="try again in a moment",
        )

    def _finish(self, written: WrittenDown) -> None:
        """Bring a correction that has waited to an end. Raises RefusedError where it waits on, TargetError."""
        study = written.study
        try:
            self._put_back(written)
        except RefusedError as error:
            LOGGER.warning("study %s: %s", study, error.message)
            if written.exists():
                self._not_before[study] = time.monotonic() + _REFUSED_FOR
                raise
        self._not_before.pop(study, None)
        self._forget(study)
        self.settled(study)

    def _put_back(self, written: WrittenDown) -> None:
        """Raises RefusedError, where the PACS has the study as it was unless it ``exists`` here still; TargetError."""
        why = written.refused
        if why is None:
            self._make_room(written)
            why = self._stored(written.study, written.after)
            if why is None:
                written.forget()
                return
            written.refuse(why)
        self._target.delete([written.study], Deadline(SECONDS))
        before = written.before or written.after  # earlier versions did not write down what was
        if self._stored(written.study, before) is not None:
            raise self._refused(f"{why}; nor does it take the study as it was", _WAITS)
        written.forget()
        raise self._refused(f"{why}; the study is there as it was")

    def _refused(self, why: str, hint: str | None = None) -> RefusedError:
        return RefusedError(why, target=self._target.name, hint=hint)

    def _make_room(self, written: WrittenDown) -> None:
        """Raises RefusedError where the PACS does not delete the study; TargetError where it went away."""
        try:
            self._target.delete([written.study], Deadline(SECONDS))
        except (Unsupported, OperationFailed) as error:
            why = error.message
            if not _uids(written.after) - self._listed(written.study):
                written.forget()
                why += "; the study is there as it was"
            raise self._refused(why, error.hint) from error

    def _stored(self, study: str, files: Sequence[File]) -> str | None:
        """Have the PACS keep these files; why it does not. Raises TargetError where it went away."""
        told: dict[str, StoreStatus] = {}
        send(self._target, files, told)
        said = [
            kept_by(told[one.sop_instance_uid]) for one in files if one.sop_instance_uid in told
        ]
        failed = [one for one in said if one.outcome != "new"]
        if failed:
            return f"{failed[0].error} ({len(failed)} of {len(files)} instances)"
        if missing := unlisted(_uids(files), lambda: self._listed(study), self._within):
            return (
                f"the archive took {len(files)} instances, and does not list {len(missing)} of them"
            )
        return None


def _uids(files: Sequence[File]) -> set[str]:
    return {one.sop_instance_uid for one in files}
