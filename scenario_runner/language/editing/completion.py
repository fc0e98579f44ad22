"""Completion: keys, values and names of templates that can stand at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.language.document_kinds import KINDS
from scenario_runner.language.editing.cursor import Cursor, cursor_at
from scenario_runner.language.editing.described import described, words_about
from scenario_runner.language.editing.listed_steps import saved_in_lists
from scenario_runner.language.editing.offering import Completion, Completions, Surrounding
from scenario_runner.language.editing.template_names import names_at
from scenario_runner.language.saved_names import SELECTIONS
from scenario_runner.language.written_entries import written_entries

if TYPE_CHECKING:
    from scenario_runner.language.editing.described import Schema
    from scenario_runner.origins import Path

_FORM = re.compile(r"[\w./@^~()<>=, -]*")
_SAVED = ("saved", "selection", "instances", "step")
_MOST = 6_000


def complete(text: str, offset: int, schema: Schema, around: Surrounding) -> Completions:
    """What can stand at an offset of a text; nothing where that cannot be told."""
    cursor = cursor_at(text, offset)
    if cursor is None:
        return Completions(offset, offset)
    found = described(schema, cursor.path)
    if cursor.kind == "value":
        inside = _expression(cursor.prefix, found)
        if inside is not None:
            word, names = names_at(inside, cursor.data, cursor.path, around)
            items = tuple(Completion(name, "name", name, what) for name, what in names.items())
            return Completions(offset - len(word), cursor.end, items)
    items = tuple(_items(cursor, schema, found, around))
    unique = {item.label: item for item in reversed(items)}
    return Completions(cursor.start, cursor.end, tuple(reversed(unique.values()))[:_MOST])


def _expression(prefix: str, found: list[Schema]) -> str | None:
    """The expression that is being written, where one is."""
    opened = prefix.rfind("{{")
    if opened >= 0:
        return None if "}}" in prefix[opened:] else prefix[opened + 2 :]
    if any("x-expression" in one for one in found):
        return prefix
    return None


def _items(
    cursor: Cursor, schema: Schema, found: list[Schema], around: Surrounding
) -> Iterator[Completion]:
    if cursor.kind == "key":
        yield from _keys(cursor, schema, found, around)
        return
    if cursor.path == ("schema",):
        yield from map(_value, KINDS)
        return
    for one in found:
        yield from _values(cursor, one, around)
    if cursor.path[-3:-1] == ("use", "with"):
        values = around.parameter_values(_reference(cursor.path[:-2], cursor), str(cursor.path[-1]))
        yield from (_value(text, detail) for text, detail in values.items())
    if cursor.begins:
        yield from _keys(cursor, schema, found, around)


def _keys(
    cursor: Cursor, schema: Schema, found: list[Schema], around: Surrounding
) -> Iterator[Completion]:
    ending = "" if cursor.colon else ": "
    if cursor.path[-2:] == ("use", "with"):
        for name, what in around.parameters(_reference(cursor.path[:-1], cursor)).items():
            yield Completion(name, "key", name + ending, what)
    for one in found:
        required = one.get("required", ())
        properties: Mapping[str, Any] = one.get("properties", {})
        for name in sorted(properties, key=lambda name: name not in required):
            if name not in cursor.keys:
                text, page = words_about(schema, (*cursor.path, name))
                told = f"{text}\n\n{page}" if page else text
                detail = "required" if name in required else ""
                yield Completion(name, "key", name + ending, detail, told)
        kind = "attribute" if one.get("x-name-of") == "attribute" else one.get("x-keys-of")
        if isinstance(kind, str):
            for name, what in around.words(kind).items():
                if name not in cursor.keys:
                    yield Completion(name, "key", name + ending, what)


def _reference(use: Path, cursor: Cursor) -> str:
    """What the ``use`` at a path is of."""
    tree = cursor.data
    for part in use:
        tree = tree[part]
    return str(tree.get("steps", ""))


def _values(cursor: Cursor, schema: Schema, around: Surrounding) -> Iterator[Completion]:
    for value in (*schema.get("enum", ()), *filter(None, [schema.get("const")])):
        if value is not None:
            yield _value(str(value))
    types = schema.get("type", ())
    if "boolean" in types and types == "boolean":
        yield from (_value("true"), _value("false"))
    what = schema.get("x-one-of") or schema.get("x-name-of")
    if what in _SAVED:
        yield from (_value(name, detail) for name, detail in _saved(cursor, what, around).items())
    elif isinstance(what, str) and not (what == "attribute" and types == "object"):
        yield from (_value(name, detail) for name, detail in around.words(what).items())


def _value(text: str, detail: str = "") -> Completion:
    """A value, in quotes where it would be something else without."""
    safe = bool(_FORM.fullmatch(text)) and text not in ("yes", "no", "on", "off")
    return Completion(text, "value", text if safe else f'"{text}"', detail)


def _saved(cursor: Cursor, what: str, around: Surrounding) -> dict[str, str]:
    """Names that steps before the cursor give."""
    found = dict.fromkeys(SELECTIONS, "a selection") if what in ("selection", "instances") else {}
    for path, entry in written_entries(cursor.data):
        if path == cursor.path[: len(path)]:
            break
        for key in ("save_as", "id"):
            if isinstance(entry.get(key), str) and not (key == "save_as" and what == "step"):
                found[entry[key]] = f"{key} of an earlier step"
        if what != "step":
            found.update(dict.fromkeys(saved_in_lists(entry, around), "saved by a list of steps"))
    return found
