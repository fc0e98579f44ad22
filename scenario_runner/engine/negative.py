"""Negative tests: what is to fail has passed when it fails, and for the reason that was named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scenario_runner.events import AS_IT_SHOULD
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.searching import PatternError, first_found
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import render_text

_ANY: Final = "true"
"""Of ``fails``: for whatever reason."""


def judged(
    failed: bool,
    message: str,
    fails: str,
    names: Mapping[str, Any],
    reasons: Sequence[str] = (),
) -> tuple[bool, str]:
    """Whether something failed as ``fails`` asks for, and what the report says of it.

    fails: a regular expression, searched for in the message and in each reason; templates in it see
    ``names``. reasons: everything that went wrong, where the message has no room for all of it.
    """
    try:
        pattern = str(as_written(render_text(fails, names)))
        found = first_found("" if pattern == _ANY else pattern, (message, *reasons))
    except (TemplateProblem, PatternError) as error:
        return False, f"'fails' cannot be used: {error}"
    if not failed:
        said = f": {message}" if message else ""
        return False, f"passed, though it should have failed{said}"
    if found is None:
        return False, f"failed for another reason than '{pattern}': {message}"
    return (
        True,
        f"{AS_IT_SHOULD}{message}" if found == message else f"{AS_IT_SHOULD}{found}; {message}",
    )
