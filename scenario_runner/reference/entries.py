"""The pages of the steps and of the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.language.schema import make_scenario_schema
from scenario_runner.reference.tables import GENERATED, keys
from scenario_runner.reference.words import Schema, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.plugins import Plugins

_SAVED = "`save_as` gives "

_STEPS = f"""{GENERATED}

# Steps

A step is a mapping with one key that names it. Beside that key stand the ones that every step takes,
[at the end of this page](#beside-every-step). A step that takes nothing that is required may be written
with nothing after its colon.

Every value may be a [template](templates.md). A duration may also be a plain number of seconds,
a rate a plain number a second, a share a number from 0 to 1.
`save_as` names a step's result for the templates and checks after it. A step that is not said to give
anything gives `null`.
"""

_CHECKS = f"""{GENERATED}

# Checks

The step [`assert`](steps.md#assert) takes a list of checks. A check is a mapping with one key that names
it; the [keys beside it](#beside-every-check) are the same for all checks. Every check of a list is
evaluated and recorded with what was expected and what was found. Types count: `"1"` is not `1`.
"""


def steps_page(plugins: Plugins) -> str:
    """``steps.md``: a section for each step, and what stands beside every step."""
    return _page(_STEPS, "step", plugins, plugins.steps())


def checks_page(plugins: Plugins) -> str:
    """``checks.md``: a section for each check, and what stands beside every check."""
    return _page(_CHECKS, "check", plugins, plugins.checks())


def _page(introduction: str, kind: str, plugins: Plugins, models: Mapping[str, type[Any]]) -> str:
    schema = make_scenario_schema(plugins)
    defs = schema["$defs"]
    words = Words(defs, {"check": "[checks](checks.md)"})
    parts = [introduction]
    for name, model in models.items():
        whole = defs[f"{kind}.{name}"]
        parts += [f"## {name}\n", *_section(whole, words)]
        if model.example:
            parts.append(f"```yaml\n- {model.example}\n```\n")
    parts.append(f"## Beside every {kind}\n")
    parts.append(keys(defs[kind], words, leave_out=models.keys()) + "\n")
    return "\n".join(parts)


def _section(schema: Schema, words: Words) -> list[str]:
    purpose, _, saved = str(schema.get("description", "")).partition(_SAVED)
    parts = [purpose.strip() + "\n"]
    if schema.get("properties"):
        parts.append(keys(schema, words) + "\n")
    elif schema.get("type") == "array":
        parts.append(f"Takes a {words.of(schema)}.\n")
    else:
        parts.append("Takes nothing.\n")
    if saved:
        parts.append(f"{_SAVED}{' '.join(saved.split())}\n")
    return parts
