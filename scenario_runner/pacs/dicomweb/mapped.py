"""Stored data sets as the system maps them into memory, and their values in pieces."""

from __future__ import annotations

import mmap
import sys
import tempfile
from typing import IO, TYPE_CHECKING, Final

from scenario_runner.dicom.elements import DamagedDatasetError, HeadReader
from scenario_runner.dicom.inflating import PIECE, inflated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.dicom.syntaxes import Encoding

_READ: Final = 1 << 16
_TOGETHER: Final = 32


class Inflated:
    """A deflated data set, inflated into a file without a name that is gone when nobody holds this.

    Raises OSError, DamagedDatasetError.
    """

    def __init__(self, path: Path, offset: int, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - ends with this
        self.size = 0
        try:
            for piece in inflated(_read(path, offset)):
                self._file.write(piece)
                self.size += len(piece)
            self._file.flush()
        except BaseException:
            self._file.close()
            raise

    def __del__(self) -> None:
        self._file.close()

    def mapped(self) -> mmap.mmap:
        """The data set; from any thread, as often as one likes."""
        return mapped(self._file)


def _read(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(_READ):
            yield chunk


def mapped(file: IO[bytes]) -> mmap.mmap:
    """A file, for reading. Raises DamagedDatasetError for one that is empty."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise DamagedDatasetError("the data set is empty") from error


def pieces(data: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    """The bytes from one place to another; those that were given are not kept in memory."""
    for at in range(start, end, PIECE):
        yield data[at : min(at + PIECE, end)]
        forget(data)


def read_pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """The same of a file that is not mapped. Raises OSError, and DamagedDatasetError where it ends before that."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end:
            piece = file.read(min(PIECE, end - start))
            if not piece:
                raise DamagedDatasetError("the file ends before its pixels do")
            yield piece
            start += len(piece)


def forget(data: mmap.mmap) -> None:
    """Let the system have the memory again that the bytes are mapped in, where it asks to be told.

    All of them: it maps more than what is looked at.
    """
    if sys.platform != "win32":
        data.madvise(mmap.MADV_DONTNEED)


class FrugalReader(HeadReader):
    """Of mapped data, without keeping in memory what it passes: an image may have thousands of fragments."""

    def __init__(self, data: bytes | mmap.mmap, encoding: Encoding) -> None:
        super().__init__(data, encoding)
        self._mapped = data
        self._passed = 0

    def item_head(self, at: int) -> tuple[int, int]:
        """As ``HeadReader.item_head``."""
        self._passed += 1
        if self._passed % _TOGETHER == 0 and not isinstance(self._mapped, bytes):
            forget(self._mapped)
        return super().item_head(at)
