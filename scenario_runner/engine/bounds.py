"""How much of a text becomes evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

from scenario_runner.events import Event, InstanceSent

MAX_TEXT = 65_536
"""Characters of one text of an event; what has more belongs into a file beside it."""


def bounded(event: Event) -> Event:
    """The event with every text in it cut where nobody reads on, saying how long it was."""
    changes = {}
    if isinstance(event, InstanceSent) and len(event.comment) + len(event.uid) <= MAX_TEXT:
        return event  # a million times; its other texts are the plan's
    of: Any = type(event)
    names, values = _fields(of)
    for name, value in zip(names, values(event), strict=True):
        # Nearly all are short texts and what has no length.
        kind = type(value)
        if (kind is str and len(value) <= MAX_TEXT) or kind in _WITHOUT_LENGTH:
            continue
        cut = _cut(value)
        if cut is not value:
            changes[name] = cut
    return dataclasses.replace(event, **changes) if changes else event


_WITHOUT_LENGTH = (bool, type(None), int, float)


@cache
def _fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]:
    """Of a kind of event: the names of its fields, and what reads them all at once."""
    names = tuple(field.name for field in dataclasses.fields(kind))
    if len(names) < 2:  # attrgetter gives a tuple for several names alone
        return names, lambda event: tuple(getattr(event, name) for name in names)
    return names, attrgetter(*names)


def _cut(value: Any) -> Any:
    """The same thing where there is nothing to cut in it."""
    if isinstance(value, str):
        if len(value) <= MAX_TEXT:
            return value
        return f"{value[:MAX_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        pairs = {_cut(key): _cut(item) for key, item in value.items()}
        same = all(pairs.get(key) is item for key, item in value.items())
        return value if same else pairs
    if isinstance(value, list | tuple):
        items = [_cut(item) for item in value]
        same = all(one is other for one, other in zip(items, value, strict=True))
        return value if same else items
    return value
