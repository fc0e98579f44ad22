"""The values that a use gives to the parameters of a step list: typed, each with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.fields.scalars import as_written, plain_scalar
from scenario_runner.fields.types import Duration
from scenario_runner.language.diagnostic_words import (
    did_you_mean,
    quoted,
    some_of,
    type_word,
    value_words,
)
from scenario_runner.language.templates import has_template, is_alone, render_tree
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scenario_runner.errors import Where
    from scenario_runner.language.document import Document
    from scenario_runner.language.library_model import Parameter
    from scenario_runner.origins import Path


@dataclass(frozen=True, slots=True)
class Value:
    """What a parameter has: the tree as written, and where that stands."""

    parameter: Parameter
    tree: Any
    document: Document
    path: Path
    used: Where | None = None
    """Of a value in a library's file: where that file is used."""

    @property
    def is_known(self) -> bool:
        """Whether there is no template in it, so that it is what it will be."""
        return not has_template(self.tree)

    def where(self, path: Path) -> Where:
        """The place of the value, for paths that begin with its own."""
        return replace(self.document.where(path), used=self.used)


@dataclass(frozen=True, slots=True)
class Scope:
    """What templates of a used step list can name beside what a scenario can."""

    values: Mapping[str, Value]
    outer: Scope | None
    """Of the list that uses this one; values are written in its terms."""
    extra: Mapping[str, Any]
    """``item``, where the use is repeated."""

    def names(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """The names of the scenario, and ``params``. Raises InvalidInput for a value that does not fit."""
        before = {**(base if self.outer is None else self.outer.names(base)), **self.extra}
        params: dict[str, Any] = {}
        found: list[Diagnostic] = []
        for name, value in self.values.items():
            try:
                tree = render_tree(value.tree, before, value.where, value.path)
                place = lambda: value.where(value.path)  # noqa: B023, E731 - called at once
                params[name] = fitting(name, value.parameter, tree, place, value.tree)
            except InvalidInput as error:
                found += error.diagnostics
        if found:
            raise InvalidInput(found)
        return {**before, "params": params}


_DURATION: TypeAdapter[float] = TypeAdapter(Duration, config={"defer_build": True})
_JSON_TYPE = {
    "integer": "integer", "number": "number", "boolean": "boolean", "list": "array",
    "mapping": "object",
}  # fmt: skip


def fitting(
    name: str, parameter: Parameter, value: Any, where: Callable[[], Where], written: Any = None
) -> Any:
    """The value as its parameter has it: of text the characters as written. Raises InvalidInput.

    written: the value before it was rendered. Of text that a template alone gave, a number is what is written in it.
    """
    if value is None and not parameter.is_required:
        return None
    kind = parameter.type
    if kind in ("text", "target"):
        value = as_written(value)
    elif isinstance(value, str) and not _is(kind, value) and is_alone(written):
        value = plain_scalar(value.strip())
    if not _is(kind, value):
        article = "a duration such as 30s" if kind == "duration" else _word(kind)
        raise InvalidInput(
            [
                Diagnostic(
                    "FAB608",
                    where(),
                    f"'{name}' must be {article}, not {value_words(value)}",
                    _about(parameter),
                )
            ]
        )
    allowed = [as_written(one) if kind in ("text", "target") else one for one in parameter.one_of]
    if allowed and not any(type(one) is type(value) and one == value for one in allowed):
        guess = did_you_mean(str(value), map(str, allowed)) if isinstance(value, str) else ""
        raise InvalidInput(
            [
                Diagnostic(
                    "FAB608",
                    where(),
                    f"'{name}' cannot be {value_words(value)}{guess}",
                    f"it is one of: {some_of(map(str, allowed), 20)}",
                )
            ]
        )
    return value


def _is(kind: str, value: Any) -> bool:
    if kind == "duration":
        try:
            _DURATION.validate_python(value)
        except ValidationError:
            return False
        return not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    wanted = {"text": str, "target": str, "boolean": bool, "list": list, "mapping": dict}[kind]
    return isinstance(value, wanted)


def _word(kind: str) -> str:
    return {"text": "text", "target": "the name of a target"}.get(kind) or type_word(
        _JSON_TYPE[kind]
    )


def _about(parameter: Parameter) -> str | None:
    if parameter.description:
        return parameter.description
    return "units are ms, s, m and h" if parameter.type == "duration" else None


def given_values(
    given: Mapping[str, Any],
    place: tuple[Document, Path, Where | None],
    declared: Mapping[str, Parameter],
    defaults: tuple[Document, Where],
    of: str,
) -> tuple[dict[str, Value], list[Diagnostic]]:
    """Values of all parameters, and what is wrong with those that a use gives.

    place: where ``given`` stands, with what uses that file. defaults: the file of the step list, and where
    it is used. of: what the list is called.
    """
    document, path, used = place
    values: dict[str, Value] = {}
    found: list[Diagnostic] = []
    for name in given:
        if name not in declared:
            takes = some_of(declared, 20) if declared else "nothing"
            found.append(
                Diagnostic(
                    "FAB607",
                    _used(document.where((*path, name), key=True), used),
                    f"{of} has no parameter {quoted(name)}{did_you_mean(name, declared)}",
                    f"it takes: {takes}",
                )
            )
    for name, parameter in declared.items():
        if name in given:
            value = Value(parameter, given[name], document, (*path, name), used)
        elif parameter.is_required:
            found.append(
                Diagnostic(
                    "FAB606",
                    _used(document.where(path, key=True), used),
                    f"{of} needs the parameter '{name}'",
                    f"{name}: {parameter.description or _word_of(parameter)}",
                )
            )
            continue
        else:
            home, use = defaults
            value = Value(parameter, parameter.default, home, ("parameters", name, "default"), use)
        if value.is_known:
            try:
                tree = fitting(name, parameter, value.tree, lambda: value.where(value.path))  # noqa: B023 - called at once
            except InvalidInput as error:
                found += error.diagnostics
                continue
            value = Value(parameter, tree, value.document, value.path, value.used)
        values[name] = value
    return values, found


def _word_of(parameter: Parameter) -> str:
    return "a duration such as 30s" if parameter.type == "duration" else _word(parameter.type)


def _used(where: Where, used: Where | None) -> Where:
    return where if used is None else replace(where, used=used)
