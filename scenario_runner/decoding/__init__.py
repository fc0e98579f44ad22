"""Decoded pixels: the one door to decoders of other makers, for pixels from anywhere.

What is compressed is decoded in a process of its own, bounded in time and memory, for a decoder may
hang, end its process, or throw what nobody expects; so is a frame of a file that has to be inflated
as a whole first. What is not compressed needs none.
"""

from __future__ import annotations

import atexit
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from scenario_runner.decoding import here
from scenario_runner.decoding.here import HEAD, can_decode
from scenario_runner.decoding.workers import SECONDS, UndecodableError, Workers
from scenario_runner.dicom import syntaxes
from scenario_runner.dicom.dictionary import may_be_newer, registered
from scenario_runner.dicom.elements import MOST_INFLATED
from scenario_runner.dicom.part10 import read_meta

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    import numpy.typing as npt
    from pydicom import Dataset

__all__ = [
    "SECONDS",
    "UndecodableError",
    "can_decode",
    "decompress",
    "elsewhere",
    "frame_into",
    "frame_of",
    "pixels_of",
]

_KIND = "Transfer Syntax"
"""What PS3.6 annex A calls it."""
_PIXELS = 0x7FE0
_MOST_SQUEEZED = 1032
"""Bytes that one byte of a deflated data set can stand for (RFC 1951)."""


def pixels_of(dataset: Dataset) -> npt.NDArray[Any]:
    """All frames, colour as RGB. Raises UndecodableError."""
    meta = getattr(dataset, "file_meta", None)
    uid = "" if meta is None else str(meta.get("TransferSyntaxUID") or "")
    if meta is None or uid in syntaxes.NATIVE:
        return _plain(dataset)
    try:
        file, expected = _only_pixels(dataset), _expected(dataset)
    except Exception as error:
        why = f"what describes the pixels cannot be used: {error}"
        raise UndecodableError((uid and _undecoded(uid)) or why) from error
    return _array(*_ask(uid, "pixels", file, expected=expected))


def _plain(dataset: Dataset) -> npt.NDArray[Any]:
    try:
        return here.cell_pixels(dataset)
    except MemoryError as error:
        raise UndecodableError("they take too much memory") from error
    except Exception as error:
        # pydicom raises a dozen kinds for what describes the pixels of a damaged object.
        raise UndecodableError(str(error) or type(error).__name__) from error


def frame_of(file: Path, number: int, *, raw: bool = False) -> npt.NDArray[Any]:
    """One frame of a file, from 1, colour as RGB or raw as it was encoded. Raises as above."""
    with file.open("rb") as stream:
        meta = read_meta(stream.read(HEAD))
    uid = meta.transfer_syntax_uid
    if uid in syntaxes.NATIVE and uid != syntaxes.DEFLATED:
        return here.frame_of(str(file), number, raw=raw)
    if registered(uid).kind != _KIND:
        raise UndecodableError(_undecoded(uid))
    expected = 0
    if uid == syntaxes.DEFLATED:
        expected = min(MOST_INFLATED, _MOST_SQUEEZED * file.stat().st_size)
    return _array(*_ask(uid, "frame", expected=expected, file=str(file), number=number, raw=raw))


def frame_into(file: Path, number: int, into: BinaryIO, *, expected: int) -> None:
    """One frame of a file, raw as it was encoded, written somewhere in Little Endian: never whole here.

    expected: bytes of the frame. Raises UndecodableError; some of it may be written then.
    """
    elsewhere("frame", expected=expected, into=into, file=str(file), number=number, raw=True)


def elsewhere(
    what: str, *, expected: int = 0, into: BinaryIO | None = None, **more: Any
) -> tuple[dict[str, Any], bytes]:
    """What a function says and gives in a process that decodes, by the name of its module, a colon and its own.

    expected: bytes that it gives. into: where they are written as they come, instead of given back.
    Raises UndecodableError.
    """
    return _workers().ask(what, expected=expected, into=into, **more)


def decompress(file: bytes) -> bytes:
    """The data set of a file with its pixels decoded, in Explicit VR Little Endian.

    Raises UndecodableError.
    """
    uid = read_meta(file[:HEAD]).transfer_syntax_uid
    return _ask(uid, "decompress", file, expected=16 * len(file))[1]


def _ask(uid: str, what: str, data: bytes = b"", **more: Any) -> tuple[dict[str, Any], bytes]:
    """Have pixels in a transfer syntax decoded; where nothing here decodes it, that is what is said."""
    try:
        return _workers().ask(what, data, **more)
    except UndecodableError as error:
        if uid and (why := _undecoded(uid)):
            raise UndecodableError(why) from error
        raise


def _undecoded(uid: str) -> str:
    """Why no pixels in a transfer syntax are decoded here; empty where some are."""
    if may_be_newer(uid):
        return f"'{uid}' is newer than the transfer syntaxes known here, or none"
    if registered(uid).kind != _KIND:
        return f"'{uid}' is no transfer syntax of the Standard"
    if uid in syntaxes.NATIVE or can_decode(uid):
        return ""
    return f"nothing here decodes {registered(uid).name} ({uid})"


@cache
def _workers() -> Workers:
    workers = Workers()
    atexit.register(workers.close)
    return workers


def _array(head: dict[str, Any], data: bytes) -> npt.NDArray[Any]:
    import numpy as np

    return np.frombuffer(bytearray(data), np.dtype(head["dtype"])).reshape(head["shape"])


def _only_pixels(dataset: Dataset) -> bytes:
    """A file of nothing but pixels and what describes them."""
    from pydicom import Dataset

    only = Dataset()
    for tag in dataset.keys():  # noqa: SIM118 - iterating a data set decodes its elements
        if tag.group == 0x0028 or (tag.group == _PIXELS and tag.element < 0x0011):
            only[tag] = dataset.get_item(tag)
    only.file_meta = dataset.file_meta
    stream = BytesIO()
    only.save_as(stream, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return stream.getvalue()


def _expected(dataset: Dataset) -> int:
    """Bytes of all frames, as the data set describes them."""
    sizes = [int(dataset[word].value) for word in ("Rows", "Columns", "BitsAllocated")]
    sizes += [int(dataset.get(word) or 1) for word in ("SamplesPerPixel", "NumberOfFrames")]
    size = 1
    for one in sizes:
        size *= max(1, one)
    return size // 8
