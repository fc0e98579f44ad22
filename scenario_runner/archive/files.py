"""Instances as Part 10 files in a folder: written whole or not at all, named by a hash.

What a peer calls its instance never becomes a path: the name is the SHA-256 of the SOP Instance UID.
A second version of an instance gets a name of its own, so that the index never points at a file
that is being replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import mmap
import os
import re
from typing import TYPE_CHECKING, BinaryIO, Final

from scenario_runner.dicom.part10 import FileMeta, read_meta
from scenario_runner.durability import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

Buffer = bytes | bytearray | memoryview

_META_MAX: Final = 1 << 16
HEAD: Final = 1 << 18
"""Bytes of a file in which most headers are."""
PLACE: Final = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{40}-[0-9]+\.dcm")
"""What ``Files.place_of`` gives."""


class Files:
    """The folder in which instances lie. Raises OSError as the system does.

    synced: every file is on the disk, not only with the system, before ``put`` returns.
    """

    far = False
    """Whether ``put`` and ``remove`` take long; a place is never given twice then."""

    def __init__(self, folder: Path, *, synced: bool) -> None:
        self._folder = folder
        self._synced = synced
        self._incoming = folder / "incoming"
        self._objects = folder / "objects"
        self._numbers = itertools.count()
        self._prefix = f"{os.getpid():x}-{os.urandom(3).hex()}-"
        self._made: set[str] = set()
        self._removals = folder / "removals"
        self._additions = folder / "additions"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._objects.mkdir(exist_ok=True)
        self._removals.mkdir(exist_ok=True)
        self._additions.mkdir(exist_ok=True)

    @property
    def incoming(self) -> Path:
        """Where files are that are not stored yet; swept when the archive is opened."""
        return self._incoming

    def sweep(self, process: int | None = None) -> None:
        """Remove what a killed process left half written. process: its number; None where nobody else may be storing."""
        for leftover in self._incoming.iterdir():
            if _is_by(leftover, process):
                leftover.unlink(missing_ok=True)

    def write(self, parts: Iterable[Buffer]) -> Path:
        """Write a temporary file; nothing is left of it when that fails."""
        path = self._temporary()
        try:
            with path.open("xb", buffering=0) as file:
                for part in parts:
                    view = memoryview(part)
                    while view:
                        view = view[file.write(view) :]
                if self._synced:
                    os.fsync(file.fileno())
        except BaseException:
            self.discard(path)
            raise
        return path

    def put(self, written: Path, place: str) -> None:
        """Move a temporary file to the place that ``place_of`` gave."""
        name = place.rpartition("/")[2]
        target = self._folder / place
        if name[:2] not in self._made:
            target.parent.mkdir(exist_ok=True)
            self._made.add(name[:2])
        written.replace(target)
        if self._synced:
            sync_folder(target.parent)

    def place_of(self, sop_instance_uid: str, *, avoiding: str = "") -> str:
        """Where an instance is to lie: relative, with forward slashes.

        avoiding: the place of an older version that must stay intact for now.
        """
        name = hashlib.sha256(sop_instance_uid.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        version = int(avoiding.rpartition("-")[2].partition(".")[0] or 0) + 1 if avoiding else 0
        return f"objects/{name[:2]}/{name}-{version}.dcm"

    def discard(self, path: Path) -> None:
        """Remove a temporary file."""
        with contextlib.suppress(OSError):
            path.unlink()

    def remove(self, place: str) -> None:
        """Remove an instance; one that is gone already is fine."""
        (self._folder / place).unlink(missing_ok=True)

    def note_removal(self, study_instance_uid: str, places: Sequence[str]) -> Path:
        """Write down that a study is about to go, for whoever comes if this process is killed."""
        return self._note(self._removals, {"study": study_instance_uid, "places": list(places)})

    def note_addition(self, places: Sequence[str]) -> Path:
        """Write down which places are about to be taken, for whoever comes if this process is killed."""
        return self._note(self._additions, {"places": list(places)})

    def additions(self) -> list[tuple[Path, list[str]]]:
        """Additions that were begun: the note and the places. What is no note goes."""
        return [(note, places) for note, _, places in self._notes(self._additions)]

    def removals(self) -> list[tuple[Path, str, list[str]]]:
        """Deletions that were begun: the note, the study and its files. What is no note goes."""
        return [one for one in self._notes(self._removals) if one[1]]

    def noted_by(self, process: int) -> list[tuple[Path, list[str]]]:
        """What that process had begun to add or to remove when it was killed: the note and the places."""
        notes = [*self._notes(self._additions), *self._notes(self._removals)]
        return [(note, places) for note, _, places in notes if _is_by(note, process)]

    def _note(self, folder: Path, note: dict[str, object]) -> Path:
        written = self.write([json.dumps(note).encode()])
        target = folder / written.with_suffix(".json").name
        written.replace(target)
        return target

    def _notes(self, folder: Path) -> list[tuple[Path, str, list[str]]]:
        found = []
        for note in sorted(folder.iterdir()):
            try:
                said = json.loads(note.read_bytes())
                places = [str(place) for place in said["places"] if PLACE.fullmatch(str(place))]
                found.append((note, str(said.get("study", "")), places))
            except (ValueError, LookupError, TypeError, AttributeError):
                self.discard(note)
        return found

    def held(self, places: Sequence[str]) -> Held:
        """The files of instances under names of their own.

        Raises FileNotFoundError where one has gone already. Where a file cannot have two names they are the
        files themselves, and do not stay.
        """
        return Held([(self.path(place), self._temporary()) for place in places])

    def _temporary(self) -> Path:
        return self._incoming / f"{self._prefix}{next(self._numbers):x}.part"

    def open_data(self, place: str) -> bytes:
        """The data set of an instance, as it came, without File Meta Information."""
        content = self.path(place).read_bytes()
        return content[read_meta(content[:_META_MAX]).data_offset :]

    def mapped_data(self, place: str) -> memoryview:
        """The same, mapped into memory and not read, for as long as somebody holds it."""
        with self.path(place).open("rb") as file:
            offset = read_meta(file.read(_META_MAX)).data_offset
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[offset:]

    @contextlib.contextmanager
    def reading_data(self, place: str, meta: FileMeta) -> Iterator[Callable[[int, int], bytes]]:
        """Gives so many bytes from a place of the data set on, or as many as there are; opened when it is asked."""
        with contextlib.ExitStack() as opened:
            file: BinaryIO | None = None

            def read(at: int, count: int) -> bytes:
                nonlocal file
                if file is None:
                    file = opened.enter_context(self.path(place).open("rb"))
                file.seek(meta.data_offset + at)
                return file.read(count)

            yield read

    def head(self, place: str, size: int = HEAD) -> tuple[FileMeta, bytes, bool]:
        """Meta, the beginning of the data set, and whether that is all of it. size: bytes to read of the file."""
        with self.path(place).open("rb") as file:
            head = file.read(size)
        meta = read_meta(head)
        return meta, head[meta.data_offset :], len(head) < size

    def place(self, written: Path) -> str:
        """The place of a temporary file, for reading it before it has its own."""
        return f"{self._incoming.name}/{written.name}"

    def path(self, place: str) -> Path:
        """Where an instance lies."""
        return self._folder / place

    def named(self, place: str) -> str:
        """Where an instance lies, for people."""
        return str(self.path(place))

    def size(self, place: str) -> int:
        """Bytes of the whole file."""
        return (self._folder / place).stat().st_size

    def all(self) -> Iterator[str]:
        """Every instance there is, the newest version of each last."""
        for shelf in sorted(self._objects.iterdir()):
            places = (f"objects/{shelf.name}/{file.name}" for file in shelf.glob("*.dcm"))
            yield from newest_last(places)


class Held:
    """Files that stay as they are for as long as somebody has this, however their instances are replaced or removed.

    names: where each lies, and another one that it is to have. Raises FileNotFoundError.
    """

    def __init__(self, names: Iterable[tuple[Path, Path]]) -> None:
        self.paths: list[Path] = []
        self._ours: list[Path] = []
        for lies, name in names:
            try:
                os.link(lies, name)
            except FileNotFoundError:
                raise
            except OSError:
                lies.stat()
                self.paths.append(lies)
            else:
                self._ours.append(name)
                self.paths.append(name)

    @property
    def stays(self) -> bool:
        """Whether all of them do: a file system may give a file no second name."""
        return len(self._ours) == len(self.paths)

    def __del__(self) -> None:
        self.release()

    def release(self) -> None:
        """Let go of them now."""
        while self._ours:
            with contextlib.suppress(OSError):
                self._ours.pop().unlink()


def newest_last(places: Iterable[str]) -> list[str]:
    """The places of a folder, versions of one instance beside each other and in their order."""
    return sorted(places, key=_version)


def _is_by(file: Path, process: int | None) -> bool:
    """Whether that process has written a temporary file, or a note that was one."""
    return process is None or file.name.startswith(f"{process:x}-")


def _version(place: str) -> tuple[str, int]:
    name, _, version = place.removesuffix(".dcm").rpartition("-")
    return name, int(version) if version.isdigit() else 0
