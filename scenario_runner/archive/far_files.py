"""Instances in an object store: acknowledged when they are there, with copies of what was used last in the folder.

Whoever reads an instance reads the copy, which is fetched when there is none. Names are never given twice,
so that a copy is never out of date and what is removed is nobody else's.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.files import HEAD, PLACE, Files, newest_last
from scenario_runner.archive.object_store import ObjectStore
from scenario_runner.dicom.part10 import FileMeta, read_meta
from scenario_runner.durability import sync_file
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEAR: Final = 2 << 30
"""Bytes of copies that are kept."""
_IN_USE: Final = 60.0
"""Seconds for which what was asked for is kept whatever there is: somebody may be about to open it."""
_CHANCE: Final = 32
"""Bits of a name."""
_NOTED: Final = "store.txt"
"""Which store a folder belongs to."""


def store_of(folder: Path) -> str | None:
    """The address of the store that has the instances of a folder; None where the folder has them."""
    try:
        return (folder / _NOTED).read_text("utf-8").strip() or None
    except FileNotFoundError:
        return None


class FarFiles(Files):
    """Of one folder and one store, which belong together from the first time on.

    Raises UsageError for a store that is not the folder's, or cannot be opened; OSError.
    """

    far = True

    def __init__(self, folder: Path, url: str, *, synced: bool) -> None:
        super().__init__(folder, synced=synced)
        self._store = ObjectStore(url)
        self._copies = _Copies(folder / "near")
        noted = store_of(folder)
        if noted is None and any(folder.glob("objects/*/*.dcm")):
            raise UsageError(
                f"the studies of '{folder}' are in that folder, not in '{self._store.url}'",
                hint="give a folder of its own to what is in an object store",
            )
        if noted not in {None, self._store.url}:
            raise UsageError(
                f"the studies of '{folder}' are in '{noted}', not in '{self._store.url}'",
                hint=f"give --store {noted}, or another folder",
            )
        self._store.check()
        if noted is None:
            (folder / _NOTED).write_text(self._store.url + "\n", "utf-8")

    def put(self, written: Path, place: str) -> None:
        """Bring a temporary file to its place in the store; it is there when this returns."""
        self._store.put(written, place)
        try:
            self._copies.take(written, place)
        except OSError:  # it is safe; whoever wants it can fetch it
            self.discard(written)

    def place_of(self, sop_instance_uid: str, *, avoiding: str = "") -> str:
        """A name that no instance had before, with the time in it: of two versions the later one is newer.

        Chance comes behind the time, for clocks that stand still for milliseconds.
        """
        stem = super().place_of(sop_instance_uid).rpartition("-")[0]
        moment = max(time.time_ns(), (_version(avoiding) >> _CHANCE) + 1)
        return f"{stem}-{moment << _CHANCE | secrets.randbits(_CHANCE)}.dcm"

    def path(self, place: str) -> Path:
        """The copy of an instance, fetched where there is none. Raises OSError."""
        if place.startswith(f"{self.incoming.name}/"):
            return super().path(place)
        copy = self._copies.used(place)
        if copy is not None:
            return copy
        fetched = self.write([])
        try:
            self._store.get(place, fetched)
            if self._synced:  # a copy that a power cut has torn would be taken for the instance
                sync_file(fetched)
            return self._copies.take(fetched, place)
        finally:
            self.discard(fetched)

    def head(self, place: str, size: int = HEAD) -> tuple[FileMeta, bytes, bool]:
        """As of a file; of what is not here no more is fetched than that."""
        if place.startswith(f"{self.incoming.name}/") or self._copies.used(place) is not None:
            return super().head(place, size)
        head = self._store.read(place, size)
        meta = read_meta(head)
        return meta, head[meta.data_offset :], len(head) < size

    def size(self, place: str) -> int:
        """Bytes of the whole object."""
        return self._store.size(place)

    def remove(self, place: str) -> None:
        """Remove an instance and its copy; one that is gone already is fine."""
        self._store.remove(place)
        self._copies.drop(place)

    def named(self, place: str) -> str:
        """Its address."""
        return f"{self._store.url}/{place}"

    def all(self) -> Iterator[str]:
        """Every instance there is in the store, the newest version of each last."""
        for shelf in self._store.names("objects"):
            places = (f"objects/{shelf}/{name}" for name in self._store.names(f"objects/{shelf}"))
            yield from newest_last(one for one in places if PLACE.fullmatch(one))


def _version(place: str) -> int:
    return int(place.rpartition("-")[2].partition(".")[0] or 0)


class _Copies:
    """Files in a folder, of which those that were used longest ago go when there are too many bytes.

    Several processes may have the folder: the time of a file says when any of them has asked for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._used: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """Place to bytes and when it was used last, in that order."""
        self._bytes = 0
        found = []
        for file in folder.glob("*/*/*.dcm"):
            with suppress(FileNotFoundError):  # another process has just made room
                status = file.stat()
                place = file.relative_to(folder).as_posix()
                found.append((status.st_mtime_ns, place, status.st_size))
        for _, place, size in sorted(found):
            self._note(place, size, 0.0)

    def take(self, written: Path, place: str) -> Path:
        """Make a file the copy of an instance. Raises OSError."""
        copy = self._folder / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        size = written.stat().st_size
        try:
            written.replace(copy)
        except PermissionError:
            # On Windows nothing takes the place of a file that is open: one that is the same, here.
            if not copy.exists():
                raise
        with self._lock:
            self._note(place, size, time.monotonic())
            self._make_room()
        return copy

    def used(self, place: str) -> Path | None:
        """The copy of an instance, if there is one; it is kept for a while then."""
        copy = self._folder / place
        with self._lock:
            try:
                size = copy.stat().st_size
            except FileNotFoundError:
                self._forget(place)
                return None
            with suppress(OSError):
                os.utime(copy)
            self._note(place, size, time.monotonic())
        return copy

    def drop(self, place: str) -> None:
        """Remove a copy."""
        with self._lock:
            self._forget(place)
            (self._folder / place).unlink(missing_ok=True)

    def _was_just_used(self, place: str) -> bool:
        try:
            return time.time() - (self._folder / place).stat().st_mtime < _IN_USE
        except OSError:
            return False

    def _note(self, place: str, size: int, now: float) -> None:
        self._forget(place)
        self._used[place] = size, now
        self._bytes += size

    def _forget(self, place: str) -> None:
        self._bytes -= self._used.pop(place, (0, 0.0))[0]

    def _make_room(self) -> None:
        for _ in range(len(self._used)):
            place, (size, last) = next(iter(self._used.items()))
            if self._bytes <= _NEAR or time.monotonic() - last < _IN_USE:
                return
            if self._was_just_used(place):
                self._note(place, size, time.monotonic())
                continue
            self._forget(place)
            with suppress(OSError):
                (self._folder / place).unlink(missing_ok=True)
