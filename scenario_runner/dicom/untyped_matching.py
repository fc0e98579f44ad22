"""Matching a value of which nobody says the VR, as of a private attribute in Implicit VR (PS3.5 7.8.1, PS3.4 C.2.2.2).

It meets a key where it does so in any VR that it looks like: what is found in Explicit VR is found in Implicit VR.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scenario_runner.dicom import vrs
from scenario_runner.dicom.matching import matcher

_TIME: Final = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-6]\d(?:\.\d{1,6})?)?)?"
_DAY: Final = r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_FORMS: Final = {"DA": _DAY, "TM": _TIME, "DT": rf"{_DAY}{_TIME}"}
_RANGES: Final = {
    "DA": re.compile(rf"{_DAY}-(?:{_DAY})?|-{_DAY}"),
    "TM": re.compile(rf"{_TIME}-(?:{_TIME})?|-{_TIME}"),
    "DT": re.compile(rf"{_DAY}(?:{_TIME})?-(?:{_DAY}(?:{_TIME})?)?|-{_DAY}(?:{_TIME})?"),
}
_MOMENTS: Final = {vr: re.compile(form) for vr, form in _FORMS.items()}
_DECIMAL: Final = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?:\.\d*)?[Ee][+-]?\d+)")


def text_meets(wanted: Sequence[str], have: Sequence[str]) -> bool:
    """Whether text meets a key: as it is, as a name, as a decimal number, or as a moment within a range.

    As plain text no value of digits alone has the hyphen of a range, and nothing else is read so.
    """
    return any(_test(vr, wanted, have) for vr in ("LO", *_looks_like(wanted, have)))


def bytes_meet(wanted: Sequence[str], value: bytes) -> bool:
    """Whether the bytes of a value, which is no text, are numbers that meet a key. value: in Little Endian."""
    return any(_test(vr, wanted, list(map(str, numbers))) for vr, numbers in _binary(value))


def readings(value: bytes) -> Iterator[tuple[str, list[Any]]]:
    """What a value may be: by VR its values as text, as numbers in text, and in binary in Little Endian.

    A tag (AT) is ``(gggg,eeee)``.
    """
    text = value.rstrip(b" \0").decode("latin-1")
    if text.isascii() and text.isprintable():
        parts = [part.strip() for part in text.split("\\")]
        for vr in ("LO", *_FORMS):
            yield vr, list(parts)
        with contextlib.suppress(ValueError):
            yield "DS", list(map(float, parts))
    for vr, numbers in _binary(value):
        yield vr, list(numbers)
    if value and len(value) % 4 == 0:
        pairs = struct.iter_unpack("<HH", value)
        yield "AT", [f"({group:04X},{element:04X})" for group, element in pairs]


def _binary(value: bytes) -> Iterator[tuple[str, tuple[int | float, ...]]]:
    """As numbers of each VR of which a value is a whole number."""
    for vr, code in vrs.STRUCT_CODES.items():
        size = struct.calcsize(code)
        if value and len(value) % size == 0:
            yield vr, struct.unpack(f"<{len(value) // size}{code}", value)


def _looks_like(wanted: Sequence[str], have: Sequence[str]) -> list[str]:
    found = [
        vr
        for vr, moment in _MOMENTS.items()
        if all(map(_RANGES[vr].fullmatch, wanted)) and any(map(moment.fullmatch, have))
    ]
    if any("^" in text for text in (*wanted, *have)):
        found.append("PN")
    if any(map(_DECIMAL.fullmatch, (*wanted, *have))):
        found.append("DS")
    return found


def _test(vr: str, wanted: Sequence[str], have: Sequence[str]) -> bool:
    test = matcher(vr, wanted)
    return test is None or test(have)
