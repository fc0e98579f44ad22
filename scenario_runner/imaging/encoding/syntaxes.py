"""What a transfer syntax does to a data set as a whole, and which ones can be written here."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_BE,
    EXTRAS,
    IMPLICIT_LE,
    SUPPORTED,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.imaging.instance import Buffer


@dataclass(frozen=True, slots=True)
class Encoding:
    """How data elements are written down (PS3.5 7.1): with or without VR, in which byte order."""

    implicit: bool = False
    little: bool = True

    @property
    def order(self) -> str:
        """The byte order as ``struct`` and NumPy write it."""
        return "<" if self.little else ">"


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """All but two are Explicit VR Little Endian, also what is deflated or compressed (PS3.5 A)."""
    return Encoding(
        implicit=transfer_syntax_uid == IMPLICIT_LE, little=transfer_syntax_uid != EXPLICIT_BE
    )


def writable() -> frozenset[str]:
    """UIDs of the transfer syntaxes that this installation can write. Loads no encoder."""
    missing = {uid for uid in EXTRAS if find_spec("imagecodecs") is None}
    return SUPPORTED - missing


def is_deflated(transfer_syntax_uid: str) -> bool:
    """Whether the whole data set is deflated."""
    return transfer_syntax_uid == DEFLATED


def deflate(buffers: Iterable[Buffer]) -> bytes:
    """A data set compressed as a raw RFC 1951 stream, padded to even length (PS3.5 A.5)."""
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    parts = [squeeze.compress(buffer) for buffer in buffers]
    parts.append(squeeze.flush())
    if sum(map(len, parts)) % 2:
        parts.append(b"\0")
    return b"".join(parts)
