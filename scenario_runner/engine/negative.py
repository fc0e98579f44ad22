"""Negative tests: what is to fail has passed when it fails, and for the reason that was named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenario_runner.events import AS_IT_SHOULD
from scenario_runner.language.scalars import as_written
from scenario_runner.language.template_values import TemplateProblem
from scenario_runner.language.templates import render_text


def judged(failed: bool, message: str, fails: str, names: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether something failed as ``fails`` asks for, and what the report says of it.

    fails: a regular expression, searched for in the message; templates in it see ``names``.
    """
    try:
        pattern = str(as_written(render_text(fails, names)))
        found = re.search(pattern, message)
    except (TemplateProblem, re.error) as error:
        return False, f"'fails' cannot be used: {error}"
    if not failed:
        said = f": {message}" if message else ""
        return False, f"passed, though it should have failed{said}"
    if found is None:
        return False, f"failed for another reason than '{pattern}': {message}"
    return True, f"{AS_IT_SHOULD}{message}"
