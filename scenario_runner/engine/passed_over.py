"""What steps that were skipped did not save: whoever asks for it is told which step, and why it was skipped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.template_limits import NO_SUCH_NAME

if TYPE_CHECKING:
    from scenario_runner.language.entries import StepEntry

_MISSED: Final = re.compile(r"there is no '([^']+)' here")


def pass_over(reasons: dict[str, str], entry: StepEntry, step_id: str, why: str) -> None:
    """Keep why a step, or one turn of it, did not run. reasons: of a case, by the names that are missing."""
    reason = f"step '{step_id}' was skipped: {why}"
    for name in dict.fromkeys((step_id, entry.id, entry.save_as)):
        if name:
            reasons[name] = reason


def why_missing(reasons: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Why nothing stands under one of these names, where a skipped step would have saved it."""
    return next((reasons[each] for each in names if each in reasons), None)


def explained(reasons: Mapping[str, str], error: InvalidInput) -> InvalidInput:
    """The same, with the skipped steps whose names are missed."""
    return InvalidInput([_explained(reasons, one) for one in error.diagnostics])


def _explained(reasons: Mapping[str, str], one: Diagnostic) -> Diagnostic:
    missed = _MISSED.match(one.message) if one.code == NO_SUCH_NAME else None
    why = None if missed is None else why_missing(reasons, [missed[1]])
    return one if missed is None or why is None else replace(one, message=missed[0], hint=why)
