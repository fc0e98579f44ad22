"""What a key of a query may look like, where the VR of its attribute says so (PS3.4 C.2.2.2, PS3.5 6.2)."""

from __future__ import annotations

import re
from typing import Any, Final

from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.forms import form_fault as form_of_value
from scenario_runner.dicom.retrieve_keys import is_raw, listed
from scenario_runner.dicom.vrs import LONGEST_TEXT

_DAY: Final = r"\d{4}(?:-\d{2}-\d{2}|\.\d{2}\.\d{2}|\d{4})"
_TIME: Final = r"(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_MOMENTS: Final = {
    "DA": (_DAY, "20260131", "20260101-20260131"),
    "TM": (_TIME, "0930 or 09:30", "0930-1100"),
}
_RANGES: Final = {
    vr: re.compile(rf"{one}|(?:{one})?\s*-\s*{one}|{one}\s*-", re.ASCII)
    for vr, (one, _, _) in _MOMENTS.items()
}
_NO_DATETIME: Final = re.compile(r"[^\d.:TZ+ -]|^\D*$", re.ASCII)
_ANY: Final = "an empty value asks for any (PS3.4 C.2.2.2.3)"
_RELATIVE: Final = re.compile(r"today|[+-]\d+[dwmy]")


def form_fault(key: str, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value of a code, an age, a day or a time as a key, and what to write.

    None for what is right, empty, ``{raw: …}`` or a template, and for attributes of other VRs. A code may have wildcards
    (C.2.2.2.4), a day and a time may be a range (C.2.2.2.5), an age neither.
    """
    tag = tag_for_keyword(key)
    judge = _JUDGES.get(vr_of(tag)) if tag is not None and not is_raw(value) else None
    if judge is None:
        return None
    for text in listed(value):
        if "{{" not in text and (fault := judge(key, text)):
            # Other tools take it for universal matching, whatever the VR.
            return (fault[0], _ANY) if set(text) == {"*"} else fault
    return None


def _code(key: str, text: str) -> tuple[str, str] | None:
    plain = re.sub(r"[*?]", "", text).rstrip(" ")
    if fault := form_of_value(plain, "CS"):
        upper = text.upper()
        mended = not form_of_value(plain.upper(), "CS")
        return f"{key}: '{text}' {fault}", f"write {upper}" if mended else "wildcards are * and ?"
    if len(plain) > (longest := LONGEST_TEXT["CS"]):
        fault = f"has {len(plain)} characters, and its VR CS takes {longest} at most"
        return f"{key}: '{text}' {fault}", f"shorten it by {len(plain) - longest}, or end it with *"
    return None


def _age(key: str, text: str) -> tuple[str, str] | None:
    if not form_of_value(text, "AS"):
        return None
    return (
        f"{key} is an age (VR AS), which has no wildcards and no ranges: not '{text}' (PS3.4 C.2.2.2)",
        "three digits and one of D, W, M, Y: 040Y",
    )


def _moment(vr: str, key: str, text: str) -> tuple[str, str] | None:
    if _RANGES[vr].fullmatch(text.strip()):
        return None
    _, one, several = _MOMENTS[vr]
    hint = f"write {one}, or a range: {several}"
    if vr == "DA" and _RELATIVE.fullmatch(text):
        hint = "the days of the plan are there: {{ studies[0].date }}; that of the run is {{ run.date }}"
    return (
        f"{key}: '{text}' is no {'day' if vr == 'DA' else 'time'} and no range of them (VR {vr})",
        hint,
    )


def _datetime(key: str, text: str) -> tuple[str, str] | None:
    if not _NO_DATETIME.search(text):
        return None
    return (
        f"{key}: '{text}' is no date and time and no range of them (VR DT)",
        "write 20260131093000 or 2026-01-31T09:30:00+01:00, or a range of two with - between them",
    )


_JUDGES: Final = {
    "AS": _age,
    "CS": _code,
    "DA": lambda key, text: _moment("DA", key, text),
    "TM": lambda key, text: _moment("TM", key, text),
    "DT": _datetime,
}
