"""WADO-RS frames: single frames as bytes, compressed as they are stored or decoded (PS3.18 10.4)."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.values import texts
from scenario_runner.decoding import frame_of
from scenario_runner.dicom.elements import DamagedDatasetError, Elements
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.dicomweb.media_types import MULTIPART, OCTET_STREAM, MediaType
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, WebError, takes_parts
from scenario_runner.pacs.dicomweb.retrieving import Part, multipart
from scenario_runner.pacs.dicomweb.transfer import (
    IMAGE_TYPES,
    Pixels,
    TranscodingError,
    can_decode,
    pixels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.archive.index import Located
    from scenario_runner.network.dicomweb.multipart import Buffer

_NUMBERS: Final = re.compile(r"[0-9]{1,9}(,[0-9]{1,9})*")
_MOST: Final = 10_000
_NATIVE: Final = frozenset((IMPLICIT_LE, EXPLICIT_LE, DEFLATED, EXPLICIT_BE))
_NUMBER_OF_FRAMES, _BITS_ALLOCATED = 0x00280008, 0x00280100
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_GEOMETRY: Final = (0x00280010, 0x00280011, 0x00280002)
"""Rows, Columns, Samples per Pixel."""
_PHOTOMETRIC_INTERPRETATION: Final = 0x00280004


def retrieve_frames(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/frames/{list}``: frames in the order of the list, from 1."""
    instance = desk.one(call)
    try:
        header, _ = desk.archive.header(instance.file)
        with pixels(desk.archive, instance) as found:
            there = found is not None
    except (OSError, DamagedDatasetError) as error:
        raise WebError(404, f"the instance cannot be read: {error}") from error
    if not there:
        raise WebError(404, "the instance has no pixels")
    numbers = frame_list(call.uids["frames"], frame_count(header))
    content_type, one = _choice(desk, call, instance, header)
    root = content_type.partition(";")[0]
    parts: Iterator[Part] = (
        (content_type, lambda number=number: [one(number)])  # type: ignore[misc]
        for number in numbers
    )
    return multipart(root, parts)


def frame_list(text: str, count: int) -> list[int]:
    """Frame numbers of a path. Raises WebError for what is no list, or frames that are not there."""
    if not _NUMBERS.fullmatch(text):
        raise WebError(
            400, f"'{text[:40]}' is no list of frames: numbers from 1, with commas between"
        )
    numbers = [int(part) for part in text.split(",")]
    if len(numbers) > _MOST:
        raise WebError(400, f"more than {_MOST} frames at once")
    for number in numbers:
        if not 1 <= number <= count:
            raise WebError(404, f"there is no frame {number}: the instance has {count}")
    return numbers


def frame_count(header: Elements) -> int:
    """Number of Frames; 1 when it does not say."""
    return max(1, _integer(header, _NUMBER_OF_FRAMES, 1))


def _integer(header: Elements, tag: int, default: int) -> int:
    element = header.get(tag)
    values = texts(tag, element) if element else []
    try:
        return int(values[0]) if values else default
    except ValueError:
        return default


def _choice(
    desk: WebDesk, call: Call, instance: Located, header: Elements
) -> tuple[str, Callable[[int], Buffer]]:
    """Content type of a frame and what gives it, by what the client takes."""
    syntax = instance.transfer_syntax_uid
    compressed = IMAGE_TYPES.get(syntax)
    if compressed is None and syntax not in _NATIVE:
        compressed = (
            OCTET_STREAM  # video and what is newer than the table: as stored, told by its UID
        )

    def as_stored(number: int) -> Buffer:
        return _stored_frame(desk, instance, header, number)

    def decoded(number: int) -> Buffer:
        return _decoded_frame(desk, instance, number)

    for accepted in call.accepted():
        wanted = accepted.get("transfer-syntax")
        if compressed is not None and wanted in (None, "*", syntax):
            # "octet-stream" alone asks for uncompressed frames, with any syntax for whatever there is.
            anything = accepted.root == OCTET_STREAM and wanted == "*"
            if takes_parts(accepted, compressed) or anything:
                return str(MediaType(compressed, {"transfer-syntax": syntax})), as_stored
        if takes_parts(accepted, OCTET_STREAM) and wanted in (None, "*", EXPLICIT_LE):
            content_type = str(MediaType(OCTET_STREAM, {"transfer-syntax": EXPLICIT_LE}))
            if syntax in _NATIVE and syntax != EXPLICIT_BE:
                return content_type, as_stored
            if can_decode(syntax):
                return content_type, decoded
    offered = f' or type="{compressed}" as stored' if compressed else ""
    raise WebError(406, f'frames are {MULTIPART}; type="{OCTET_STREAM}", uncompressed{offered}')


def _stored_frame(desk: WebDesk, instance: Located, header: Elements, number: int) -> Buffer:
    with pixels(desk.archive, instance) as found:
        if found is None:
            raise DamagedDatasetError("the pixels are gone")
        if found.span.encapsulated:
            return _encapsulated_frame(found, header, number)
        return _native_frame(found, header, number)


def _encapsulated_frame(found: Pixels, header: Elements, number: int) -> Buffer:
    """The fragments of one frame, put together (PS3.5 A.4)."""
    from pydicom.encaps import get_frame

    tables = [header[tag].value for tag in (_OFFSETS, _LENGTHS) if tag in header]
    value = io.BytesIO(found.data[found.span.start : found.span.end])
    try:
        return get_frame(
            value,
            number - 1,
            extended_offsets=(tables[0], tables[1]) if len(tables) == 2 else None,
            number_of_frames=frame_count(header),
        )
    except (ValueError, EOFError, IndexError) as error:
        raise DamagedDatasetError(f"frame {number} cannot be found: {error}") from error


def _native_frame(found: Pixels, header: Elements, number: int) -> Buffer:
    rows, columns, samples = (_integer(header, tag, 1) for tag in _GEOMETRY)
    bits = _integer(header, _BITS_ALLOCATED, 8)
    if found.span.tag != 0x7FE00010:
        bits = 32 if found.span.tag == 0x7FE00008 else 64
    size = rows * columns * samples * bits
    if _is_subsampled(header):
        size = size * 2 // 3
    start = found.span.start * 8 + (number - 1) * size
    if (start + size + 7) // 8 > found.span.end:
        raise DamagedDatasetError(f"the pixels end before frame {number}")
    if size % 8 == 0:
        return found.data[start // 8 : (start + size) // 8]
    return _shifted(found.data[start // 8 : (start + size + 7) // 8], start % 8, size)


def _is_subsampled(header: Elements) -> bool:
    """Native YBR_FULL_422 has two samples a pixel (PS3.3 C.7.6.3.1.2)."""
    element = header.get(_PHOTOMETRIC_INTERPRETATION)
    return element is not None and element.value.strip(b" \0") == b"YBR_FULL_422"


def _shifted(data: bytes, first: int, size: int) -> bytes:
    """Bits of a frame that does not begin on a byte, as single-bit pixels do (PS3.5 8.1.1)."""
    import numpy as np

    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.packbits(bits[first : first + size], bitorder="little").tobytes()


def _decoded_frame(desk: WebDesk, instance: Located, number: int) -> Buffer:
    try:
        frame = frame_of(desk.archive.files.path(instance.file), number, raw=True)
    except Exception as error:
        # Decoders of other makers raise what they like for damaged data.
        raise TranscodingError(f"frame {number} cannot be decoded: {error}") from error
    return frame.astype(frame.dtype.newbyteorder("<")).tobytes()
