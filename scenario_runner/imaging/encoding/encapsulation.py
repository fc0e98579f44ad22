"""Compressed frames as a Pixel Data element of fragments (PS3.5 A.4)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scenario_runner.dicom.element_heads import PIXEL_DATA, UNDEFINED
from scenario_runner.dicom.element_writing import head, item, item_head, sequence_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.imaging.instance import Buffer

_HEADER = head(PIXEL_DATA, "OB", UNDEFINED)
_LAST_OFFSET = 0xFFFFFFFF


def encapsulated(frames: Sequence[bytes]) -> list[Buffer]:
    """The whole element: Basic Offset Table, one fragment for each frame, sequence delimiter.

    A frame of odd length is padded with a zero byte, which decoders skip. The table counts from the
    first byte after itself; it is left empty, as the Standard allows, when four bytes cannot say
    where a frame begins.
    """
    items: list[Buffer] = []
    offsets = []
    at = 0
    for frame in frames:
        odd = len(frame) & 1
        offsets.append(at)
        items += [item_head(len(frame) + odd), frame]
        if odd:
            items.append(b"\0")
        at += 8 + len(frame) + odd
    table = struct.pack(f"<{len(offsets)}I", *offsets) if offsets[-1] <= _LAST_OFFSET else b""
    return [_HEADER + item(table), *items, sequence_end()]
