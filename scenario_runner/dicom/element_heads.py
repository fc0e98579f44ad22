"""How the heads of data elements and items lie in a data set (PS3.5 7.1 and 7.5).

Tables for those who read heads and those who write them; the judge shares these, never the writer.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

UNDEFINED: Final = 0xFFFFFFFF
"""The length of what a delimiter ends."""
DELIMITERS: Final = 0xFFFE
"""The group of items and delimiters, which have no VR in any transfer syntax."""
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA: Final = 0x7FE00010
"""The one element whose value may be fragments instead (PS3.5 A.4)."""


class Heads(NamedTuple):
    """The parts that heads are made of, in one byte order."""

    plain: Struct
    """Group, element and length: all of Implicit VR, and items and delimiters everywhere."""
    short: Struct
    """Group, element, VR and length; of a VR in ``vrs.LONG`` with 0 there, and ``length`` follows."""
    tag: Struct
    length: Struct
    short_length: Struct


def _heads(order: str) -> Heads:
    return Heads(*(Struct(order + parts) for parts in ("HHL", "HH2sH", "HH", "L", "H")))


HEADS: Final[Mapping[bool, Heads]] = {True: _heads("<"), False: _heads(">")}
"""By whether the byte order is little endian."""
