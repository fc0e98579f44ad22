"""Values of answers as text, and rows of them as comma-separated values."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_NUMBER: Final = r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_FORMULA: Final = re.compile(
    rf"[=+@\t\r\n\uff0b\uff0d\uff1d\uff20]|(?!{_NUMBER}(?:\\{_NUMBER})*\Z)-"
)
"""A sign in front, of full width too (for some languages); of a minus all but numbers."""


def cell(value: Any) -> str:
    """A value of DICOM as text: several with backslashes, items as JSON."""
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(one, Mapping) for one in value):
        return "\\".join(cell(one) for one in value)
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def csv_line(values: Sequence[str]) -> str:
    """A line of comma-separated values (RFC 4180), with its line feed; no value is taken for a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_harmless(value) for value in values])
    return text.getvalue()


def _harmless(value: str) -> str:
    """A spreadsheet takes a text that begins so for a formula; a quote keeps it text."""
    return f"'{value}" if _FORMULA.match(value) else value
