"""Value Representations and multiplicity (PS3.5 chapter 6), one function per rule."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import Element, Items
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import UndecodableError
from scenario_runner.dicom.dictionary import attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHARACTERS = {vr: most for vr, most in vrs.LONGEST_TEXT.items() if vr in vrs.CHARACTER_SET}
"""Longest value in characters; of PN, longest component group."""
_BYTES = {vr: most for vr, most in vrs.LONGEST_TEXT.items() if vr in vrs.ASCII - {"AS", "DA"}}
"""Longest value in bytes, for VRs that are ASCII; two have one length only, which is their form."""
_SHOWN = 40

_NOT_PRINTABLE = re.compile(r"[^ -~]")
_NOT_CODE = re.compile(r"[^A-Z0-9 _]")
_DECIMAL = re.compile(r" *[+-]?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d+)? *")
_INTEGER = re.compile(r" *[+-]?\d+ *")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(?<=\d{6})(\.\d{1,6})?|[0-5]\d)? *")
_DATETIME = re.compile(
    r"(?P<date>\d{4}(\d{2}(\d{2})?)?)"
    r"((?<=\d{8})([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?)?([+-]\d{4})? *"
)
_AGE = re.compile(r"\d{3}[DWMY]")
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_CONTROL_IN_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""C0 and C1; a text may have TAB, LF, FF and CR (PS3.5 6.1.3). ESC is gone after decoding."""
_MULTIPLICITY = re.compile(r"(\d+)(?:-(?:(\d*)(n)|(\d+)))?")


def values_of(element: Element, items: Items) -> list[str]:
    """The values of a text element without padding at the end. Raises UndecodableError."""
    if element.values is None:
        element.values = _values_of(element, items)
    return element.values


def _values_of(element: Element, items: Items) -> list[str]:
    whole = items.decoded(element).rstrip(" \0")
    if not whole:
        return []
    return [whole] if element.vr in vrs.ONE_TEXT else whole.split("\\")


def length(items: Items, element: Element) -> Iterator[Problem]:
    """No value is longer than its VR allows."""
    limit = _BYTES.get(element.vr) or _CHARACTERS.get(element.vr)
    if limit is None or len(element.value) <= limit:
        return
    try:
        values = values_of(element, items)
    except UndecodableError:
        return
    unit = "characters" if element.vr in _CHARACTERS else "bytes"
    if element.vr == "PN":
        values = [group for value in values for group in value.split("=")]
    for value in values:
        if len(value) > limit and len(value := value.rstrip(" ")) > limit:
            yield Problem(
                items.where(element),
                f"{shown(value)} has {len(value)} {unit}; VR {element.vr} allows {limit}",
            )
            return


def form(items: Items, element: Element) -> Iterator[Problem]:
    """Each value is of the characters and the form of its VR."""
    check = _FORMS.get(element.vr)
    if check is None or not element.value:
        return
    try:
        values = values_of(element, items)
    except UndecodableError:
        return
    for value in values:
        if value and (fault := check(value)):
            yield Problem(items.where(element), f"{shown(value)} {fault}")
            return


def uid(items: Items, element: Element) -> Iterator[Problem]:
    """A UID is digits and dots, at most 64, no component with a leading zero, a root there can be."""
    if element.vr != "UI" or not element.value:
        return
    for value in values_of(element, items):
        fault = uid_fault(value)
        if value and fault:
            yield Problem(items.where(element), f"{shown(value)} {fault}")
            return


def size(items: Items, element: Element) -> Iterator[Problem]:
    """A binary value is a whole number of its units."""
    unit = vrs.UNIT_SIZES.get(element.vr)
    if unit and element.length and element.length % unit and element.length % 2 == 0:
        yield Problem(
            items.where(element), f"has {element.length} bytes; VR {element.vr} takes {unit} each"
        )


def padding(items: Items, element: Element) -> Iterator[Problem]:
    """A text is padded with one space, a UID with one NULL."""
    if not element.value or not element.is_text:
        return
    last = element.value[-1:]
    if element.vr == "UI":
        if last == b" " or element.value.endswith(b"\0\0"):
            yield Problem(items.where(element), "is not padded with one NULL")
    elif last == b"\0":
        yield Problem(items.where(element), "is padded with NULL instead of a space")


def multiplicity(items: Items, element: Element) -> Iterator[Problem]:
    """There are as many values as the dictionary says."""
    known = attribute(element.tag)
    if known is None or element.empty or not element.kept or element.items is not None:
        return
    if element.vr in vrs.VALUE_SIZES:
        count, rest = divmod(len(element.value), vrs.UNIT_SIZES[element.vr])
        if rest:
            return  # said by the rule about sizes
    elif element.is_text:
        if b"\\" not in element.value and (known.vm == "1" or known.vm[:2] == "1-"):
            return
        try:
            count = len(values_of(element, items))
        except UndecodableError:
            return
    else:
        return
    if not _allowed(known.vm, count):
        noun = "value" if count == 1 else "values"
        yield Problem(items.where(element), f"has {count} {noun}; the dictionary says {known.vm}")


def characters(items: Items, element: Element) -> Iterator[Problem]:
    """Text decodes by the character set that is declared for it; other VRs are ASCII."""
    if not element.is_text or (element.value.isascii() and b"\x1b" not in element.value):
        return
    if element.vr in vrs.CHARACTER_SET:
        try:
            values_of(element, items)
        except UndecodableError as error:
            yield Problem(items.where(element), str(error))


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


def shown(value: str) -> str:
    """A value as a message quotes it."""
    cut = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut) + "'"


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


def _allowed(vm: str, count: int) -> bool:
    low, high, step = _range(vm)
    return count >= low and (high is None or count <= high) and (count % step == 0 or step == 1)


def _ae(value: str) -> str:
    if _NOT_PRINTABLE.search(value):
        return "has characters that an AE title must not have"
    return "" if value.strip(" ") else "is only spaces"


def _cs(value: str) -> str:
    wrong = _NOT_CODE.search(value)
    takes = "VR CS takes capitals, digits, space and underscore"
    return f"has {shown(wrong[0])}; {takes}" if wrong else ""


def _datetime(value: str) -> str:
    match = _DATETIME.fullmatch(value)
    if match and len(match["date"]) == 8 and not is_date(match["date"]):
        match = None
    return "" if match else "is no date and time as YYYYMMDDHHMMSS.FFFFFF&ZZXX"


def _integer(value: str) -> str:
    if not _INTEGER.fullmatch(value):
        return "is no integer"
    if len(value) > _BYTES["IS"]:
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
    wrong = _CONTROL_IN_LINE.search(value)
    return f"has the control character {ord(wrong[0]):#04x}" if wrong else ""


def _controls_of_text(value: str) -> str:
    wrong = _CONTROL_IN_TEXT.search(value)
    return f"has the control character {ord(wrong[0]):#04x}" if wrong else ""


def _matches(pattern: re.Pattern[str], fault: str) -> Callable[[str], str]:
    return lambda value: "" if pattern.fullmatch(value) else fault


_FORMS: dict[str, Callable[[str], str]] = {
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
    "UR": _matches(re.compile("[!-~][ -~]*"), "is no URI"),
    "UT": _controls_of_text,
}
