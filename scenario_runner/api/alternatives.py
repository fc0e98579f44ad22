"""Keys with several values: only UIDs are matched from a list (PS3.4 C.2.2.2.2), others are asked one by one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.private_names import private_name
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.errors import UsageError

MOST = 1000
"""Combinations of listed values that are asked for, each by a query of its own."""


def alternatives(match: Mapping[str, Any], *, uid_lists: bool = True) -> list[dict[str, Any]]:
    """The keys of each query that has to be asked for one match; mostly there is one.

    uid_lists: a list of UIDs stays a list. ``{raw: …}`` stays what it is. Raises UsageError when there are too many.
    """
    several = {key: _values(key, value, uid_lists) for key, value in match.items()}
    count = 1
    for values in several.values():
        count *= len(values)
    if count > MOST:
        raise UsageError(f"the listed values make {count} queries; {MOST} is the limit")
    return [
        dict(zip(several, values, strict=True)) for values in itertools.product(*several.values())
    ]


def _values(key: str, value: Any, uid_lists: bool) -> list[Any]:
    """What a key may be, one after the other."""
    if is_raw(value):
        return [value]
    if isinstance(value, Mapping):
        return list(alternatives(value, uid_lists=uid_lists))
    vr = _vr(key)
    if vr == "SQ" and isinstance(value, list | tuple):
        items = [_values(key, item, uid_lists) for item in value]
        return [list(one) for one in itertools.product(*items)]
    if vr in ("", "SQ") or (vr == "UI" and uid_lists):
        return [value]
    texts = value if isinstance(value, list | tuple) else [value]
    if vr not in vrs.ONE_TEXT:  # a backslash would make a value of several
        parted = [
            part for one in texts for part in (one.split("\\") if isinstance(one, str) else [one])
        ]
        texts = [part for part in parted if part != ""] or [""]
    first = [one for place, one in enumerate(texts) if one not in texts[:place]]
    return first or [""]


def _vr(key: str) -> str:
    if private_name(key) is not None:
        return "LO"
    tag = tag_for_keyword(key) if len(key) != 8 or key.isalpha() else _number(key)
    return "" if tag is None else vr_of(tag)


def _number(key: str) -> int | None:
    try:
        return int(key, 16)
    except ValueError:
        return tag_for_keyword(key)
