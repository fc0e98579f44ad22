"""The gateway: takes a study in, asks for its validation, and knows what has become of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import Malformed, NotThere, TooLarge, Unavailable
from scenario_runner.service.validator.events import (
    ASKED,
    ENDS,
    FAILED,
    REFUSED,
    REQUEST,
    UPLOADED,
    Event,
    is_study_id,
    now,
    status_of,
)
from scenario_runner.service.validator.folder import StudyFolder, written
from scenario_runner.service.validator.journal import Journal, Pending
from scenario_runner.service.validator.settings import Settings

if TYPE_CHECKING:
    from scenario_runner.service.validator.opened import Opened

_HEAD: Final = 1 << 17
Publish = Callable[[Sequence[Event]], "Future[list[Pending]]"]


@dataclass(frozen=True, slots=True)
class Taken:
    """A study that was taken in.

    outcome: the event its way ends with; MachineError where it could not even be written down.
    """

    study: str
    size: int
    sha256: str
    outcome: Future[Event]


class Gateway:
    """Where studies come in.

    stuck: says why none can be taken just now, else nothing. opened: of who judges them in the same process.
    """

    def __init__(
        self,
        settings: Settings,
        folder: StudyFolder,
        journal: Journal,
        publish: Publish,
        stuck: Callable[[], str] = lambda: "",
        opened: Opened | None = None,
    ) -> None:
        self.settings = settings
        self._folder = folder
        self._journal = journal
        self._publish = publish
        self._stuck = stuck
        self._opened = opened
        self._lock = threading.Lock()
        self._under_way = 0
        self._outcomes: dict[str, Future[Event]] = {}
        journal.listen(self._told)

    @property
    def under_way(self) -> int:
        """Studies that are coming in, or on their way."""
        return self._under_way

    @property
    def held(self) -> int:
        """Bytes of originals in memory that wait to be judged."""
        return 0 if self._opened is None else self._opened.held

    def begin(self, asked: Mapping[str, str] | None = None) -> Incoming:
        """A study comes in. asked: who brings it, where the audit trail waits for it. Raises Unavailable."""
        if why := self._stuck():
            raise Unavailable("broker-down", why, hint="send it again later; nothing was kept")
        with self._lock:
            if self._under_way >= self.settings.most_waiting:
                raise Unavailable(
                    "too-many-waiting",
                    f"{self._under_way} studies are under way already",
                    hint="send it again later; nothing was kept",
                )
            self._under_way += 1
        return Incoming(self, asked)

    def status(self, study: str) -> dict[str, Any]:
        """What has become of a study, as ``GET /status/{study_id}`` answers. Raises NotThere, MachineError."""
        events = self._journal.events(study) if is_study_id(study) else []
        if not events:
            raise NotThere("study-not-found", "there is no study of that id")
        return {
            "study_id": study,
            "status": status_of(events),
            "events": [_told_of(one) for one in events],
            "errors": errors_of(events[-1]),
        }

    def _told(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.name in ENDS:
                if self._opened is not None:
                    self._opened.forget(event.study)
                with self._lock:
                    waiting = self._outcomes.pop(event.study, None)
                if waiting is not None:
                    waiting.set_result(event)

    def _take(
        self, study: str, said: Mapping[str, Any], whole: bytes | None, asked: Mapping[str, str]
    ) -> Taken:
        size, sha256 = said["size"], said["sha256"]
        if whole is not None and self._opened is not None:
            self._opened.hold(study, whole, sha256)
        outcome: Future[Event] = Future()
        with self._lock:
            self._outcomes[study] = outcome
        who = {ASKED: dict(asked)} if asked else {}
        uploaded = Event(study, UPLOADED, now(), data={**said, **who})
        outcome.add_done_callback(lambda _: self._gone())
        written = self._publish([uploaded, uploaded.then(REQUEST, **said)])
        written.add_done_callback(lambda answer: self._written(study, answer))
        return Taken(study, size, sha256, outcome)

    def _written(self, study: str, answer: Future[list[Pending]]) -> None:
        """Where the journal could not take a study its way ends before it began."""
        error = answer.exception()
        if error is None:
            return
        if self._opened is not None:
            self._opened.forget(study)
        with self._lock:
            outcome = self._outcomes.pop(study, None)
        if outcome is not None:
            self._folder.drop(study)
            outcome.set_exception(error)

    def _gone(self) -> None:
        with self._lock:
            self._under_way -= 1

    def settle_left_over(self) -> None:
        """Sweep what a killed process left half received. Before anything comes in."""
        found = self._folder.on_their_way()
        known = self._journal.known(found)
        for study in found:
            if study not in known:
                self._folder.drop(study)


class Incoming:
    """A file on its way in: ``write`` its pieces, then ``finish``; else ``abort``.

    Raises TooLarge, Malformed for what is no DICOM, Unavailable where it cannot be kept; then nothing is left of it.
    """

    def __init__(self, gateway: Gateway, asked: Mapping[str, str] | None = None) -> None:
        self._gateway = gateway
        self._asked = asked or {}
        self._study = uuid.uuid4().hex
        self._file: int | None = None
        self._whole: bytes | None = None
        """All of it, where it came in one piece."""
        self._digest = hashlib.sha256()
        self._head = b""
        self._ended = False
        self._busy = threading.RLock()
        """Held while something is done: whoever gives up meanwhile finds it done."""
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Some more of the file."""
        with self._busy:
            self._write(piece)

    def _write(self, piece: bytes) -> None:
        self._whole = None if self.size else piece
        self.size += len(piece)
        most = self._gateway.settings.most_bytes
        if self.size > most:
            self.abort()
            raise TooLarge("file-too-large", f"a file may have {most} bytes")
        if len(self._head) < _HEAD:
            self._head += piece[: _HEAD - len(self._head)]
        self._digest.update(piece)
        with self._kept():
            if self._file is None:
                self._file = self._gateway._folder.begin(self._study)  # noqa: SLF001 - both are one thing
            written(self._file, piece)

    def finish(self) -> Taken:
        """That was all of it: ask for its validation."""
        with self._busy:
            return self._finish()

    def _finish(self) -> Taken:
        try:
            _require_dicom(self._head)
        except DamagedDatasetError as error:
            self.abort()
            raise Malformed("not-dicom", f"this is no DICOM file: {error}") from None
        with self._kept():
            assert self._file is not None
            self._close()
            said = {"size": self.size, "sha256": self._digest.hexdigest()}
            taken = self._gateway._take(self._study, said, self._whole, self._asked)  # noqa: SLF001
        self._ended = True
        return taken

    def abort(self) -> None:
        """It does not come. May be called twice, and after ``finish``, when it does nothing."""
        with self._busy:
            if self._ended:
                return
            self._ended = True
        with contextlib.suppress(OSError):
            self._close()
        self._gateway._folder.drop(self._study)  # noqa: SLF001
        self._gateway._gone()  # noqa: SLF001

    def _close(self) -> None:
        handle, self._file = self._file, None
        if handle is not None:
            os.close(handle)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.abort()
            told = of_the_machine("the study cannot be kept", error)
            raise Unavailable("cannot-be-kept", told.message) from error


def _require_dicom(head: bytes) -> None:
    if not head:
        raise DamagedDatasetError("the file is empty")
    read_meta(head)


def _told_of(event: Event) -> dict[str, Any]:
    """An event for whoever may look at the study; who has brought it is the audit trail's."""
    said = {name: value for name, value in event.data.items() if name != ASKED}
    return {"event": event.name, "at": event.at.isoformat(), **said}


def errors_of(event: Event) -> list[dict[str, Any]]:
    """What is wrong with a study, from the event its way ended with."""
    if event.name == REFUSED:
        return list(event.data.get("errors", ()))
    if event.name == FAILED:
        return [{"role": event.data.get("role"), "message": event.data.get("reason")}]
    return []
