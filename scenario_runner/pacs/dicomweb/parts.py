"""Answers of several parts, each made when its turn has come (PS3.18 8.6.1.2)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenario_runner.archive.transcoding import TranscodingError
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.network.dicomweb.media_types import MULTIPART, MediaType
from scenario_runner.network.dicomweb.multipart import closing, head, new_boundary
from scenario_runner.pacs.dicomweb.desk import ConnectionBroken, Reply

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.multipart import Buffer

LOGGER = logging.getLogger(__name__)

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
        LOGGER.warning("an answer ends too early: %s", error)
        raise ConnectionBroken from error
