"""Answers of several parts, each made when its turn has come (PS3.18 8.6.1.2)."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

from scenario_runner.archive.transcoding import TranscodingError
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.media_types import MULTIPART, MediaType
from scenario_runner.network.dicomweb.multipart import closing, head, new_boundary
from scenario_runner.pacs.dicomweb.desk import ConnectionBroken, Reply

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.multipart import Buffer

_PIECE: Final = 1 << 18
_IN_MEMORY: Final = 1 << 25
"""Bytes of contents made ahead that stay in memory, of all requests together."""
Content = tuple[int, "Iterable[Buffer]"]
"""How many bytes a content has, and the bytes in pieces."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part. location: where it can be had alone (Content-Location, PS3.18 8.6.1.2.2)."""

    content_type: str
    location: str
    content: Callable[[], Content]


def whole(data: Buffer) -> Content:
    """The content that these bytes are."""
    return len(data), [data]


def multipart(
    root: str,
    parts: Iterable[Part],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An answer of several parts. root: the type of the parts."""
    boundary = new_boundary()
    media_type = MediaType(MULTIPART, {"type": root, "boundary": boundary})
    return Reply(
        status=status,
        media_type=str(media_type),
        content=checked(_written(parts, boundary)),
        headers=headers or {},
    )


def single(part: Part, *, status: int = 200) -> Reply:
    """The same for one part without the wrapping."""
    _, pieces = part.content()
    return Reply(
        status=status,
        media_type=part.content_type,
        content=checked(pieces),
        headers={"Content-Location": part.location},
    )


def _written(parts: Iterable[Part], boundary: str) -> Iterator[Buffer]:
    for part in parts:
        size, pieces = part.content()
        headers = {
            "Content-Type": part.content_type,
            "Content-Length": str(size),
            "Content-Location": part.location,
        }
        yield head(headers, boundary)
        yield from pieces
        yield b"\r\n"
    yield closing(boundary)


def checked(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """The same; what goes wrong on the way ends the connection, since the status is out already."""
    try:
        for piece in pieces:
            yield bytes(piece)
    except (OSError, DamagedDatasetError, TranscodingError) as error:
        raise ConnectionBroken from error


class _Room:
    """Bytes that all answers under way may hold in memory together."""

    def __init__(self, free: int) -> None:
        self.free = free
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether there is room for so many, which then is taken."""
        with self._lock:
            fits = size <= self.free
            if fits:
                self.free -= size
            return fits

    def give(self, size: int) -> None:
        """Let go of as many."""
        with self._lock:
            self.free += size


ROOM: Final = _Room(_IN_MEMORY)


class Made:
    """Contents made before an answer begins, so that what fails is still told by a status.

    In memory while there is room, else in a temporary file. They go with the last who holds one.
    """

    def __init__(self, room: _Room = ROOM) -> None:
        self._room = room
        self._held = 0
        self._file: IO[bytes] | None = None
        self._end = 0

    def __del__(self) -> None:
        self._room.give(self._held)
        if self._file is not None:
            self._file.close()

    def keep(self, data: bytes) -> Callable[[], Content]:
        """Take a content in; returns what gives it back."""
        if self._room.take(len(data)):
            self._held += len(data)
            return lambda: (len(data), self._held_pieces(data))
        file = self._opened()
        place = range(self._end, self._end + len(data))
        self._end = place.stop
        file.seek(place.start)
        file.write(data)
        return lambda: (len(place), self._pieces(place))

    def _held_pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def written(self, write: Callable[[BinaryIO], object]) -> Callable[[], Content]:
        """The same of what ``write`` writes to the end of a file that it is given."""
        file = self._opened()
        file.seek(self._end)
        write(cast("BinaryIO", file))
        place = range(self._end, file.tell())
        self._end = place.stop
        return lambda: (len(place), self._pieces(place))

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - ends with the answer
        return self._file

    def _pieces(self, place: range) -> Iterator[bytes]:
        assert self._file is not None
        for start in range(place.start, place.stop, _PIECE):
            self._file.seek(start)
            yield self._file.read(min(_PIECE, place.stop - start))
