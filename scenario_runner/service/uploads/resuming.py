"""Uploads that go on after they broke off: what has come lies in a folder until the whole is there.

A file that grows, and a note beside it: who began it, how long it will be, what it is called. Both outlive the
process; what nobody goes on with for a day goes.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.pieces import pieces_of
from scenario_runner.errors import MachineError, TargetError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import Conflicting, NotThere, TooLarge, TooMany
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.taking import shown_name
from scenario_runner.service.uploads.uploading import Uploading, run

if TYPE_CHECKING:
    from scenario_runner.archive.files import Buffer
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service

KIND: Final = "resumable"
KEPT: Final = dt.timedelta(days=1)
"""Without another byte."""
_MOST: Final = 100
"""Uploads that an account may have begun and not ended."""
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An upload by pieces. length: bytes it will have; offset: those that are here."""

    id: str
    who: str
    name: str
    length: int
    offset: int = 0
    done: bool = False
    """Whether it was taken in, well or not; ``upload`` then tells what became of it."""
    upload: str = ""
    expires: dt.datetime = dt.datetime.min.replace(tzinfo=dt.UTC)


class Resumable:
    """All of them, of one service. Safe between threads; one at a time goes on with one."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def begin(self, asking: Asking, length: int, name: str) -> Begun:
        """Note one that is to come. Raises TooLarge, TooMany, MachineError."""
        most = self._service.limits.upload
        if length > most:
            raise TooLarge("upload-too-large", f"an upload may have {most} bytes")
        with _kept():
            self._folder.mkdir(exist_ok=True)
            self._sweep()
            open_ones = [one for one in self._all() if one.who == asking.caller.name]
            if sum(not one.done for one in open_ones) >= _MOST:
                raise TooMany(
                    "too-many-uploads",
                    f"{_MOST} uploads of yours have begun and not ended",
                    hint="go on with them, or delete them",
                )
            begun = Begun(
                id=str(uuid.uuid4()), who=asking.caller.name, name=shown_name(name), length=length
            )
            try:
                self._data(begun.id).touch()
                self._note(begun)
            except OSError:
                self._remove(begun.id)
                raise
        return self.get(asking, begun.id)

    def get(self, asking: Asking, number: str) -> Begun:
        """How far it is. Raises NotThere for what is none, or somebody else's."""
        found = self._read(number)
        if found is None or found.who != asking.caller.name:
            raise NotThere("upload-not-found", f"no upload '{number[:80]}' of yours has begun")
        return found

    def settled(self, asking: Asking, number: str) -> Begun:
        """The same; what is all here and was not taken in, because the process was killed, is now. Raises as ``append``."""
        begun = self.get(asking, number)
        if begun.done or begun.offset < begun.length or number in self._busy:
            return begun
        return self.append(asking, number, begun.offset, ())

    def append(self, asking: Asking, number: str, offset: int, chunks: Iterable[Buffer]) -> Begun:
        """Go on with it; what comes is kept as far as it comes. The last byte makes an upload of it.

        Raises NotThere, Conflicting where it is elsewhere than ``offset`` or somebody goes on with it just now,
        TooLarge, MachineError, and what an upload raises.
        """
        with self._alone(number):
            begun = self.get(asking, number)
            if begun.offset != offset:
                raise Conflicting("other-offset", f"the upload is at byte {begun.offset}")
            if begun.done:
                return begun
            with _kept(), self._data(number).open("ab", buffering=0) as file:
                size = offset
                for chunk in chunks:
                    size += len(chunk)
                    if size > begun.length:
                        raise TooLarge(
                            "upload-too-large", f"the upload was to have {begun.length} bytes"
                        )
                    view = memoryview(chunk)
                    while view:
                        view = view[file.write(view) :]
            begun = self.get(asking, number)
            if begun.offset == begun.length:
                self._take_in(asking, begun)
            return self.get(asking, number)

    def discard(self, asking: Asking, number: str) -> None:
        """Forget it. Raises NotThere, Conflicting."""
        with self._alone(number):
            self.get(asking, number)
            self._remove(number)

    def _take_in(self, asking: Asking, begun: Begun) -> None:
        """Make an upload of what is here; what hinders the machine only lets it be tried again."""
        upload = begun.id
        with self._service.database.writing() as connection:
            if records.is_known(connection, upload):
                upload = str(uuid.uuid4())  # an earlier try was killed
        uploading = Uploading(self._service, asking, KIND, upload)

        def take(one: Uploading) -> None:
            pieces = pieces_of(self._data(begun.id))
            first = next(pieces, b"")
            if first.startswith(_ZIP):
                one.unpack(_again(first, pieces))
            else:
                one.take(begun.name, _again(first, pieces))

        try:
            run(uploading, take)
        except (MachineError, TargetError):
            raise
        except Exception:
            self._end(begun, upload)
            raise
        self._end(begun, upload)

    def _end(self, begun: Begun, upload: str) -> None:
        self._note(replace(begun, done=True, upload=upload, offset=begun.length))
        self._data(begun.id).unlink(missing_ok=True)

    @contextmanager
    def _alone(self, number: str) -> Iterator[None]:
        with self._lock:
            if number in self._busy:
                raise Conflicting(
                    "upload-busy",
                    "somebody goes on with this upload just now",
                    hint="try again in a moment",
                )
            self._busy.add(number)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(number)

    def _sweep(self) -> None:
        now = dt.datetime.now(dt.UTC)
        for one in self._all():
            if one.expires < now and one.id not in self._busy:
                self._remove(one.id)

    def _all(self) -> list[Begun]:
        found = (self._read(path.stem) for path in self._folder.glob("*.json"))
        return [one for one in found if one is not None]

    def _read(self, number: str) -> Begun | None:
        try:
            place = str(uuid.UUID(number))
            note = json.loads(self._named(place).read_bytes())
            begun = Begun(**note)
            if begun.done:
                changed = self._named(place).stat().st_mtime
            else:
                data = self._data(place).stat()
                changed, begun = data.st_mtime, replace(begun, offset=data.st_size)
        except (OSError, ValueError, TypeError):
            return None
        return replace(begun, expires=dt.datetime.fromtimestamp(changed, dt.UTC) + KEPT)

    def _note(self, begun: Begun) -> None:
        kept = asdict(begun)
        del kept["expires"]
        part = self._part(begun.id)
        part.write_text(json.dumps(kept), encoding="utf-8")
        part.replace(self._named(begun.id))

    def _remove(self, number: str) -> None:
        for path in (self._named(number), self._data(number), self._part(number)):
            path.unlink(missing_ok=True)

    def _part(self, number: str) -> Path:
        return self._folder / f"{number}.part"

    def _named(self, number: str) -> Path:
        return self._folder / f"{number}.json"

    def _data(self, number: str) -> Path:
        return self._folder / f"{number}.data"


@contextmanager
def _kept() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise of_the_machine("the upload cannot be kept", error) from error


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
