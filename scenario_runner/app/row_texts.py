"""Values of answers as text, and rows of them as comma-separated values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any


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
    """A spreadsheet takes a text with one of these in front for a formula; a quote keeps it text."""
    return f"'{value}" if value[:1] in ("=", "+", "@", "\t", "\r") else value
