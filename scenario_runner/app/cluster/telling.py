"""A worker's way out: events and files go into the ledger, in batches, before anybody could ask for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.cluster.ledger import CLOSED, Entry, Superseded
from scenario_runner.errors import FabricatorError, MachineError, described, of_the_machine
from scenario_runner.events import Attached, CaseStarted
from scenario_runner.evidence.log import event_line

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import RunLedger
    from scenario_runner.engine.services import Control
    from scenario_runner.events import Stamped
    from scenario_runner.planning.plan import PlannedImage

_PATIENCE: Final = 0.1
"""Seconds that an event waits for others to go with it."""
_LOOKS: Final = 0.5
"""Seconds between two looks whether the run is to stop, where many look into one database."""
_LOOKS_HERE: Final = 0.1
"""The same, where the ledger is a file of this machine's."""
_MANY: Final = 100
"""Events that go without waiting any longer."""
_MUCH: Final = 8 << 20
"""Bytes of files that go together."""


class Telling:
    """An EventHandler for one attempt of one part; ``finish`` has to be called, or ``leave``.

    folder: where steps leave files. digest: what is known of a file, for the client who takes those
    that are left at the end from there itself; None where they have to go through the ledger.
    Raises MachineError once the ledger cannot be written or somebody else has the part.
    """

    def __init__(
        self,
        ledger: RunLedger,
        part: str,
        attempt: int,
        folder: Path,
        control: Control,
        worker: str,
        *,
        digest: Callable[[Path], str] | None,
    ) -> None:
        self._ledger = ledger
        self._digest = digest
        self._looks = _LOOKS_HERE if ledger.is_file else _LOOKS
        self._part, self._attempt = part, attempt
        self.folder = folder
        self._control = control
        self.worker = worker
        self._lock = threading.Lock()
        """Of what waits to be told: nobody who sends waits while something is being written."""
        self._writing = threading.Lock()
        self._events: list[bytes] = []
        self._rows: list[Mapping[str, Any]] = []
        self._files: list[Entry] = []
        self._told: set[Path] = set()
        self._trouble: FabricatorError | None = None
        self._over = threading.Event()
        self._stops = 0
        self._level, self._heard = 0, monotonic()
        """Whether the run is to stop, and when that was seen last."""
        self._thread = threading.Thread(target=self._go_on, name="fabricate-telling", daemon=True)
        self._thread.start()

    def handle(self, stamped: Stamped) -> None:
        """Take one event; it is in the ledger a moment later."""
        event = stamped.event
        if isinstance(event, CaseStarted):
            stamped = replace(stamped, event=replace(event, worker=self.worker))
        with self._lock:
            self._require()
            self._events.append(event_line(stamped))
            if isinstance(event, Attached):
                self._take_file(self.folder / event.path)
            many = len(self._events) >= _MANY
        if many:
            self._tell()

    def close(self) -> None:
        """Nothing is to be done: ``finish`` has the last word."""

    def about(self, step: str, images: Sequence[PlannedImage], target: str) -> None:
        """Note that these are about to be sent; when this returns, it is known."""
        said = {"step": step, "target": target, "images": [[one.id, one.uid] for one in images]}
        self._tell(Entry("about", json.dumps(said).encode()))

    def stored(self, row: Mapping[str, Any]) -> None:
        """Note what became of an instance for the step that it belongs to, before it is an event."""
        with self._lock:
            self._require()
            self._rows.append(row)

    def require(self) -> None:
        """Raise what keeps this attempt from going on, if anything does."""
        with self._lock:
            self._require()

    def finish(self, ending: str) -> None:
        """Tell the rest, the files that steps left in the run folder, and how the part ended."""
        self.leave()
        with self._lock:
            self._require()
            left = [
                path
                for path in sorted(self.folder.rglob("*"))
                if path.is_file() and path not in self._told
            ]
        if self._digest is not None:
            self._tell(self._handed_over(left, self._digest), ending=ending)
            return
        for path in left:
            with self._lock:
                self._take_file(path)
                much = sum(len(one.data) for one in self._files) >= _MUCH
            if much:
                self._tell()  # not all at once, for there may be many
        self._tell(ending=ending)

    def _handed_over(self, left: Sequence[Path], digest: Callable[[Path], str]) -> Entry:
        try:
            named = [(path.relative_to(self.folder).as_posix(), digest(path)) for path in left]
        except OSError as error:
            raise of_the_machine(f"cannot read '{error.filename}'", error) from error
        return Entry("files", json.dumps(named).encode(), self.folder.name)

    def leave(self) -> None:
        """Stop looking after it."""
        self._over.set()
        self._thread.join()

    def _take_file(self, path: Path) -> None:
        self._told.add(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise of_the_machine(f"cannot read '{path}'", error) from error
        self._files.append(Entry("file", data, path.relative_to(self.folder).as_posix()))

    def _tell(self, *more: Entry, ending: str = "") -> None:
        with self._writing:
            with self._lock:
                self._require()
                batch = [*self._files]  # before the events that name them
                if self._rows:
                    batch.append(Entry("stored", json.dumps(self._rows).encode()))
                if self._events:
                    batch.append(Entry("events", b"[" + b",".join(self._events) + b"]"))
                batch += more
                if not batch and not ending:
                    return
                self._events, self._files, self._rows = [], [], []
            try:
                self._level = self._ledger.tell(self._part, self._attempt, batch, ending)
                self._heard = monotonic()
            except BaseException as error:
                # Whatever it is: what was to be told is gone, and whoever comes next has to know.
                told = _as_trouble(error)
                with self._lock:
                    self._trouble = self._trouble or told
                if told is error:
                    raise
                raise told from error

    def _require(self) -> None:
        if self._trouble is not None:
            raise self._trouble

    def _go_on(self) -> None:
        while not self._over.wait(_PATIENCE):
            with self._lock:
                trouble = self._trouble
            if trouble is None:
                self._quietly(self._tell)
                self._quietly(self._look)
            elif self._stopped_by(trouble):
                return

    def _quietly(self, work: Callable[[], None]) -> None:
        """What goes wrong is kept, and told to whoever comes next; this thread goes on."""
        try:
            work()
        except FabricatorError:
            return
        except BaseException as error:  # noqa: BLE001 - without this thread nobody stops what the user stops
            with self._lock:
                self._trouble = self._trouble or _as_trouble(error)

    def _stopped_by(self, trouble: FabricatorError) -> bool:
        """Have steps end. Whether ``finally`` has to, too: not while the part is known to be ours though nothing can be told."""
        self._control.stop.set()
        level = None
        if not isinstance(trouble, Superseded):
            with suppress(FabricatorError):
                level = self._ledger.held(self._part, self._attempt)
        if level is None or level > 1:
            # Nothing is tidied up either: it is somebody else's now, or may be.
            self._control.stop_finally.set()
        return self._control.stop_finally.is_set()

    def _look(self) -> None:
        if monotonic() - self._heard >= self._looks:
            self._level = self._ledger.stopping()
            self._heard = monotonic()
        if self._level == CLOSED:
            with self._lock:
                self._trouble = self._trouble or Superseded("the run is over")
        while self._stops < min(self._level, 2):
            self._stops += 1
            self._control.interrupt()


def _as_trouble(error: BaseException) -> FabricatorError:
    if isinstance(error, FabricatorError):
        return error
    return MachineError(f"what happened cannot be told: {described(error)}")
