"""WADO-RS frames: single frames as bytes, compressed as they are stored or decoded (PS3.18 10.4)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.archive.values import texts
from scenario_runner.decoding import frame_of
from scenario_runner.dicom.elements import DamagedDatasetError, Elements
from scenario_runner.dicom.heads import PIXEL_DATA
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.dicomweb.media_types import MULTIPART, OCTET_STREAM, MediaType
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    location_of,
    takes_parts,
)
from scenario_runner.pacs.dicomweb.parts import Content, Part, multipart, single, whole
from scenario_runner.pacs.dicomweb.transfer import (
    IMAGE_TYPES,
    Pixels,
    TranscodingError,
    can_decode,
    pixels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt

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
_PIXEL_REPRESENTATION: Final = 0x00280103


def retrieve_frames(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/frames/{list}``: frames in the order of the list, from 1."""
    instance = desk.one(call)
    try:
        opened = desk.opened(instance)
    except (OSError, DamagedDatasetError) as error:
        raise WebError(404, f"the instance cannot be read: {error}") from error
    if opened.span is None:
        raise WebError(404, "the instance has no pixels")
    numbers = frame_list(call.uids["frames"], frame_count(opened.header))
    for accepted in call.accepted():
        chosen = _choice(desk, instance, opened.header, accepted)
        if chosen is None:
            continue
        content_type, one = chosen
        url = f"{location_of(call.base, instance)}/frames"
        parts = [
            Part(content_type, f"{url}/{number}", partial(_whole, one, number))
            for number in numbers
        ]
        if len(parts) == 1 and _is_alone(accepted):
            return single(parts[0])
        return multipart(content_type.partition(";")[0], parts)
    compressed = _compressed_type(instance.transfer_syntax_uid)
    offered = f' or type="{compressed}" as stored' if compressed else ""
    raise WebError(406, f'frames are {MULTIPART}; type="{OCTET_STREAM}", uncompressed{offered}')


def _is_alone(accepted: MediaType) -> bool:
    """Whether one frame is to come without the wrapping of several parts."""
    return accepted.essence not in (MULTIPART, "*/*", "multipart/*")


def _whole(one: Callable[[int], Buffer], number: int) -> Content:
    return whole(one(number))


def compressed_frames(
    desk: WebDesk, call: Call, instance: Located, accepted: MediaType
) -> Iterator[Part]:
    """All frames of an instance that is stored in the media type of these parts; else nothing."""
    syntax = instance.transfer_syntax_uid
    wanted = accepted.get("transfer-syntax")
    if IMAGE_TYPES.get(syntax) != accepted.root or wanted not in (None, "*", syntax):
        return
    opened = desk.opened(instance)
    if opened.span is None:
        return
    content_type = str(MediaType(accepted.root, {"transfer-syntax": syntax}))
    url = f"{location_of(call.base, instance)}/frames"
    one = partial(_stored_frame, desk, instance, opened.header)
    for number in range(1, frame_count(opened.header) + 1):
        yield Part(content_type, f"{url}/{number}", partial(_whole, one, number))


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


def _compressed_type(syntax: str) -> str | None:
    """The media type of frames as they are stored; None when they are not compressed."""
    if syntax in _NATIVE:
        return None
    # Video and what is newer than the table: as stored, told by its UID.
    return IMAGE_TYPES.get(syntax, OCTET_STREAM)


def _choice(
    desk: WebDesk, instance: Located, header: Elements, accepted: MediaType
) -> tuple[str, Callable[[int], Buffer]] | None:
    """Content type of a frame and what gives it, if a member of an Accept header takes it."""
    syntax = instance.transfer_syntax_uid
    compressed = _compressed_type(syntax)

    def as_stored(number: int) -> Buffer:
        return _stored_frame(desk, instance, header, number)

    def decoded(number: int) -> Buffer:
        return _decoded_frame(desk, instance, number)

    def takes(essence: str) -> bool:
        return takes_parts(accepted, essence) or (_is_alone(accepted) and accepted.covers(essence))

    wanted = accepted.get("transfer-syntax")
    if compressed is not None and wanted in (None, "*", syntax):
        # "octet-stream" alone asks for uncompressed frames, with any syntax for whatever there is.
        anything = accepted.root == OCTET_STREAM and wanted == "*"
        if takes(compressed) or anything:
            return str(MediaType(compressed, {"transfer-syntax": syntax})), as_stored
    if takes(OCTET_STREAM) and wanted in (None, "*", EXPLICIT_LE):
        content_type = str(MediaType(OCTET_STREAM, {"transfer-syntax": EXPLICIT_LE}))
        if syntax in _NATIVE and syntax != EXPLICIT_BE:
            return content_type, as_stored
        if can_decode(syntax):
            return content_type, decoded
    return None


def decoded_pixels(desk: WebDesk, instance: Located, header: Elements) -> bytes:
    """The pixels of all frames, uncompressed in Little Endian. Raises TranscodingError."""
    if not can_decode(instance.transfer_syntax_uid):
        raise TranscodingError("the pixels cannot be decoded here")
    numbers = range(1, frame_count(header) + 1)
    return b"".join(_decoded_frame(desk, instance, number) for number in numbers)


def _stored_frame(desk: WebDesk, instance: Located, header: Elements, number: int) -> Buffer:
    with pixels(desk, instance) as found:
        if found is None:
            raise DamagedDatasetError("the pixels are gone")
        if found.span.encapsulated:
            return _encapsulated_frame(found, header, number)
        return _native_frame(found, header, number)


def native_gray(desk: WebDesk, instance: Located, number: int) -> npt.NDArray[np.generic] | None:
    """A frame of one grey sample a pixel in whole bytes that is not compressed; None for any other.

    (rows, columns). Raises DamagedDatasetError, OSError.
    """
    import numpy as np

    if instance.transfer_syntax_uid not in _NATIVE - {EXPLICIT_BE}:
        return None
    opened = desk.opened(instance)
    header, span = opened.header, opened.span
    rows, columns, samples = (_integer(header, tag, 1) for tag in _GEOMETRY)
    bits = _integer(header, _BITS_ALLOCATED, 0)
    if span is None or span.tag != PIXEL_DATA or samples != 1 or bits not in (8, 16):
        return None
    if not 1 <= number <= frame_count(header):
        return None
    sign = "i" if _integer(header, _PIXEL_REPRESENTATION, 0) else "u"
    data = _stored_frame(desk, instance, header, number)
    return np.frombuffer(data, f"<{sign}{bits // 8}").reshape(rows, columns)


def _encapsulated_frame(found: Pixels, header: Elements, number: int) -> Buffer:
    """The fragments of one frame, put together (PS3.5 A.4)."""
    from pydicom.encaps import get_frame

    tables = [header[tag].value for tag in (_OFFSETS, _LENGTHS) if tag in header]
    value: Any = found.data
    value.seek(found.span.start)
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
    if found.span.tag != PIXEL_DATA:
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
