"""Hover: what a key means, what a value is, and what a template comes to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scenario_runner.fields.scalars import as_written
from scenario_runner.language.editing.described import described, words_about
from scenario_runner.language.editing.offering import Hover, Surrounding
from scenario_runner.language.editing.pointing import Pointed, pointed
from scenario_runner.language.templates import is_template

if TYPE_CHECKING:
    from scenario_runner.language.document import Document
    from scenario_runner.language.editing.described import Schema

_LONGEST = 2_000


def hover(document: Document, offset: int, schema: Schema, around: Surrounding) -> Hover | None:
    """What is to be known of what stands at an offset."""
    found = pointed(document, offset)
    if found is None:
        return None
    parts = (
        [_key(document, found, schema, around)]
        if found.is_key
        else [*_value(document, found, schema, around)]
    )
    text = "\n\n".join(part for part in parts if part)
    return Hover(found.start, found.end, text) if text else None


def _key(document: Document, found: Pointed, schema: Schema, around: Surrounding) -> str:
    name = str(found.path[-1])
    if found.path[-3:-1] == ("use", "with"):
        asked: Any = document.data
        for part in found.path[:-2]:
            asked = asked[part]
        given = around.parameters(str(asked.get("steps", "")))
        return f"**{name}** {given[name]}".strip() if name in given else ""
    parent = described(schema, found.path[:-1])
    if any(one.get("x-name-of") == "attribute" for one in parent):
        return f"**{name}** {around.words('attribute').get(name, '')}".strip()
    text, page = words_about(schema, found.path)
    return "\n\n".join(filter(None, [f"**{name}**", text, page])) if text or page else ""


def _value(document: Document, found: Pointed, schema: Schema, around: Surrounding) -> list[str]:
    value: Any = document.data
    for part in found.path:
        value = value[part]
    parts = []
    here = described(schema, found.path)
    if isinstance(value, str) and (
        is_template(value) or any("x-expression" in one for one in here)
    ):
        try:
            parts.append(f"= `{_shown(around.value(value, found.path))}`")
        except LookupError:
            parts.append("known when it runs")
    text = str(as_written(value))
    for one in here:
        what = one.get("x-one-of") or one.get("x-name-of")
        if isinstance(what, str) and (meaning := around.words(what).get(text)):
            parts.append(f"**{text}** {meaning}")
    parts.append(words_about(schema, found.path)[0])
    return parts


def _shown(value: Any) -> str:
    """A value in a line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text.replace("`", "'")[:_LONGEST]
