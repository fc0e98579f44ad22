"""Deflated data sets inflated piece by piece, for those that are not to be in memory as a whole (PS3.5 A.5)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.elements import (
    MOST_INFLATED,
    DamagedDatasetError,
    InflatesTooLargeError,
    TruncatedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE: Final = 1 << 20
"""Bytes of the largest piece."""


def inflated(deflated: Iterable[bytes]) -> Iterator[bytes]:
    """The data set in Explicit VR Little Endian, in pieces of at most PIECE bytes. deflated: its bytes, in any pieces.

    Raises as ``elements.inflate`` does, which is only known at the end: what was given until then is
    not the data set.
    """
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    size = 0
    for chunk in deflated:
        rest = chunk
        while not inflater.eof:
            try:
                piece = inflater.decompress(rest, PIECE)
            except zlib.error as error:
                raise DamagedDatasetError(
                    f"the deflated data set cannot be inflated: {error}"
                ) from error
            size += len(piece)
            if size > MOST_INFLATED:
                raise InflatesTooLargeError
            if piece:
                yield piece
            rest = inflater.unconsumed_tail
            if not rest and len(piece) < PIECE:
                break
    if not inflater.eof:
        raise TruncatedError("the deflated data set ends too early")
