"""Elements of a resource by their path, each with its place: ``identifier[1].value``.

A path is names with dots; a list stands for each of its items, ``name[key.below=text]`` for those of which
something below is that text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass

_STEP = re.compile(r"(?P<name>\w+)(\[(?P<key>[\w.]+)=(?P<text>[^\]]+)\])?(\.|$)")


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    key: tuple[_Step, ...] = ()
    text: str = ""


@cache
def parsed_path(path: str) -> tuple[_Step, ...]:
    """The steps of a path. Raises ValueError for none."""
    steps, at = [], 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(f"'{path}' is no path of a FHIR resource")
        key = parsed_path(match["key"]) if match["key"] else ()
        steps.append(_Step(match["name"], key, match["text"] or ""))
        at = match.end()
    return tuple(steps)


def elements(value: Any, path: str, place: str = "") -> Iterator[tuple[Any, str]]:
    """Every value at a path, and its place. place: of the value itself."""
    yield from _below(value, parsed_path(path), place)


def _below(value: Any, steps: tuple[_Step, ...], place: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _below(one, steps, f"{place}[{number}]")
        return
    if not steps:
        if value is not None:
            yield value, place
        return
    first, *rest = steps
    if not isinstance(value, dict) or first.name not in value:
        return
    at = f"{place}.{first.name}" if place else first.name
    below = value[first.name]
    items = (
        [(f"[{number}]", one) for number, one in enumerate(below)]
        if isinstance(below, list)
        else [("", below)]
    )
    for index, one in items:
        if first.key and not any(found == first.text for found, _ in _below(one, first.key, "")):
            continue
        yield from _below(one, tuple(rest), f"{at}{index}")
