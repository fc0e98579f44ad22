"""WADO-RS frames: single frames as bytes, compressed as they are stored or decoded (PS3.18 10.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from scenario_runner.decoding import frame_into
from scenario_runner.decoding.stored_bits import stored_values
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import DamagedDatasetError, Element, Elements, in_little_endian
from scenario_runner.dicom.long_cells import vr_of_words
from scenario_runner.dicom.native_pixels import SUBSAMPLED
from scenario_runner.dicom.pixel_places import Span
from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    encoding_of,
)
from scenario_runner.network.dicomweb.media_types import MULTIPART, OCTET_STREAM, MediaType
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    location_of,
    takes_parts,
    unreadable,
)
from scenario_runner.pacs.dicomweb.mapped import forget, pieces, read_pieces
from scenario_runner.pacs.dicomweb.parts import Content, Made, Part, multipart, single, whole
from scenario_runner.pacs.dicomweb.transfer import (
    IMAGE_TYPES,
    TranscodingError,
    can_decode,
    pixels,
)
from scenario_runner.showing.rows import Rows

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from typing import BinaryIO

    import numpy as np
    import numpy.typing as npt

    from scenario_runner.archive.index import Located
    from scenario_runner.dicom.syntaxes import Encoding
    from scenario_runner.network.dicomweb.multipart import Buffer
    from scenario_runner.pacs.dicomweb.shelf import Opened
    from scenario_runner.pacs.dicomweb.transfer import Pixels

_NUMBERS: Final = re.compile(r"[0-9]{1,9}(,[0-9]{1,9})*")
_MOST: Final = 10_000
_NATIVE: Final = frozenset((IMPLICIT_LE, EXPLICIT_LE, DEFLATED, EXPLICIT_BE))
_LONGEST_WORD: Final = 8
_OF_ONE_WORD: Final = 16
"""Bytes of the longest word that a byte order applies to, and a multiple of all others (PS3.5 7.3)."""
_NUMBER_OF_FRAMES, _BITS_ALLOCATED = 0x00280008, 0x00280100
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_GEOMETRY: Final = (0x00280010, 0x00280011, 0x00280002)
"""Rows, Columns, Samples per Pixel."""
_PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
_BITS_STORED, _HIGH_BIT, _PIXEL_REPRESENTATION = 0x00280101, 0x00280102, 0x00280103


def retrieve_frames(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/frames/{list}``: frames in the order of the list, from 1."""
    instance = desk.one(call)
    try:
        opened = desk.opened(instance)
    except (OSError, DamagedDatasetError) as error:
        raise unreadable(error) from error
    if opened.span is None:
        raise WebError(404, "the instance has no pixels")
    numbers = frame_list(call.uids["frames"], frame_count(opened.header))
    for accepted in call.accepted():
        chosen = _choice(desk, instance, opened, accepted)
        if chosen is None:
            continue
        content_type, one, decodes = chosen
        made = Made() if decodes else None
        url = f"{location_of(call.base, instance)}/frames"
        try:
            parts = [
                Part(content_type, f"{url}/{number}", _content(one, number, made))
                for number in numbers
            ]
            if not decodes and opened.span.encapsulated:
                # Pixels that were cut short lack the last; what is not compressed was looked for above.
                for number in {min(numbers), max(numbers)}:
                    _stored_frame(desk, instance, opened, number)
        except (OSError, DamagedDatasetError) as error:
            raise unreadable(error) from error
        if len(parts) == 1 and _is_alone(accepted):
            return single(parts[0])
        return multipart(content_type.partition(";")[0], parts)
    compressed = _compressed_type(instance.transfer_syntax_uid)
    offered = f' or type="{compressed}" as stored' if compressed else ""
    raise WebError(406, f'frames are {MULTIPART}; type="{OCTET_STREAM}", uncompressed{offered}')


def _is_alone(accepted: MediaType) -> bool:
    """Whether one frame is to come without the wrapping of several parts."""
    return accepted.essence not in (MULTIPART, "*/*", "multipart/*")


Write = Callable[[int, Made], Callable[[], Content]]
"""From the number of a frame to what gives it; ``Made`` is for what is decoded now."""


def _content(one: Write, number: int, made: Made | None) -> Callable[[], Content]:
    """What gives a frame; with ``made`` it is decoded now. Raises WebError when it cannot be."""
    try:
        return one(number, made or Made())
    except TranscodingError as error:
        raise WebError(
            406, f"{error}; as it is stored it can be had with transfer-syntax=*"
        ) from error


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
    for number in range(1, frame_count(opened.header) + 1):
        content = _stored_content(desk, instance, opened, number)
        yield Part(content_type, f"{url}/{number}", content)


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
    return max(1, integer(header, _NUMBER_OF_FRAMES, 1))


def integer(header: Elements, tag: int, default: int) -> int:
    """The first value of an attribute of integers, in whatever VR."""
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
    desk: WebDesk, instance: Located, opened: Opened, accepted: MediaType
) -> tuple[str, Write, bool] | None:
    """Content type of a frame, what gives it, and whether that decodes, if a member of an Accept header takes it."""
    syntax = instance.transfer_syntax_uid
    compressed = _compressed_type(syntax)

    def as_stored(number: int, _: Made) -> Callable[[], Content]:
        return _stored_content(desk, instance, opened, number)

    def decoded(number: int, made: Made) -> Callable[[], Content]:
        return made.written(partial(_decode_frame, desk, instance, opened.header, number))

    def takes(essence: str) -> bool:
        return takes_parts(accepted, essence) or (_is_alone(accepted) and accepted.covers(essence))

    wanted = accepted.get("transfer-syntax")
    if compressed is not None and wanted in (None, "*", syntax):
        # "octet-stream" alone asks for uncompressed frames, with any syntax for whatever there is.
        anything = accepted.root == OCTET_STREAM and wanted == "*"
        if takes(compressed) or anything:
            return str(MediaType(compressed, {"transfer-syntax": syntax})), as_stored, False
    if takes(OCTET_STREAM) and wanted in (None, "*", EXPLICIT_LE):
        content_type = str(MediaType(OCTET_STREAM, {"transfer-syntax": EXPLICIT_LE}))
        if syntax in _NATIVE:
            return content_type, as_stored, False
        if can_decode(syntax):
            return content_type, decoded, True
    return None


def decoded_pixels(desk: WebDesk, instance: Located, header: Elements) -> Callable[[], Content]:
    """The pixels of all frames, uncompressed in Little Endian. Raises TranscodingError."""
    if not can_decode(instance.transfer_syntax_uid):
        raise TranscodingError("the pixels cannot be decoded here")

    def write(into: BinaryIO) -> None:
        for number in range(1, frame_count(header) + 1):
            _decode_frame(desk, instance, header, number, into)

    return Made().written(write)


def _stored_content(
    desk: WebDesk, instance: Located, opened: Opened, number: int
) -> Callable[[], Content]:
    """What gives a frame as it is stored. Raises DamagedDatasetError when it cannot be there."""
    span = opened.span
    if span is None:
        raise DamagedDatasetError("the pixels are gone")
    if not span.encapsulated:
        place = native_place(span, opened.header, number)
        little = encoding_of(instance.transfer_syntax_uid).little
        if little and place.start % 8 == 0 and place.stop % 8 == 0:
            return lambda: (len(place) // 8, _read(desk, instance, place))
    return lambda: whole(_stored_frame(desk, instance, opened, number))


def _read(desk: WebDesk, instance: Located, bits: range) -> Iterator[bytes]:
    start, end = bits.start // 8, bits.stop // 8
    if instance.transfer_syntax_uid != DEFLATED:
        # To map a file for one frame of it has more ado than to read that.
        yield from read_pieces(desk.archive.files.path(instance.file), start, end)
        return
    with pixels(desk, instance) as found:
        if found is None:
            raise DamagedDatasetError("the pixels are gone")
        yield from pieces(found.data, start, end)


def _stored_frame(desk: WebDesk, instance: Located, opened: Opened, number: int) -> Buffer:
    header, span = opened.header, opened.span
    if span is not None and span.encapsulated:
        with desk.archive.files.path(instance.file).open("rb") as file:
            return _encapsulated_frame(file, span, header, number)
    with pixels(desk, instance) as found:
        if found is None:
            raise DamagedDatasetError("the pixels are gone")
        place = native_place(found.span, header, number)
        encoding = encoding_of(instance.transfer_syntax_uid)
        data = _in_little_endian(found, encoding, place, words_of(found, encoding, header))
        return data if len(place) % 8 == 0 else _shifted(data, place.start % 8, len(place))


def words_of(found: Pixels, encoding: Encoding, header: Elements) -> str:
    """The VR of the words that native pixels are in."""
    span = found.span
    vr = span.vr or "OW"
    if encoding.little or span.tag != PIXEL_DATA:
        return vr
    allocated = integer(header, _BITS_ALLOCATED, 0)
    if allocated <= _OF_ONE_WORD:
        return vr
    return vr_of_words(found.data[span.start : span.end], allocated, vr)


def _in_little_endian(found: Pixels, encoding: Encoding, bits: range, vr: str) -> bytes:
    """The bytes that hold these bits. Their words are counted from the first pixel, wherever a frame begins."""
    start, end, span = bits.start // 8, (bits.stop + 7) // 8, found.span
    if encoding.little:
        return found.data[start:end]
    before = (start - span.start) % _LONGEST_WORD
    after = min(span.end, end + -(end - span.start) % _LONGEST_WORD)
    words = Element(vr, found.data[start - before : after], encoding)
    return in_little_endian(words)[before : before + end - start]


def gray_rows(desk: WebDesk, instance: Located, data: mmap.mmap, number: int) -> Rows | None:
    """A frame of one sample a pixel in whole bytes that is not compressed; None for any other.

    data: the data set as ``Shelf.mapped`` gives it. Raises DamagedDatasetError, OSError.
    """
    import numpy as np

    if instance.transfer_syntax_uid not in _NATIVE - {EXPLICIT_BE}:
        return None
    opened = desk.opened(instance)
    header, span = opened.header, opened.span
    rows, columns, samples = (integer(header, tag, 1) for tag in _GEOMETRY)
    bits = integer(header, _BITS_ALLOCATED, 0)
    if span is None or span.tag != PIXEL_DATA or samples != 1 or bits not in (8, 16):
        return None
    if span.encapsulated or not 1 <= number <= frame_count(header) or min(rows, columns) < 1:
        return None
    stored = integer(header, _BITS_STORED, bits)
    high = integer(header, _HIGH_BIT, stored - 1)
    sign = "i" if integer(header, _PIXEL_REPRESENTATION, 0) else "u"
    dtype = np.dtype(f"<{sign}{bits // 8}")
    start = native_place(span, header, number).start // 8
    size = columns * bits // 8

    def read(first: int, count: int) -> npt.NDArray[np.generic]:
        at = start + first * size
        strip = np.frombuffer(data[at : at + count * size], dtype).reshape(count, columns)
        forget(data)
        return stored_values(strip, stored, high)

    return Rows(rows, columns, dtype, read)


def frame_size(header: Elements) -> int:
    """Bytes of a frame that is not compressed, as the header describes it."""
    size = max(1, integer(header, _BITS_ALLOCATED, 8)) / 8
    for tag in _GEOMETRY:
        size *= max(1, integer(header, tag, 1))
    return int(size)


def _encapsulated_frame(file: BinaryIO, span: Span, header: Elements, number: int) -> Buffer:
    """The fragments of one frame, put together (PS3.5 A.4)."""
    from pydicom.encaps import get_frame

    tables = [header[tag].value for tag in (_OFFSETS, _LENGTHS) if tag in header]
    file.seek(span.start)
    try:
        return get_frame(
            file,
            number - 1,
            extended_offsets=(tables[0], tables[1]) if len(tables) == 2 else None,
            number_of_frames=frame_count(header),
        )
    except (ValueError, EOFError, IndexError) as error:
        raise DamagedDatasetError(f"frame {number} cannot be found: {error}") from error


def native_place(span: Span, header: Elements, number: int) -> range:
    """The bits of a frame that is not compressed. Raises DamagedDatasetError when they are not there."""
    rows, columns, samples = (integer(header, tag, 1) for tag in _GEOMETRY)
    bits = integer(header, _BITS_ALLOCATED, 8)
    if span.tag != PIXEL_DATA:
        bits = 32 if span.tag == 0x7FE00008 else 64
    size = rows * columns * samples * bits
    if _is_subsampled(header):
        size = size * 2 // 3
    start = span.start * 8 + (number - 1) * size
    if (start + size + 7) // 8 > span.end:
        raise DamagedDatasetError(f"the pixels end before frame {number}")
    return range(start, start + size)


def _is_subsampled(header: Elements) -> bool:
    element = header.get(_PHOTOMETRIC_INTERPRETATION)
    return element is not None and element.value.strip(b" \0").decode("latin-1") in SUBSAMPLED


def _shifted(data: bytes, first: int, size: int) -> bytes:
    """Bits of a frame that does not begin on a byte, as single-bit pixels do (PS3.5 8.1.1)."""
    import numpy as np

    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.packbits(bits[first : first + size], bitorder="little").tobytes()


def _decode_frame(
    desk: WebDesk, instance: Located, header: Elements, number: int, into: BinaryIO
) -> None:
    try:
        path = desk.archive.files.path(instance.file)
        frame_into(path, number, into, expected=frame_size(header))
    except Exception as error:
        # Decoders of other makers raise what they like for damaged data.
        raise TranscodingError(f"frame {number} cannot be decoded: {error}") from error
