"""Questions to a PACS as a person types them, for ``fabricate pacs query`` and whatever looks something up first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from scenario_runner.api import (
    Deadline,
    FindRequest,
    Target,
    asking,
)
from scenario_runner.api.asking import Answers
from scenario_runner.app.typed_moments import moment
from scenario_runner.dicom.private_names import one_spelling
from scenario_runner.errors import UsageError
from scenario_runner.language.attributes import attribute_problem
from scenario_runner.steps.undeclared import Undeclared
from scenario_runner.steps.worklist import worklist_request

_HEX = re.compile(r"[0-9A-Fa-f]{8}")


def keys(texts: Iterable[str]) -> dict[str, Any]:
    """``KEYWORD=VALUE`` as typed; for the attribute see ``keyword_of``.

    A backslash separates values. Raises UsageError for what names no attribute or one twice, and for a date or a time that
    is none.
    """
    found: dict[str, Any] = {}
    for text in texts:
        keyword, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"'{text}' is not KEYWORD=VALUE")
        several = value.split("\\")
        name = keyword_of(keyword)
        if name in found:
            before = found[name] if isinstance(found[name], list) else [found[name]]
            together = "\\".join(map(str, [*before, *several]))
            raise UsageError(
                f"'{name}' is given twice, and a key has one value",
                hint=f"a backslash separates values of which any may match: '{name}={together}'",
            )
        found[name] = several if len(several) > 1 else moment(name, _vr(name), value)
    return found


def _vr(name: str) -> str:
    from pydicom.datadict import dictionary_VR

    try:
        return dictionary_VR(int(name, 16) if _HEX.fullmatch(name) else name)
    except (KeyError, ValueError):
        return ""  # a private one


def keyword_of(text: str) -> str:
    """The name of an attribute as a person types it, in the spelling of the language.

    A keyword in any case, eight hexadecimal digits, or a private attribute as ``(0009,xx01) CREATOR``. Raises UsageError for
    anything else.
    """
    from pydicom.datadict import keyword_dict

    if text.startswith("("):
        if (problem := attribute_problem(text)) is not None:
            raise UsageError(problem[0], hint=problem[1])
        return one_spelling(text)
    if text in keyword_dict or _HEX.fullmatch(text):
        return text
    by_folded = {keyword.casefold(): keyword for keyword in keyword_dict}
    if text.casefold() in by_folded:
        return by_folded[text.casefold()]
    near = get_close_matches(text.casefold(), by_folded, 1)
    raise UsageError(
        f"'{text}' is no DICOM keyword",
        hint=f"did you mean '{by_folded[near[0]]}'?"
        if near
        else "write PatientName, 00100010, or '(0009,xx01) CREATOR' for a private one",
    )


def ask(
    target: Target, request: FindRequest, deadline: Deadline, undeclared: Undeclared | None = None
) -> Answers:
    """The answers to one query. A worklist item's scheduled step stands beside the item's own keys.

    undeclared: notes of which text the answers did not say the character set.
    """
    noted = undeclared or Undeclared()
    if request.level != "worklist":
        return asking.ask(target, noted.noting(request), deadline)
    request = worklist_request(request.match, request.returned, request.limit)
    answers = asking.ask(target, noted.noting(request), deadline)
    for item in answers.matches:
        steps = item.pop("ScheduledProcedureStepSequence", None) or [{}]
        item.update(steps[0])
    return answers
