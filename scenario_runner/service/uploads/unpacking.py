"""Files of a zip archive, one after the other: bounded, never written under a name that the archive gives.

Nothing in an archive is believed: neither its sizes, nor its names, nor how many members it says it has. Archives
in archives are opened as far as ``Limits.nested`` says.
"""

from __future__ import annotations

import errno
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.service.errors import TooLarge, Unacceptable
from scenario_runner.service.uploads.outcome import FileOutcome
from scenario_runner.service.uploads.taking import shown_name

if TYPE_CHECKING:
    from scenario_runner.archive.files import Files
    from scenario_runner.service.service import Limits

_PIECE: Final = 1 << 18
_ENCRYPTED: Final = 0x1
_MOST_DIRECTORY: Final = 32 << 20
"""Bytes of a central directory, which is held in memory."""
_MOST_MEMBERS: Final = 65_535
_SMALL: Final = 16 << 20
"""Bytes up to which a member may be as much larger as it likes: an image of one colour is."""
_END: Final = struct.Struct("<4s4H2LH")
_END_TAIL: Final = 65_557
_BESIDE: Final = ("__macosx/",)
_BESIDE_NAMES: Final = (".ds_store", "thumbs.db", "desktop.ini")
_COMPANIONS: Final = ("not-dicom", "empty")
"""Why a member is not stored that has a right to be in an archive beside images."""

Take = Callable[[str, Iterable[bytes]], FileOutcome]
Note = Callable[[FileOutcome], None]


class Unpacking:
    """Takes in the members of an archive. take: a file; note: what is refused before it is one.

    files: where a nested archive lies meanwhile.
    """

    def __init__(self, limits: Limits, files: Files, take: Take, note: Note) -> None:
        self._limits = limits
        self._files = files
        self._take = take
        self._note = note

    def unpack(self, path: Path) -> None:
        """All members. Raises Unacceptable for what is no zip archive, TooLarge beyond the limits."""
        self._open(path, "", 0)

    def _open(self, path: Path, within: str, depth: int) -> None:
        try:
            _check_directory(path)
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
                _check_overlap(members, path.stat().st_size)
                for one in members:
                    # Not ZipInfo.is_dir, which fails over a member without a name.
                    if not one.filename.endswith("/") and not _is_beside(one.filename):
                        self._member(archive, one, within, depth)
        except (
            zipfile.BadZipFile,
            struct.error,
            NotImplementedError,
            ValueError,
            OSError,
        ) as error:
            if isinstance(error, OSError) and not _is_lie(error):
                raise
            raise Unacceptable(
                "no-zip", f"it is no zip archive that can be read: {error}", hint="send a .zip file"
            ) from error

    def _member(
        self, archive: zipfile.ZipFile, one: zipfile.ZipInfo, within: str, depth: int
    ) -> None:
        name = within + one.filename
        refused = _refusal(one)
        if one.header_offset < 0:
            refused = "damaged", "it cannot be unpacked: it would begin before the archive does"
        if not one.filename:
            refused = "damaged", "it has no name"
        if refused:
            self._refuse(name, *refused)
            return
        try:
            pieces = self._pieces(archive, one)
            first = next(pieces, b"")
            if first.startswith(b"PK\x03\x04"):
                self._nested(name, _again(first, pieces), depth)
                return
            taken = self._take(name, _again(first, pieces))
        except _BombError as error:
            self._refuse(name, "bomb", str(error))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            if isinstance(error, OSError) and not _is_lie(error):
                raise
            self._refuse(
                name, "damaged", f"it cannot be unpacked: {str(error) or 'it is cut short'}"
            )
        else:
            if taken.code in _COMPANIONS:
                taken.status = "skipped"

    def _nested(self, name: str, pieces: Iterator[bytes], depth: int) -> None:
        if depth >= self._limits.nested:
            self._refuse(name, "nested", "it is an archive too deep in archives")
            return
        path = self._files.write(self._bounded(pieces))
        try:
            self._open(path, f"{name}/", depth + 1)
        except Unacceptable as error:
            self._refuse(name, error.code, error.message)
        finally:
            self._files.discard(path)

    def _bounded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._limits.upload:
                raise TooLarge(
                    "upload-too-large", f"an upload may have {self._limits.upload} bytes"
                )
            yield piece

    def _pieces(self, archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> Iterator[bytes]:
        size = 0
        with archive.open(one) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > _SMALL and size > self._limits.ratio * max(1, one.compress_size):
                    raise _BombError(
                        f"it becomes more than {self._limits.ratio} times as large as it is packed"
                    )
                yield piece

    def _refuse(self, name: str, code: str, why: str) -> None:
        outcome = FileOutcome(name=shown_name(name))
        outcome.refuse(code, why)
        self._note(outcome)


def _is_lie(error: OSError) -> bool:
    """Whether an archive made us ask for what no file has, rather than the machine failing."""
    return error.errno in (None, errno.EINVAL)


class _BombError(Exception):
    """A member grows beyond what images do."""


def _refusal(one: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Why a member is not even opened: a code and words."""
    if one.flag_bits & _ENCRYPTED:
        return "encrypted", "it is encrypted, and nobody has given a password"
    mode = one.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link", "it is a link, not a file"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "no-file", "it is no file"
    name = one.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "path", "its path leads out of the archive"
    return None


def _is_beside(name: str) -> bool:
    """What a system adds by itself."""
    small = name.lower()
    return small.startswith(_BESIDE) or small.rpartition("/")[2] in _BESIDE_NAMES


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _check_directory(path: Path) -> None:
    """Refuse a central directory that would not fit into memory (APPNOTE 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_TAIL))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("it has no end of a central directory")
    _, _, _, _, members, directory, _, _ = _END.unpack_from(tail, at)
    if directory != 0xFFFFFFFF and directory > _MOST_DIRECTORY:
        raise TooLarge("too-many-files", "the archive has too many members")
    if members == 0xFFFF or directory == 0xFFFFFFFF:
        _check_large_directory(path, size - len(tail) + at)


def _check_large_directory(path: Path, end: int) -> None:
    """The same of an archive with 64-bit sizes (APPNOTE 4.3.14, 4.3.15)."""
    with path.open("rb") as file:
        file.seek(max(0, end - 20))
        locator = file.read(20)
        if len(locator) < 20 or locator[:4] != b"PK\6\7":
            return  # sizes that happen to be all ones; zipfile goes by the short record, too
        (place,) = struct.unpack("<Q", locator[8:16])
        if place > end:
            raise zipfile.BadZipFile("its central directory is not where it says")
        file.seek(place)
        record = file.read(56)
    if len(record) < 56 or record[:4] != b"PK\6\6":
        raise zipfile.BadZipFile("its central directory is not where it says")
    members, directory = struct.unpack("<QQ", record[32:48])
    if members > _MOST_MEMBERS or directory > _MOST_DIRECTORY:
        raise TooLarge("too-many-files", "the archive has too many members")


def _check_overlap(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive in which the same bytes are several members: a bomb that is small for ever."""
    if sum(one.compress_size for one in members) > size:
        raise Unacceptable("bomb", "the members of the archive overlap, as those of bombs do")
