"""Corrections of studies on a PACS, which knows no transactions.

A corrected study is written down here as a whole before it is deleted there, and stored again from that: at once, or, where this
process or the PACS went away meanwhile, as soon as both are there.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.errors import OperationFailed, TargetError
from scenario_runner.service.homes.sending import SECONDS, file_at, kept, send

if TYPE_CHECKING:
    from scenario_runner.answers import StoreStatus
    from scenario_runner.api.targets import Target
    from scenario_runner.service.homes.home import Change, InstanceFacts

    Files = Callable[[str], AbstractContextManager[Iterator[tuple[InstanceFacts, Path]]]]
    """Retrieves the instances of a study, for as long as the context lasts."""

LOGGER = logging.getLogger(__name__)
_REFUSED_FOR: Final = 60.0
"""Seconds after which a PACS is asked again to take a study that it has refused."""
_STUDY: Final = "study"
"""The file with a study's UID beside its instances."""
_PART: Final = ".part"
"""Ends the name of what is not written down as a whole yet, and of what is on its way out."""


class RefusedError(OperationFailed):
    """The PACS is there and does not take a study back that was corrected."""


class UnfinishedError(TargetError):
    """The corrected study is written down here, and not wholly on the PACS; ``settle`` goes on with it."""


class Corrections:
    """Of the studies of one PACS. Safe between threads.

    folder: where they are written down; made when it is not there. forget: told of each study that is not what it was.
    """

    def __init__(self, target: Target, folder: Path, forget: Callable[[str], object]) -> None:
        self._target, self._folder, self._forget = target, folder, forget
        self._folder.mkdir(parents=True, exist_ok=True)
        for half in self._folder.glob(f"*{_PART}"):
            shutil.rmtree(half, ignore_errors=True)
        self._lock = threading.RLock()
        """Held while a study is corrected: two corrections of one would undo each other."""
        self._settling = False
        self._not_before: dict[Path, float] = {}
        """When what was refused is sent again."""
        self.settled: Callable[[str], object] = lambda _: None
        """Told of each study that ``settle`` has brought to an end."""

    def change(self, study_uid: str, files: Files, change: Change) -> int:
        """Correct a study. Returns the number of its instances.

        Raises UnfinishedError where it is written down and has to wait; any other error leaves the study as it was.
        """
        with self._lock:
            self.settle()
            made = self._folder / hashlib.sha256(study_uid.encode()).hexdigest()[:32]
            if made.exists():
                self._settle(made)  # which the PACS refuses, and says so
            count = self._write_down(study_uid, made, files, change)
            try:
                self._put_back(made)
            except (TargetError, OSError) as error:
                raise UnfinishedError(
                    f"the correction is not finished: {error}",
                    target=self._target.name,
                    hint="the study is written down here as a whole, and stored there as soon as the archive takes it",
                ) from error
            finally:
                self._forget(study_uid)
            return count

    def settle(self) -> None:
        """Store what waits. What the PACS refuses waits on, for others go on with what it has. Raises TargetError.

        Whoever asks for studies does this first, and waits while somebody corrects one: none is half there for them.
        """
        if not self._waiting():
            return
        with self._lock:
            if self._settling:
                return
            self._settling = True
            try:
                for made in self._waiting():
                    self._settle_unless_refused(made)
            finally:
                self._settling = False

    def _waiting(self) -> list[Path]:
        """The folders of studies that are written down and not wholly on the PACS."""
        studies = (file.parent for file in self._folder.glob(f"*/{_STUDY}"))
        return sorted(one for one in studies if one.suffix != _PART)

    def _write_down(self, study_uid: str, made: Path, files: Files, change: Change) -> int:
        making = made.with_suffix(_PART)
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        count = 0
        with files(study_uid) as found:
            for facts, path in found:
                count += 1
                one = file_at(path)
                data = change(one.buffers[0], one.transfer_syntax_uid)
                meta = file_meta(one.sop_class_uid, facts.sop_instance_uid, one.transfer_syntax_uid)
                (making / path.name).write_bytes(meta + data)
        (making / _STUDY).write_text(study_uid, encoding="ascii")
        making.rename(made)
        return count

    def _settle_unless_refused(self, made: Path) -> None:
        if time.monotonic() < self._not_before.get(made, 0.0):
            return
        try:
            self._settle(made)
        except RefusedError as error:
            # That was told to who corrects.
            LOGGER.warning("%s; %s", error.message, error.hint)
            self._not_before[made] = time.monotonic() + _REFUSED_FOR

    def _settle(self, made: Path) -> None:
        study = (made / _STUDY).read_text(encoding="ascii")
        self._put_back(made)
        self._forget(study)
        self.settled(study)

    def _put_back(self, made: Path) -> None:
        study = (made / _STUDY).read_text(encoding="ascii")
        self._target.delete([study], Deadline(SECONDS))
        files = [file_at(path) for path in sorted(made.glob("*.dcm"))]
        told: dict[str, StoreStatus] = {}
        send(self._target, files, told)
        failed = [
            one
            for one in files
            if one.sop_instance_uid not in told or kept(told[one.sop_instance_uid]).outcome != "new"
        ]
        if failed:
            raise RefusedError(
                f"the PACS refused {len(failed)} of {len(files)} corrected instances",
                target=self._target.name,
                hint=f"they are in '{made}', and are sent again until it takes them",
            )
        self._remove(made)

    def _remove(self, made: Path) -> None:
        """Take away what is done, at once: after a kill in the middle the rest of it would be stored as the whole."""
        gone = made.with_suffix(_PART)
        shutil.rmtree(gone, ignore_errors=True)
        made.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        self._not_before.pop(made, None)
