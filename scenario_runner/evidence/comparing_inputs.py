"""What two runs were given: whether it was the same test that was made twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from scenario_runner.evidence.difference import Difference
from scenario_runner.evidence.digests import file_digest

if TYPE_CHECKING:
    from pathlib import Path

_INPUTS: Final = "inputs"
_OF_THE_RUN: Final = frozenset(
    {"carried.ndjson", "plan.json", "previous.json", "request.json", "targets.json"}
)
"""Files that the program wrote about this run alone; all others are copies of what was read."""
_ABSENT: Final = "not in this run"
_SHOWN: Final = 12
"""Digits of a digest that tell files apart for people; ``manifest.json`` has all of it."""


def compared_inputs(before: Path, after: Path) -> list[Difference]:
    """Files that were read, by their digests, and variables of the command line, by their values.

    None where one of the folders holds no inputs, as a copy for others.
    """
    was, now = _given(before / _INPUTS), _given(after / _INPUTS)
    if not was or not now:
        return []
    return [
        Difference("different", "input", name, was.get(name, _ABSENT), now.get(name, _ABSENT))
        for name in {**was, **now}
        if was.get(name) != now.get(name)
    ]


def _given(folder: Path) -> dict[str, str]:
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if name not in _OF_THE_RUN and file.is_file() and not file.is_symlink():
            found[name] = f"sha256 {file_digest(file)[:_SHOWN]}"
    return {**found, **_variables(folder / "request.json")}


def _variables(request: Path) -> dict[str, str]:
    try:
        said = json.loads(request.read_bytes())
        return {f"--set {name}": json.dumps(one) for name, one in said["overrides"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
