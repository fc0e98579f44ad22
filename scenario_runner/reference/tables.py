"""Markdown tables of what a mapping takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.reference.words import Schema, Words, allows_null, default_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

GENERATED = (
    "<!-- Generated: `python -m scenario_runner.reference` writes this page from the models. -->"
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; what would break a cell is escaped."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def keys(schema: Schema, words: Words, leave_out: Collection[str] = ()) -> str:
    """The keys of a mapping, those of mappings inside it as ``until.query.level``."""
    rows = (
        (f"`{path}`", words.of(value), "**required**" if required else default_of(value), meaning)
        for path, value, required, meaning in _walk(schema, words, "")
        if path.partition(".")[0].partition("[")[0] not in leave_out
    )
    return table(("key", "takes", "default", "meaning"), rows)


def record_keys(schema: Schema, words: Words) -> str:
    """The same for what we write and others read: no defaults, and null is told."""
    rows = (
        (f"`{path}`", words.of(value) + (" or `null`" if allows_null(value) else ""), meaning)
        for path, value, _, meaning in _walk(schema, words, "")
    )
    return table(("key", "holds", "meaning"), rows)


def _walk(schema: Schema, words: Words, prefix: str) -> Iterator[tuple[str, Schema, bool, str]]:
    """Path, schema, whether it is required, and meaning of every key, inner ones behind theirs."""
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        inner = words.target(value)
        meaning = _meaning(value)
        if inner and not meaning and words.of(value) in ("mapping", "list of mappings"):
            meaning = _meaning(inner[1])
        yield f"{prefix}{key}", value, key in required, meaning
        if inner:
            suffix, found = inner
            yield from _walk(found, words, f"{prefix}{key}{suffix}.")


def _meaning(schema: Schema) -> str:
    return " ".join(str(schema.get("description", "")).replace("``", "`").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
