"""Dates and times as people write them, and as DICOM has them (PS3.5 6.2: DA, DT, TM)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.fields.scalars import as_written

_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", re.ASCII)
_TIME = re.compile(r"(?<!\d)(\d{2}):(\d{2})(?::(\d{2}))?(?!\d)", re.ASCII)
_DATE_TIME = re.compile(
    r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?(?:(Z)|([+-]\d{2}):?(\d{2})(?!-\d{2}-))?)?(?!\d)",
    re.ASCII,
)


def as_da(text: str) -> str:
    """``2026-01-31`` becomes ``20260131``, within a range too; anything else stays."""
    return _DATE.sub(r"\1\2\3", text)


def as_tm(text: str) -> str:
    """``09:30:15`` becomes ``093015``, within a range too; anything else stays."""
    return _TIME.sub(lambda match: match[1] + match[2] + (match[3] or ""), text)


def as_dt(text: str) -> str:
    """``2026-01-31T09:30:15+01:00`` becomes ``20260131093015+0100``, within a range too; anything else stays."""

    def moment(match: re.Match[str]) -> str:
        offset = ["+0000"] if match[7] else match.groups()[7:]
        return "".join(filter(None, (*match.groups()[:6], *offset)))

    return _DATE_TIME.sub(moment, text)


def as_dicom_text(vr: str, value: Any) -> str:
    """A value as the text that an element of this VR holds, with the characters as written."""
    text = str(as_written(value))
    change = _CHANGES.get(vr)
    return text if change is None else change(text)


_CHANGES = {"DA": as_da, "DT": as_dt, "TM": as_tm}


def as_key(key: str, value: Any) -> Any:
    """The value of a matching key as a query has it, in lists and in items of sequences, too.

    ``{raw: …}``, None, and the value of what is no keyword stay as they are.
    """
    if isinstance(value, Mapping):
        return value if is_raw(value) else {name: as_key(name, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_key(key, one) for one in value]
    tag = tag_for_keyword(key)
    return value if tag is None or value is None else as_dicom_text(vr_of(tag), value)


def set_as_dicom_has_them(values: dict[str, Any]) -> dict[str, Any]:
    """Attributes that objects get, by keyword, with days and times as DICOM has them."""
    return {key: _as_set(str(key), value) for key, value in values.items()}


def _as_set(key: str, value: Any) -> Any:
    """The value of an attribute that an object gets, with days and times as DICOM has them, in lists and items, too.

    What is no date or time stays as it is written, and so does ``{raw: …}``. Private: ``{vr: DA, value: …}``.
    """
    if isinstance(value, Mapping):
        if is_raw(value):
            return value
        if key.lstrip().startswith("(") and isinstance(vr := value.get("vr"), str):
            return {**value, "value": _changed(vr, value["value"])} if "value" in value else value
        return {name: _as_set(str(name), one) for name, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return [_as_set(key, one) for one in value]
    tag = tag_for_keyword(key)
    return value if tag is None else _changed(vr_of(tag), value)


def _changed(vr: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_changed(vr, one) for one in value]
    return _CHANGES[vr](value) if vr in _CHANGES and isinstance(value, str) else value
