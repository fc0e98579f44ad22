"""``{raw: …}``: the bytes of a value that the Standard may forbid, as the scenario writes it."""

from __future__ import annotations

import struct
from typing import Any

from scenario_runner.dicom.vrs import STRUCT_CODES
from scenario_runner.fields.scalars import as_written


def raw_bytes(value: Any, vr: str, order: str = "<") -> bytes:
    """A raw value, not yet made even in length.

    Text is its characters as UTF-8, ``hex:`` text bytes; a number is encoded by a VR of binary
    numbers, and its characters in any other. order: of its bytes, as ``struct`` has it. Raises ValueError for a number that the VR has no
    room for, and for what is no hexadecimal.
    """
    values = value if isinstance(value, list) else [value]
    if vr in STRUCT_CODES and values and all(map(_is_number, values)):
        try:
            return struct.pack(f"{order}{len(values)}{STRUCT_CODES[vr]}", *values)
        except (struct.error, OverflowError):
            written = "\\".join(str(as_written(one)) for one in values)
            raise ValueError(f"{written} has no place in a value of VR {vr}") from None
    text = "\\".join(str(as_written(one)) for one in values)
    if not text.startswith("hex:"):
        return text.encode("utf-8")
    try:
        return bytes.fromhex(text[4:])
    except ValueError:
        raise ValueError(f"'{text[4:24]}' is not hexadecimal") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
