"""Whether the pixels of an instance that is stored, and what follows them, are all there (PS3.5 8.1, A.4)."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count, takewhile
from typing import TYPE_CHECKING, Final

from scenario_runner.amounts import amount
from scenario_runner.dicom.element_heads import HEADS, ITEM, UNDEFINED
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    TruncatedError,
    read_elements,
)
from scenario_runner.dicom.inflating import PIECE, inflated
from scenario_runner.dicom.native_pixels import SUBSAMPLED
from scenario_runner.dicom.syntaxes import DEFLATED, FRAMES_TOGETHER, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scenario_runner.archive.files import Buffer
    from scenario_runner.dicom.elements import Element, Elements, Head

    Reading = Callable[[int, int], bytes]
    """Gives so many bytes from a place of a data set on, or as many as there are."""

_SAMPLES, _PHOTOMETRIC, _FRAMES = 0x00280002, 0x00280004, 0x00280008
_ROWS, _COLUMNS, _ALLOCATED = 0x00280010, 0x00280011, 0x00280100
_BITS: Final = {0x7FE00008: 32, 0x7FE00009: 64}
"""Of a pixel in Float and Double Float Pixel Data, which have no Bits Allocated."""


def missing_pixels(
    header: Elements, then: Sequence[Head], transfer_syntax_uid: str, size: int, read: Reading
) -> str:
    """What is missing of the pixels or behind them, in words; empty where all are there, or nothing can be said.

    header: the elements before the pixels. then: the head after those, if any. size: bytes of the data set.
    """
    pixels = next(iter(then), None)
    if pixels is None or pixels.tag not in (0x7FE00010, *_BITS):
        return ""
    deflated = transfer_syntax_uid == DEFLATED
    if deflated and _ends_too_early(read):
        return "the deflated data set ends too early"
    if pixels.length == UNDEFINED:
        if deflated:
            return ""
        frames = 1 if transfer_syntax_uid in FRAMES_TOGETHER else _frames(header)
        found, end = _missing_fragments(frames, pixels.at, size, read)
        return found or _missing_behind(end, transfer_syntax_uid, size, read)
    there = pixels.length if deflated else size - pixels.at
    if there < pixels.length:
        return f"the data set ends after {there} of {amount(pixels.length, 'byte')} of its pixels"
    expected = _native_length(header, pixels.tag)
    if pixels.length < expected:
        return f"its pixels have {pixels.length} of {amount(expected, 'byte')}"
    if deflated:
        return ""
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


def _ends_too_early(read: Reading) -> bool:
    """Whether a deflated data set has no end; of what is no such thing at all, or too large, nothing is said."""
    pieces = (read(at, PIECE) for at in count(0, PIECE))
    try:
        for _ in inflated(takewhile(bool, pieces)):
            pass
    except TruncatedError:
        return True
    except DamagedDatasetError:
        return False
    return False


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


def _missing_behind(at: int, transfer_syntax_uid: str, size: int, read: Reading) -> str:
    """What is wrong with the elements that follow the pixels, which few data sets have."""
    if at >= size:
        return ""
    try:
        read_elements(read(at, size - at), encoding_of(transfer_syntax_uid))
    except TruncatedError:
        return "the data set ends within an element that follows its pixels"
    except DamagedDatasetError as error:
        return f"what follows its pixels cannot be read: {error}"
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
