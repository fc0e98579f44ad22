"""Dates and times as people write them, and as DICOM has them (PS3.5 6.2: DA, TM)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.fields.scalars import as_written

_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", re.ASCII)
_TIME = re.compile(r"(?<!\d)(\d{2}):(\d{2})(?::(\d{2}))?(?!\d)", re.ASCII)


def as_da(text: str) -> str:
    """``2026-01-31`` becomes ``20260131``, within a range too; anything else stays."""
    return _DATE.sub(r"\1\2\3", text)


def as_tm(text: str) -> str:
    """``09:30:15`` becomes ``093015``, within a range too; anything else stays."""
    return _TIME.sub(lambda match: match[1] + match[2] + (match[3] or ""), text)


def as_dicom_text(vr: str, value: Any) -> str:
    """A value as the text that an element of this VR holds, with the characters as written."""
    text = str(as_written(value))
    if vr == "DA":
        return as_da(text)
    if vr == "TM":
        return as_tm(text)
    return text


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
