"""A document's data against its JSON Schema: every error as a diagnostic in the user's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, Where, in_file_order
from scenario_runner.language.document import Document
from scenario_runner.language.schema import TEMPLATE, WHOLE
from scenario_runner.language.schema_entries import entry_names, parameters, resolved
from scenario_runner.language.schema_errors import SchemaError, explaining_validator, schema_error
from scenario_runner.language.schema_words import FORMATTERS, anything_else, first_line
from scenario_runner.language.validity import Validity
from scenario_runner.language.value_diagnostics import takes, type_diagnostic
from scenario_runner.origins import Path

_LENGTHS = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
_TEMPLATES = (TEMPLATE["pattern"], WHOLE["pattern"])


class SchemaCheck:
    """One schema, ready to check many documents."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._definitions: Mapping[str, Any] = schema.get("$defs", {})
        self._validity = Validity(schema)

    def __call__(self, document: Document) -> list[Diagnostic]:
        """Everything that is wrong with the structure, in file order, each thing once."""
        if self._validity.is_certain(document.data):
            return []
        every = (
            diagnostic
            for error in self._validator.iter_errors(document.data)
            for diagnostic in self._explain(schema_error(error, self._definitions), document)
        )
        return in_file_order(islice(every, MOST_DIAGNOSTICS))

    def misplaced(self, document: Document) -> frozenset[Where]:
        """Where steps and checks stand of which a parameter stands beside them, not in them."""
        definitions = self._definitions
        entries = {kind: definitions[kind] for kind in ("step", "check") if kind in definitions}
        return frozenset(
            document.where((*path, own), key=True)
            for path, entry in _mappings(document.data)
            for schema in entries.values()
            for own in entry_names(schema)
            if own in entry
            and any(
                (key not in schema["properties"] or entry[own] is None)
                and key in parameters(schema["properties"][own], definitions)
                for key in entry
            )
        )

    @cached_property
    def _validator(self) -> Any:
        return explaining_validator(self.schema)

    def _explain(self, error: SchemaError, document: Document) -> Iterator[Diagnostic]:
        if error.keyword == "anyOf":
            yield from self._union(error, document)
            return
        yield from FORMATTERS.get(error.keyword, anything_else)(error, document)

    def _union(self, error: SchemaError, document: Document) -> Iterator[Diagnostic]:
        """The errors of the branch that was meant: the one whose type fits and that came furthest."""
        meant = [
            errors
            for errors in error.branches.values()
            if not any(each.keyword == "type" and each.path == error.path for each in errors)
            and not any(each.limit in _TEMPLATES for each in errors if each.keyword == "pattern")
        ]
        if meant:
            described = first_line(error.schema)
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
        schema = resolved(branch, self._definitions)
        return schema if schema.get("properties") else None

    def _types(self, schema: Any) -> Iterator[str]:
        """The types that a schema takes, templates aside."""
        if "$ref" in schema:
            target = resolved(schema, self._definitions)
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
