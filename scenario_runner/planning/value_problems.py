"""What a value representation allows of text (PS3.5 6.2, Table 6.2-1)."""

from __future__ import annotations

import re

from scenario_runner.dicom import vrs
from scenario_runner.dicom.forms import CONTROL_IN_LINE, CONTROL_IN_TEXT
from scenario_runner.lazy_dataclasses import dataclass

_CODE_STRING = re.compile(r"[A-Z0-9_ ]*")


@dataclass(frozen=True, slots=True)
class ValueProblem:
    """Why a value cannot be used; becomes a diagnostic once its place is known."""

    code: str
    message: str
    hint: str | None = None
    of_key: bool = False
    """Whether the key is wrong, and not what stands under it."""


def forbidden(text: str, vr: str) -> ValueProblem | None:
    """A character the VR forbids: a backslash, which separates values, or a control character."""
    if "\\" in text and vr not in vrs.ONE_TEXT:
        return ValueProblem(
            "FAB305",
            f"a backslash cannot stand in a value of VR {vr}: it separates values",
            "leave it out (PS3.5 6.2)",
        )
    pattern = CONTROL_IN_TEXT if vr in vrs.SEVERAL_LINES else CONTROL_IN_LINE
    if match := pattern.search(text):
        return ValueProblem(
            "FAB305",
            f"the control character U+{ord(match[0]):04X} cannot stand in a value of VR {vr}",
            "leave it out (PS3.5 6.2)",
        )
    return None


def check_text(text: str, vr: str, what: str) -> ValueProblem | None:
    """Length and characters of one value of a text VR. what: the attribute, for the message."""
    if problem := forbidden(text, vr):
        return problem
    limit = vrs.LONGEST_TEXT.get(vr)
    if limit is not None and len(text) > limit:
        return ValueProblem(
            "FAB302",
            f"{what} has {len(text)} characters, and its VR {vr} takes {limit} at most",
            f"shorten it by {len(text) - limit} (PS3.5 6.2)",
        )
    if vr == "CS" and not _CODE_STRING.fullmatch(text):
        return ValueProblem(
            "FAB305",
            f"'{text}' is not a code string: upper-case letters, digits, space and _ only",
            f"write {text.upper()}" if _CODE_STRING.fullmatch(text.upper()) else "PS3.5 6.2, VR CS",
        )
    return None
