"""Data elements and items made of values that are encoded already (PS3.5 7.1 and 7.5).

Nothing is judged, reordered or padded here: whoever calls decides what stands in the data set.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.element_heads import HEADS, ITEM, SEQUENCE_END
from scenario_runner.dicom.syntaxes import Encoding

if TYPE_CHECKING:
    from collections.abc import Callable

EXPLICIT: Final = Encoding()
"""Explicit VR Little Endian: of files' meta information, and of everything compressed."""
IMPLICIT: Final = Encoding(implicit=True)
_MOST_SHORT: Final = 0xFFFF
"""Bytes that a length of 16 bits can say."""


@lru_cache(maxsize=4096)
def prepared_head(
    tag: int, vr: str, encoding: Encoding = EXPLICIT
) -> tuple[bytes, Callable[[int], bytes]]:
    """A head without its length, and what makes the bytes of a length: for one attribute many times."""
    parts = HEADS[encoding.little]
    start = parts.tag.pack(tag >> 16, tag & 0xFFFF)
    if encoding.implicit:
        return start, parts.length.pack
    if vr in vrs.LONG:
        return start + vr.encode("ascii") + b"\0\0", parts.length.pack
    return start + vr.encode("ascii"), parts.short_length.pack


def head(tag: int, vr: str, length: int, encoding: Encoding = EXPLICIT) -> bytes:
    """Tag, VR and length. A value too long for the 16-bit length of its VR is UN (PS3.5 6.2.2)."""
    if length > _MOST_SHORT and vr not in vrs.LONG and not encoding.implicit:
        vr = "UN"
    start, packed = prepared_head(tag, vr, encoding)
    return start + packed(length)


def element(tag: int, vr: str, value: bytes, encoding: Encoding = EXPLICIT) -> bytes:
    """A whole element. value: encoded, of even length."""
    return head(tag, vr, len(value), encoding) + value


def item_head(length: int, *, little: bool = True) -> bytes:
    """What an item or a fragment begins with."""
    return HEADS[little].plain.pack(ITEM >> 16, ITEM & 0xFFFF, length)


def item(value: bytes, *, little: bool = True) -> bytes:
    """An item of defined length with these elements, or a fragment."""
    return item_head(len(value), little=little) + value


def sequence_end(*, little: bool = True) -> bytes:
    """What ends a sequence or pixels of undefined length."""
    return HEADS[little].plain.pack(SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
