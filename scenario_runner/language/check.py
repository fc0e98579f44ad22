"""A document's data against its JSON Schema: every error as a diagnostic in the user's words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, Where, in_file_order
from scenario_runner.fields.types import Model
from scenario_runner.language.diagnostic_words import (
    did_you_mean,
    nearest,
    quoted,
    some_of,
)
from scenario_runner.language.document import Document
from scenario_runner.language.entries import CheckSiblings, StepSiblings
from scenario_runner.language.schema import TEMPLATE, WHOLE
from scenario_runner.language.validity import Validity
from scenario_runner.language.value_diagnostics import (
    bad_form,
    missing_space,
    not_one_of,
    subject,
    takes,
    type_diagnostic,
    wrong_length,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path


@dataclass(frozen=True, slots=True)
class _Error:
    """What jsonschema says of one value, without its optional attributes."""

    keyword: str
    limit: Any
    """What the schema gives for the keyword."""
    schema: Mapping[str, Any]
    instance: Any
    path: Path
    message: str
    branches: Mapping[int, list[_Error]]
    """Of a union: the errors in each of its branches."""
    definitions: Mapping[str, Any]
    """What ``$ref`` of the schema refers to, by name."""


def _plain(error: Any, definitions: Mapping[str, Any]) -> _Error:
    branches: dict[int, list[_Error]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(_plain(inner, definitions))
    return _Error(
        error.validator,
        error.validator_value,
        error.schema,
        error.instance,
        tuple(error.absolute_path),
        error.message,
        branches,
        definitions,
    )


def _is_readable(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _readable(schema: Any) -> Any:
    """Without patterns that are pydantic's alone, as a plugin's for all letters: the model searches for them all the same."""
    if isinstance(schema, list):
        return [_readable(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {name: _readable(value) for name, value in schema.items()}
    pattern, of_keys = kept.get("pattern"), kept.get("patternProperties")
    if isinstance(pattern, str) and not _is_readable(pattern):
        del kept["pattern"]
    if isinstance(of_keys, dict) and not all(map(_is_readable, of_keys)):
        del kept["patternProperties"]
        kept.pop("additionalProperties", None)
    return kept


def _validator(schema: Mapping[str, Any]) -> Any:
    """A validator that explains. A decimal such as 1.0 is no whole number: pydantic refuses it too."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    strict = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return extend(Draft202012Validator, type_checker=strict)(_readable(schema))  # type: ignore[no-untyped-call]


_LENGTHS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_TEMPLATES = (TEMPLATE["pattern"], WHOLE["pattern"])


class SchemaCheck:
    """One schema, ready to check many documents."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._validity = Validity(schema)

    def __call__(self, document: Document) -> list[Diagnostic]:
        """Everything that is wrong with the structure, in file order, each thing once."""
        if self._validity.is_certain(document.data):
            return []
        every = (
            diagnostic
            for error in self._validator.iter_errors(document.data)
            for diagnostic in self._explain(_plain(error, self.schema.get("$defs", {})), document)
        )
        return in_file_order(islice(every, MOST_DIAGNOSTICS))

    def misplaced(self, document: Document) -> frozenset[Where]:
        """Where steps and checks stand of which a parameter stands beside them, not in them."""
        definitions = self.schema.get("$defs", {})
        entries = {kind: definitions[kind] for kind in ("step", "check") if kind in definitions}
        return frozenset(
            document.where((*path, own), key=True)
            for path, entry in _mappings(document.data)
            for schema in entries.values()
            for own in entry_names(schema)
            if own in entry
            and any(
                (key not in schema["properties"] or entry[own] is None)
                and key in _below(schema["properties"][own], definitions)
                for key in entry
            )
        )

    @cached_property
    def _validator(self) -> Any:
        return _validator(self.schema)

    def _explain(self, error: _Error, document: Document) -> Iterator[Diagnostic]:
        if error.keyword == "anyOf":
            yield from self._union(error, document)
            return
        yield from _FORMATTERS.get(error.keyword, _anything_else)(error, document)

    def _union(self, error: _Error, document: Document) -> Iterator[Diagnostic]:
        """The errors of the branch that was meant: the one whose type fits and that came furthest."""
        meant = [
            errors
            for errors in error.branches.values()
            if not any(each.keyword == "type" and each.path == error.path for each in errors)
            and not any(each.limit in _TEMPLATES for each in errors if each.keyword == "pattern")
        ]
        if meant:
            described = _first_line(error.schema)
            beside = ", or a list" if "array" in self._types(error.schema) else ""
            for each in max(meant, key=lambda errors: max(len(e.path) for e in errors)):
                for diagnostic in self._explain(each, document):
                    hint = diagnostic.hint
                    if each.path == error.path:
                        words = each.keyword in ("enum", "const")
                        if each.keyword in _LENGTHS:
                            hint = described or hint
                        else:
                            hint = f"{hint}{beside}" if words else hint or described
                    yield replace(diagnostic, hint=hint)
            return
        found = type_diagnostic(document, error.path, error.instance, self._types(error.schema))
        branches = error.schema["anyOf"]
        if (mapping := next(filter(None, map(self._with_keys, branches)), None)) is None:
            yield found
            return
        example = next((each for one in branches for each in one.get("examples", ())), None)
        short = f"for example: {example}; " if example else ""
        yield replace(found, hint=f"{short}{takes(mapping, error.path)}")

    def _with_keys(self, branch: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A branch that is a mapping with keys of its own."""
        name = branch.get("$ref", "").removeprefix("#/$defs/")
        schema: Mapping[str, Any] = self.schema["$defs"][name] if name else branch
        return schema if schema.get("properties") else None

    def _types(self, schema: Any) -> Iterator[str]:
        """The types that a schema takes, templates aside."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            target = self.schema["$defs"][name]
            if target.get("pattern") not in _TEMPLATES:
                yield from self._types(target)
            return
        for branch in schema.get("anyOf", ()):
            yield from self._types(branch)
        types = schema.get("type", ())
        for name in (types,) if isinstance(types, str) else types:
            if name != "null":
                yield name


def _mappings(value: Any, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every mapping of a tree, with its path."""
    if isinstance(value, Mapping):
        yield path, value
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in items:
        if isinstance(item, Mapping | list):
            yield from _mappings(item, (*path, key))


_Formatter = Callable[[_Error, Document], Iterator[Diagnostic]]


def _type(error: _Error, document: Document) -> Iterator[Diagnostic]:
    names = error.limit
    listed = [names] if isinstance(names, str) else [name for name in names if name != "null"]
    wanted = ["string"] if "string" in listed else listed
    found = type_diagnostic(document, error.path, error.instance, wanted)
    keys = error.schema.get("properties") and "object" in listed
    if keys and not missing_space(error.instance, wanted):
        found = replace(found, hint=takes(error.schema, error.path))
    yield found


def _required(error: _Error, document: Document) -> Iterator[Diagnostic]:
    # jsonschema reports each missing key by itself; what is said twice of a place is kept once.
    for missing in error.limit:
        if missing not in error.instance:
            yield from _missing(missing, error, document)


def _missing(missing: str, error: _Error, document: Document) -> Iterator[Diagnostic]:
    allowed = error.schema.get("properties", {})
    if any(
        key not in allowed and (key.startswith(f"{missing}:") or nearest(key, allowed) == missing)
        for key in error.instance
    ):
        return  # misspelt, and reported as that
    yield Diagnostic(
        "FAB103", document.where(error.path, key=True), *_missing_words(missing, error, error.path)
    )


def _missing_words(missing: str, error: _Error, path: Path) -> tuple[str, str]:
    """Message and hint for a key that is not there."""
    message = f"'{missing}' is missing" + ("" if not path else f" in {subject(path)}")
    described = _first_line(error.schema.get("properties", {}).get(missing, {}))
    return message, f"{missing}: {described}" if described else takes(error.schema, path)


def _first_line(schema: Mapping[str, Any]) -> str | None:
    """How a schema describes itself: its first line, with the rest of a sentence that goes on."""
    lines = str(schema.get("description", "")).splitlines()
    if len(lines) < 2 or lines[0].endswith((".", ":", ";")):
        return lines[0] if lines else None
    paragraph = " ".join(itertools.takewhile(str.strip, lines))
    more = paragraph.find(". ", len(lines[0]))
    return paragraph if more < 0 else paragraph[: more + 1]


def _additional(error: _Error, document: Document) -> Iterator[Diagnostic]:
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


def _home(name: str, error: _Error) -> str | None:
    """What to write instead of a key beside a step or check whose parameter it is; None where it is none."""
    own = next((key for key in error.instance if key in entry_names(error.schema)), "")
    if not own or name not in _below(error.schema["properties"][own], error.definitions):
        return None
    below = _resolved(error.schema["properties"][own], error.definitions)
    form = f"{own}: [{name}: …]" if "items" in below else f"{own}: {{{name}: …}}"
    return f"it belongs inside, further to the right: {form}"


_SIBLINGS: Mapping[str, type[Model]] = {"steps": StepSiblings, "checks": CheckSiblings}
"""What every entry takes beside its own key, by the page that the parameters of its kind are on."""


def _outside(name: str, error: _Error) -> str | None:
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


def _below(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Collection[str]:
    """The parameters of a step or check; of one that is a list of entries, what those may be."""
    own = _resolved(schema, definitions)
    items = _resolved(own.get("items", {}), definitions)
    return entry_names(items) if "x-entry-of" in items else own.get("properties", {})


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    found: Mapping[str, Any] = definitions[name] if name else schema
    return found


def entry_names(schema: Mapping[str, Any]) -> list[str]:
    """The steps or checks that an entry's schema knows."""
    return [branch["required"][0] for branch in schema["oneOf"]]


def _one_of(error: _Error, document: Document) -> Iterator[Diagnostic]:
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


def _enum(error: _Error, document: Document) -> Iterator[Diagnostic]:
    options = [str(o) for o in error.limit if o is not None]
    yield not_one_of(document, error.path, error.instance, options)


def _const(error: _Error, document: Document) -> Iterator[Diagnostic]:
    yield not_one_of(document, error.path, error.instance, [str(error.limit)])


def _pattern(error: _Error, document: Document) -> Iterator[Diagnostic]:
    examples = error.schema.get("examples", ())
    yield bad_form(document, error.path, error.instance, examples, _first_line(error.schema) or "")


_BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than",
    "maximum": "at most", "exclusiveMaximum": "less than",
}  # fmt: skip


def _range(error: _Error, document: Document) -> Iterator[Diagnostic]:
    words = _BOUNDS[error.keyword]
    message = f"{subject(error.path)} must be {words} {error.limit}, not {error.instance}"
    bounds = [
        f"{word} {error.schema[name]}" for name, word in _BOUNDS.items() if name in error.schema
    ]
    hint = f"it is a number of {' and '.join(bounds)}"
    yield Diagnostic("FAB107", document.where(error.path), message, hint)


def _length(error: _Error, document: Document) -> Iterator[Diagnostic]:
    least = error.keyword.startswith("min")
    found = wrong_length(document, error.path, error.instance, least, int(error.limit))
    yield replace(found, hint=_first_line(error.schema) or found.hint)


def _anything_else(error: _Error, document: Document) -> Iterator[Diagnostic]:
    yield Diagnostic(
        "FAB118", document.where(error.path), f"{subject(error.path)}: {error.message[:200]}"
    )


_FORMATTERS: dict[str, _Formatter] = {
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
