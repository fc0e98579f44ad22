"""What the identifier of a retrieve request may hold (PS3.4 C.4.2.2.1, C.4.3.1.3.1).

Unique keys only: one value at each level above that of the request, and at its own one value or, where
that is a UID, a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.levels import unique_keys

Level = Literal["patient", "study", "series", "image"]
QueryLevel = Literal["patient", "study", "series", "image", "worklist"]
Keys = dict[str, "str | list[str]"]
"""Unique keys of one request."""

UID_HINT = (
    "list the UIDs, or match by another key, such as AccessionNumber, which is looked up first"
)


def uid_fault(key: str, value: Any) -> str | None:
    """What is wrong with a value of a UID as a key of a retrieval; None for what is right or a template.

    A UID is matched whole or from a list (PS3.4 C.2.2.2.1, C.2.2.2.2): it has no wildcards and no ranges,
    except that a lone ``*`` asks for any.
    """
    if not key.endswith("UID") or is_raw(value):
        return None
    for text in listed(value):
        if "{{" in text or set(text) == {"*"}:
            continue
        if set(text) & set("*?"):
            return f"a UID has no wildcards, so '{text}' names nothing (PS3.4 C.2.2.2.4)"
        if "-" in text:
            return f"a UID has no ranges, so '{text}' names nothing (PS3.4 C.2.2.2.5)"
    return None


def number_fault(key: str, value: Any) -> str | None:
    """What is wrong with a value of an attribute that holds numbers as a key of a query; None for what is right or a template.

    A number is matched whole (PS3.4 C.2.2.2.1): ranges are of dates and times (C.2.2.2.5), wildcards of text (C.2.2.2.4).
    """
    tag = tag_for_keyword(key)
    vr = vr_of(tag) if tag is not None and not is_raw(value) else ""
    if vr not in vrs.INTEGERS | vrs.REALS:
        return None
    for text in listed(value):
        if "{{" not in text and not _is_number(text, whole=vr in vrs.INTEGERS):
            kind = "whole number" if vr in vrs.INTEGERS else "number"
            return f"{key} is a {kind} (VR {vr}), which has no wildcards and no ranges: not '{text}' (PS3.4 C.2.2.2)"
    return None


def _is_number(text: str, *, whole: bool) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return number.is_integer() or not whole


def listed(value: Any) -> list[str]:
    """The values of a key; none when it is empty, which asks for any (PS3.4 C.2.2.2.3)."""
    if is_raw(value):
        value = value["raw"]
    several = value if isinstance(value, list | tuple) else [value]
    texts = [part for one in several if one is not None for part in str(one).split("\\")]
    return list(dict.fromkeys(text for text in texts if text))


def is_raw(value: Any) -> bool:
    """Whether a value is ``{raw: …}``: what a person wants to send, right or wrong."""
    return isinstance(value, Mapping) and set(value) == {"raw"}


def is_plain(values: Sequence[str]) -> bool:
    """Whether these values name objects, one by one."""
    return bool(values) and not any(set(value) & set("*?") for value in values)


def straight(level: Level, wanted: Mapping[str, list[str]]) -> list[Keys] | None:
    """The requests for keys that may go as they are; None when something has to be looked up.

    wanted: the values of each key, as ``listed`` gives them.
    """
    unique = unique_keys(level)
    if set(wanted) != set(unique) or not all(map(is_plain, wanted.values())):
        return None
    *above, own = unique
    if any(len(wanted[key]) != 1 for key in above):
        return None
    if level == "patient":
        return [{own: value} for value in wanted[own]]
    values = wanted[own]
    return [{**{key: wanted[key][0] for key in above}, own: values if values[1:] else values[0]}]
