"""Pixel Data as one element: native and never copied, or compressed frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.element_writing import head
from scenario_runner.imaging.encoding.encapsulation import encapsulated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from scenario_runner.dicom.syntaxes import Encoding
    from scenario_runner.imaging.encoding.codecs import Codec
    from scenario_runner.imaging.instance import Buffer


class PixelElement(Protocol):
    """Makes the Pixel Data element of each image of a series."""

    def of(self, frames: Iterable[Iterable[NDArray[Any]]]) -> tuple[list[Buffer], int]:
        """The element as buffers, and the bytes of its pixels. Each frame comes as parts."""
        ...


class NativePixels:
    """Uncompressed pixel data (PS3.5 8.1); in little endian the buffers are the arrays themselves.

    size: bytes of all frames of one image. dtype: of its pixels.
    """

    def __init__(self, size: int, dtype: np.dtype[Any], encoding: Encoding) -> None:
        odd = size & 1
        vr = "OW" if dtype.itemsize > 1 else "OB"
        self._size = size
        self._head = head(PIXEL_DATA, vr, size + odd, encoding)
        self._padding = b"\0" * odd
        self._swapped = None if encoding.little else dtype.newbyteorder(">")

    def of(self, frames: Iterable[Iterable[NDArray[Any]]]) -> tuple[list[Buffer], int]:
        """See PixelElement."""
        buffers: list[Buffer] = [self._head]
        if self._swapped is None:
            buffers += [_bytes_of(part) for parts in frames for part in parts]
        else:
            swap = self._swapped
            buffers += [_bytes_of(part.astype(swap)) for parts in frames for part in parts]
        if self._padding:
            buffers.append(self._padding)
        return buffers, self._size


class CompressedPixels:
    """Encapsulated pixel data, one fragment for each frame (PS3.5 A.4)."""

    def __init__(self, codec: Codec, bits_stored: int) -> None:
        self._codec = codec
        self._bits_stored = bits_stored

    def of(self, frames: Iterable[Iterable[NDArray[Any]]]) -> tuple[list[Buffer], int]:
        """See PixelElement. Raises RuntimeError when an encoder fails."""
        encode, bits = self._codec.encode, self._bits_stored
        encoded = [encode(_whole(parts), bits) for parts in frames]
        return encapsulated(encoded), sum(map(len, encoded))


def _whole(parts: Iterable[NDArray[Any]]) -> NDArray[Any]:
    pieces = list(parts)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
