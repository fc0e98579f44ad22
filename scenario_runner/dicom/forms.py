"""What a value may be (PS3.5 6.2, table 6.2-1): one definition for what is planned, sent and judged.

Faults are the second half of a sentence about the value; empty when there is none.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.vrs import LONGEST_TEXT, STRUCT_CODES, UNIT_SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

IN_WORDS: Final[Mapping[str, str]] = {
    "AS": "040Y", "AT": "(gggg,eeee)", "DA": "YYYYMMDD", "DS": "a decimal number",
    "DT": "YYYYMMDDHHMMSS.FFFFFF&ZZXX", "IS": "a whole number", "TM": "HHMMSS.FFFFFF",
    "UI": "digits and dots under a root, without leading zeros", "UR": "a URI, in ASCII",
}  # fmt: skip
"""Forms for people, of VRs that have one."""
OF_A_FORM: Final = frozenset({"AS", "DA", "DT", "TM"})
"""VRs whose text no shortening mends: what has another form is told by the form."""

_NOT_PRINTABLE = re.compile(r"[^ -~]")
_NOT_CODE = re.compile(r"[^A-Z0-9 _]")
_DECIMAL = re.compile(r" *[+-]?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d+)? *", re.ASCII)
_INTEGER = re.compile(r" *[+-]?\d+ *", re.ASCII)
_TIME = re.compile(
    r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(?<=\d{6})(\.\d{1,6})?|[0-5]\d)? *", re.ASCII
)
_DATETIME = re.compile(
    r"(?P<date>\d{4}(\d{2}(\d{2})?)?)"
    r"((?<=\d{8})([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?)?(?P<offset>[+-]\d{4})? *",
    re.ASCII,
)
_AGE = re.compile(r"\d{3}[DWMY]", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2})([0-5]\d)", re.ASCII)
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
CONTROL_IN_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""C0 and C1; a text may have TAB, LF, FF and CR (PS3.5 6.1.3). ESC is gone after decoding."""
_HEXADECIMAL = re.compile(r"(\s*[0-9A-Fa-f]{2})+\s*")
_TAG = re.compile(r"[0-9A-Fa-f]{8}|\([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)")
_MULTIPLICITY = re.compile(r"(\d+)(?:-(?:(\d*)(n)|(\d+)))?", re.ASCII)


def form_fault(value: str, vr: str) -> str:
    """What is wrong with the characters or the form of one text value without padding at its end.

    Nothing is wrong with the text of a VR that has no form. Lengths and UIDs are functions of their own.
    """
    check = _FORMS.get(vr)
    return check(value) if check else ""


def number_fault(value: str, vr: str) -> str:
    """What keeps a text from being one value of a VR of binary numbers."""
    code = STRUCT_CODES[vr]
    try:
        number = float(value) if code in "df" else int(value)
        struct.pack(f"<{code}", number)
        fits = value.isascii() and (math.isfinite(number) or value.strip("+-").isalpha())
    except (ValueError, OverflowError, struct.error):
        fits = False
    if not fits:
        if code in "df":
            return "is no number that fits"
        bits = 8 * struct.calcsize(code)
        low, high = (
            (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)
        )
        return f"is no whole number from {low} to {high}"
    return ""


def bytes_fault(value: str, vr: str) -> str:
    """What keeps a text from being the hexadecimal digits of a value of bytes or words."""
    if not _HEXADECIMAL.fullmatch(value):
        return "is not hexadecimal"
    size = len(bytes.fromhex(value))
    unit = UNIT_SIZES.get(vr, 1)
    return f"has {size} bytes; VR {vr} takes {unit} each" if size % unit else ""


def tag_fault(value: str) -> str:
    """What keeps a text from being an AT value."""
    return "" if _TAG.fullmatch(value) else "is no tag"


def uid_fault(value: str) -> str:
    """What is wrong with a UID (PS3.5 9.1, of 2.25 B.2); empty when nothing is."""
    if len(value) > 64:
        return ""  # said by the rule about lengths
    if not _UID.fullmatch(value):
        if re.search(r"(^|\.)0\d", value):
            return "has a component with a leading zero"
        return "is not numbers joined by dots"
    first, second, *rest = value.split(".")
    if int(first) > 2 or (int(first) < 2 and int(second) > 39):
        return "has a root that no object identifier has"
    if (first, second) == ("2", "25") and (len(rest) != 1 or int(rest[0]) >= 1 << 128):
        return "is under 2.25, but not followed by one number of 128 bits"
    return ""


def timezone_fault(value: str) -> str:
    """What is wrong with a TimezoneOffsetFromUTC, ``&ZZXX`` (PS3.3 C.12.1.1.8)."""
    match = _OFFSET.fullmatch(value)
    if match is None:
        return "is no offset from UTC as &ZZXX, such as +0100"
    if value == "-0000":
        return "is written +0000"
    minutes = 60 * int(match[2]) + int(match[3])
    return "" if minutes <= (720 if match[1] == "-" else 840) else "is not from -1200 to +1400"


def is_date(value: str) -> bool:
    """Whether a text is a DA value."""
    if not (len(value) == 8 and value.isascii() and value.isdecimal()):
        return False
    try:
        dt.date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _range(vm: str) -> tuple[int, int | None, int]:
    """Fewest, most (None: any number) and step of a multiplicity such as ``1``, ``1-3``, ``2-2n``."""
    match = _MULTIPLICITY.match(vm)
    assert match is not None, vm
    low = int(match[1])
    if match[3]:
        return low, None, int(match[2] or 1)
    return low, int(match[4] or low), 1


def allowed(vm: str, count: int) -> bool:
    """Whether an attribute of that multiplicity (PS3.6 6) may have so many values."""
    low, high, step = _range(vm)
    return count >= low and (high is None or count <= high) and (count % step == 0 or step == 1)


def _ae(value: str) -> str:
    if _NOT_PRINTABLE.search(value):
        return "has characters that an AE title must not have"
    return "" if value.strip(" ") else "is only spaces"


def _cs(value: str) -> str:
    wrong = _NOT_CODE.search(value)
    takes = "VR CS takes capitals, digits, space and underscore"
    return f"has '{wrong[0]}'; {takes}" if wrong else ""


def _datetime(value: str) -> str:
    match = _DATETIME.fullmatch(value)
    if not match or not is_date(f"{match['date']}0101"[:8]):
        return "is no date and time as YYYYMMDDHHMMSS.FFFFFF&ZZXX"
    offset = match["offset"]
    fault = timezone_fault(offset) if offset else ""
    return f"has the offset {offset}, which {fault}" if fault else ""


def _integer(value: str) -> str:
    if not _INTEGER.fullmatch(value):
        return "is no integer"
    if len(value) > LONGEST_TEXT["IS"]:
        return ""  # said by the rule about lengths; Python refuses to convert thousands of digits
    return "" if -(1 << 31) <= int(value) < 1 << 31 else "does not fit 32 bits"


def _person_name(value: str) -> str:
    groups = value.split("=")
    if len(groups) > 3:
        return f"has {len(groups)} component groups; there are 3"
    if any(group.count("^") > 4 for group in groups):
        return "has more than 5 components"
    return _no_controls(value)


def _no_controls(value: str) -> str:
    wrong = CONTROL_IN_LINE.search(value)
    return f"has the control character {ord(wrong[0]):#04x}" if wrong else ""


def _controls_of_text(value: str) -> str:
    wrong = CONTROL_IN_TEXT.search(value)
    return f"has the control character {ord(wrong[0]):#04x}" if wrong else ""


def _matches(pattern: re.Pattern[str], fault: str) -> Callable[[str], str]:
    return lambda value: "" if pattern.fullmatch(value) else fault


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "AE": _ae,
    "AS": _matches(_AGE, "is no age such as 042Y"),
    "CS": _cs,
    "DA": lambda value: "" if is_date(value) else "is no date as YYYYMMDD",
    "DS": _matches(_DECIMAL, "is no decimal number"),
    "DT": _datetime,
    "IS": _integer,
    "LO": _no_controls,
    "LT": _controls_of_text,
    "PN": _person_name,
    "SH": _no_controls,
    "ST": _controls_of_text,
    "TM": _matches(_TIME, "is no time as HHMMSS.FFFFFF"),
    "UC": _no_controls,
    "UR": _matches(re.compile(r"[!#-;=?-\[\]_a-z~]+ *"), "is no URI"),
    "UT": _controls_of_text,
}
