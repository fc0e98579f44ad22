"""What a transfer syntax does to a data set as a whole, and which ones can be written here."""

from __future__ import annotations

import zlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXTRAS,
    SUPPORTED,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.imaging.instance import Buffer


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
