"""Whether the pixels of an instance that is stored, and what follows them, are all there (PS3.5 8.1, A.4)."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count, takewhile
from typing import TYPE_CHECKING, Final

from scenario_runner.amounts import amount
from scenario_runner.dicom import vrs
from scenario_runner.dicom.element_heads import HEADS, ITEM, UNDEFINED
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    InflatesTooLargeError,
    TruncatedError,
    read_elements,
)
from scenario_runner.dicom.inflating import PIECE, inflated
from scenario_runner.dicom.native_pixels import SUBSAMPLED
from scenario_runner.dicom.syntaxes import DEFLATED, FRAMES_TOGETHER, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scenario_runner.archive.files import Buffer
    from scenario_runner.dicom.elements import Element, Elements, Head

    Reading = Callable[[int, int], bytes]
    """Gives so many bytes from a place of a data set on, or as many as there are."""

_SAMPLES, _PHOTOMETRIC, _FRAMES = 0x00280002, 0x00280004, 0x00280008
_ROWS, _COLUMNS, _ALLOCATED = 0x00280010, 0x00280011, 0x00280100
_BITS: Final = {0x7FE00008: 32, 0x7FE00009: 64}
"""Of a pixel in Float and Double Float Pixel Data, which have no Bits Allocated."""
_MOST_BEHIND: Final = 32 << 20
"""Bytes behind the pixels that are read at once."""


def missing_pixels(
    header: Elements, then: Sequence[Head], transfer_syntax_uid: str, size: int, read: Reading
) -> str:
    """What is missing of the pixels or behind them, in words; empty where all are there, or nothing can be said.

    header: the elements before the pixels. then: the head after those, if any. size: bytes of the data set.
    A deflated data set is looked at as it is when inflated; of one that gets too large nothing is said.
    """
    if transfer_syntax_uid == DEFLATED:
        try:
            size = sum(map(len, _inflated(read)))
        except InflatesTooLargeError:
            return ""
        except DamagedDatasetError as error:
            return str(error)
        read = _forward(_inflated(read))
    pixels = next(iter(then), None)
    if pixels is None:
        return ""
    if pixels.tag not in (0x7FE00010, *_BITS):  # it has none, and this is what would follow them
        head = 12 if pixels.vr in vrs.LONG else 8
        return _missing_behind(pixels.at - head, transfer_syntax_uid, size, read, "")
    if pixels.length == UNDEFINED:
        frames = 1 if transfer_syntax_uid in FRAMES_TOGETHER else _frames(header)
        found, end = _missing_fragments(frames, pixels.at, size, read)
        return found or _missing_behind(end, transfer_syntax_uid, size, read)
    there = size - pixels.at
    if there < pixels.length:
        return f"the data set ends after {there} of {amount(pixels.length, 'byte')} of its pixels"
    expected = _native_length(header, pixels.tag)
    if pixels.length < expected:
        return f"its pixels have {pixels.length} of {amount(expected, 'byte')}"
    return _missing_behind(pixels.at + pixels.length, transfer_syntax_uid, size, read)


def from_pieces(pieces: Sequence[Buffer]) -> Reading:
    """Reads from a data set that lies in pieces, joining none but those it has to."""
    ends = list(accumulate(map(len, pieces)))

    def read(at: int, most: int) -> bytes:
        found = b""
        for number in range(bisect_right(ends, at), len(pieces)):
            start = at + len(found) - (ends[number] - len(pieces[number]))
            found += pieces[number][start : start + most - len(found)]
            if len(found) == most:
                break
        return found

    return read


def _inflated(read: Reading) -> Iterator[bytes]:
    return inflated(takewhile(bool, (read(at, PIECE) for at in count(0, PIECE))))


def _forward(pieces: Iterator[bytes]) -> Reading:
    """Reads from what comes in pieces, of which none is kept: each place has to lie behind the one before."""
    start, piece = 0, b""

    def read(at: int, most: int) -> bytes:
        nonlocal start, piece
        found: list[bytes] = []
        while True:
            here = at - start
            found.append(piece[here : here + most])
            at, most = at + len(found[-1]), most - len(found[-1])
            if not most:
                break
            start += len(piece)
            piece = next(pieces, b"")
            if not piece:
                break
        return b"".join(found)

    return read


def _missing_fragments(frames: int, at: int, size: int, read: Reading) -> tuple[str, int]:
    """What is missing of encapsulated pixels, of which each frame has a fragment, and where they end."""
    fragments = -1  # the first item is the offset table
    while len(head := read(at, 8)) == 8:
        group, element, length = HEADS[True].plain.unpack(head)
        if group << 16 | element != ITEM:
            lacking = 0 <= fragments < frames
            words = f"{amount(fragments, 'fragment')} for {amount(frames, 'frame')}"
            return f"its pixels have {words}" if lacking else "", at + 8
        at += 8 + length
        fragments += 1
        if at > size:
            break
    return "the data set ends within a fragment of its pixels", at


def _missing_behind(
    at: int,
    transfer_syntax_uid: str,
    size: int,
    read: Reading,
    which: str = " that follows its pixels",
) -> str:
    """What is wrong with the elements that follow the pixels, which few data sets have; of too many nothing is said."""
    if not 0 < size - at <= _MOST_BEHIND:
        return ""
    try:
        read_elements(read(at, size - at), encoding_of(transfer_syntax_uid))
    except TruncatedError:
        return f"the data set ends within an element{which}"
    except DamagedDatasetError as error:
        return f"an element{which} cannot be read: {error}"
    return ""


def _native_length(header: Elements, tag: int) -> int:
    samples = _number(header.get(_SAMPLES)) or 1
    bits = _BITS.get(tag) or _number(header.get(_ALLOCATED))
    pixels = _number(header.get(_ROWS)) * _number(header.get(_COLUMNS)) * _frames(header)
    photometric = header.get(_PHOTOMETRIC)
    if photometric and photometric.value.strip(b" \0").decode("latin-1") in SUBSAMPLED:
        samples = min(samples, 2)
    return pixels * samples * bits // 8


def _frames(header: Elements) -> int:
    """Number of Frames; one where it is not said, or nonsense."""
    element = header.get(_FRAMES)
    text = element.value.strip(b" \0") if element else b""
    return max(1, int(text)) if text.isdigit() and len(text) < 10 else 1


def _number(element: Element | None) -> int:
    if element is None:
        return 0
    return int.from_bytes(element.value[:2], "little" if element.encoding.little else "big")
