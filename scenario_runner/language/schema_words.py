"""What breaks each keyword of a JSON Schema, in the words of whoever wrote the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from scenario_runner.errors import Diagnostic
from scenario_runner.fields.types import Model
from scenario_runner.language.diagnostic_words import (
    beginning,
    did_you_mean,
    nearest,
    quoted,
    some_of,
)
from scenario_runner.language.document import Document
from scenario_runner.language.entries import CheckSiblings, StepSiblings
from scenario_runner.language.schema_entries import entry_names, parameters, resolved
from scenario_runner.language.schema_errors import SchemaError
from scenario_runner.language.value_diagnostics import (
    bad_form,
    missing_space,
    no_template,
    not_one_of,
    subject,
    takes,
    type_diagnostic,
    wrong_length,
)
from scenario_runner.origins import Path

_Formatter = Callable[[SchemaError, Document], Iterator[Diagnostic]]


def _type(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    names = error.limit
    listed = [names] if isinstance(names, str) else [name for name in names if name != "null"]
    wanted = ["string"] if "string" in listed else listed
    found = type_diagnostic(document, error.path, error.instance, wanted)
    keys = error.schema.get("properties") and "object" in listed
    if keys and not (missing_space(error.instance, wanted) or no_template(error.instance)):
        found = replace(found, hint=takes(error.schema, error.path))
    yield found


def _required(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    # jsonschema reports each missing key by itself; what is said twice of a place is kept once.
    for missing in error.limit:
        if missing not in error.instance:
            yield from _missing(missing, error, document)


def _missing(missing: str, error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    allowed = error.schema.get("properties", {})
    if any(
        key not in allowed and (key.startswith(f"{missing}:") or nearest(key, allowed) == missing)
        for key in error.instance
    ):
        return  # misspelt, and reported as that
    yield Diagnostic(
        "FAB103", document.where(error.path, key=True), *_missing_words(missing, error, error.path)
    )


def _missing_words(missing: str, error: SchemaError, path: Path) -> tuple[str, str]:
    """Message and hint for a key that is not there."""
    message = f"'{missing}' is missing" + ("" if not path else f" in {subject(path)}")
    described = first_line(error.schema.get("properties", {}).get(missing, {}))
    return message, f"{missing}: {described}" if described else takes(error.schema, path)


def first_line(schema: Mapping[str, Any]) -> str | None:
    """How a schema describes itself: its first line, with the rest of a sentence that goes on."""
    return beginning(str(schema.get("description", ""))) or None


def _additional(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    allowed = list(error.schema.get("properties", {}))
    kind = error.schema.get("x-entry-of")
    for name in error.instance:
        if name in allowed or ("patternProperties" in error.schema and name.startswith("x-")):
            continue
        where = document.where((*error.path, name), key=True)
        guess = did_you_mean(name, allowed)
        if kind and not any(known in error.instance for known in entry_names(error.schema)):
            code = {"step": "FAB109", "check": "FAB112"}[kind]
            steps = some_of(entry_names(error.schema), 30)
            hint = f"{kind}s: {steps}      docs/reference/{kind}s.md"
            yield Diagnostic(code, where, f"unknown {kind} {quoted(name)}{guess}", hint)
        elif kind:
            beside = [key for key in allowed if key not in entry_names(error.schema)]
            home = _home(name, error)
            others = [key for key in beside if key not in error.instance]
            guess = "" if home else did_you_mean(name, others)
            hint = home or f"beside its own key, a {kind} takes: {some_of(beside, 12)}"
            yield Diagnostic("FAB104", where, f"unknown key {quoted(name)}{guess}", hint)
        else:
            outside = _outside(name, error)
            hint = outside or takes(error.schema, error.path)
            guess = "" if outside else guess
            yield Diagnostic("FAB104", where, f"unknown key {quoted(name)}{guess}", hint or None)


def _home(name: str, error: SchemaError) -> str | None:
    """What to write instead of a key beside a step or check whose parameter it is; None where it is none."""
    own = next((key for key in error.instance if key in entry_names(error.schema)), "")
    if not own or name not in parameters(error.schema["properties"][own], error.definitions):
        return None
    below = resolved(error.schema["properties"][own], error.definitions)
    form = f"{own}: [{name}: …]" if "items" in below else f"{own}: {{{name}: …}}"
    return f"it belongs inside, further to the right: {form}"


_SIBLINGS: Mapping[str, type[Model]] = {"steps": StepSiblings, "checks": CheckSiblings}
"""What every entry takes beside its own key, by the page that the parameters of its kind are on."""


def _outside(name: str, error: SchemaError) -> str | None:
    """What to write instead of a parameter of a step or check that stands beside it; None where it does not."""
    page = str(error.schema.get("x-docs", "")).partition(".md#")[0].rpartition("/")[2]
    if page not in _SIBLINGS or not error.path:
        return None
    keys = {field.alias or key for key, field in _SIBLINGS[page].model_fields.items()}
    own = error.path[-1]
    return (
        f"it belongs beside '{own}', further to the left: {{{own}: {{…}}, {name}: …}}"
        if name in keys
        else None
    )


def _one_of(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    schema, entry = error.schema, error.instance
    kind = schema.get("x-entry-of")
    if not kind or not isinstance(entry, dict):
        return
    names = entry_names(schema)
    present = [key for key in entry if key in names]
    if len(present) > 1:
        code = {"step": "FAB111", "check": "FAB113"}[kind]
        for extra in present[1:]:
            yield Diagnostic(
                code,
                document.where((*error.path, extra), key=True),
                f"'{extra}' is a second {kind} in one entry, after '{present[0]}'",
                f"start a new item of the list: - {extra}: …",
            )
    elif all(key in schema["properties"] for key in entry):
        # An unknown key has been reported as an unknown step already.
        code = {"step": "FAB110", "check": "FAB113"}[kind]
        hint = f"{kind}s: {some_of(names, 30)}"
        yield Diagnostic(code, document.where(error.path), f"this entry names no {kind}", hint)


def _enum(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    options = [str(o) for o in error.limit if o is not None]
    yield not_one_of(document, error.path, error.instance, options)


def _const(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    yield not_one_of(document, error.path, error.instance, [str(error.limit)])


def _pattern(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    examples = error.schema.get("examples", ())
    yield bad_form(document, error.path, error.instance, examples, first_line(error.schema) or "")


_BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than",
    "maximum": "at most", "exclusiveMaximum": "less than",
}  # fmt: skip


def _range(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    words = _BOUNDS[error.keyword]
    message = f"{subject(error.path)} must be {words} {error.limit}, not {error.instance}"
    bounds = [
        f"{word} {error.schema[name]}" for name, word in _BOUNDS.items() if name in error.schema
    ]
    hint = f"it is a number of {' and '.join(bounds)}"
    yield Diagnostic("FAB107", document.where(error.path), message, hint)


def _length(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    least = error.keyword.startswith("min")
    found = wrong_length(document, error.path, error.instance, least, int(error.limit))
    yield replace(found, hint=first_line(error.schema) or found.hint)


def anything_else(error: SchemaError, document: Document) -> Iterator[Diagnostic]:
    """What no other formatter is for, as jsonschema says it."""
    yield Diagnostic(
        "FAB118", document.where(error.path), f"{subject(error.path)}: {error.message[:200]}"
    )


FORMATTERS: dict[str, _Formatter] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "oneOf": _one_of,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _range, "exclusiveMinimum": _range, "maximum": _range, "exclusiveMaximum": _range,
    "minLength": _length, "maxLength": _length, "minItems": _length, "maxItems": _length,
    "minProperties": _length, "maxProperties": _length,
}  # fmt: skip
"""By keyword; ``anyOf`` is none of them, for what was meant has to be found first."""
