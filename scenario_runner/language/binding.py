"""Rendered values to a typed model: pydantic's complaints become diagnostics with positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from scenario_runner.errors import (
    MOST_DIAGNOSTICS,
    Advised,
    Diagnostic,
    InvalidInput,
    in_file_order,
    without_halves,
)
from scenario_runner.fields.scalars import plain_scalar
from scenario_runner.language.declared import described_at, keys_at, options_at
from scenario_runner.language.diagnostic_words import did_you_mean, quoted
from scenario_runner.language.value_diagnostics import (
    bad_form,
    bad_name,
    not_one_of,
    subject,
    takes,
    type_diagnostic,
    wrong_length,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from scenario_runner.origins import Origins, Path

M = TypeVar("M", bound=BaseModel)


def bind(model: type[M], tree: Any, document: Origins, path: Path, written: Any = None) -> M:
    """A model from an already rendered tree.

    path: where in the document the tree stands, for positions. written: the tree before it was rendered.
    Raises InvalidInput.
    """
    try:
        return _validated(model, tree, written)
    except ValidationError as error:
        raise InvalidInput(explain(error, model, tree, document, path)) from None


def complaints(
    model: type[BaseModel],
    tree: Any,
    document: Origins,
    path: Path,
    ignore: Callable[[Any], bool],
    written: Any = None,
) -> list[Diagnostic]:
    """What ``bind`` would say of a tree that still has templates.

    written: as there. ignore: tells whether a value cannot be judged yet; what is said of such a value is left out.
    """
    try:
        _validated(model, tree, written)
    except ValidationError as error:
        return explain(error, model, tree, document, path, ignore)
    return []


_READ = frozenset({"int_type", "float_type", "bool_type", "duration", "rate", "share"})
"""What is said of text where a number, or true or false, could stand; a duration may be a number of seconds."""


def _validated(model: type[M], tree: Any, written: Any) -> M:
    """The model of a tree. Raises ValidationError.

    What a template alone gives is text where it comes from a table or a PACS, which know nothing else; a field for a
    number, or for true and false, takes what is written in it.
    """
    try:
        return _built(model, tree)
    except ValidationError as error:
        if written is None:
            raise
        from scenario_runner.language.templates import (
            is_alone,
        )  # what has no template needs no Jinja

        read = tree
        for details in error.errors(include_url=False, include_context=False):
            if details["type"] in _READ and isinstance(details["input"], str):
                place = _place(details, tree)
                if is_alone(_at(written, place)):
                    read = _replaced(read, place, plain_scalar(details["input"].strip()))
        if read is tree:
            raise
        return _built(model, read)


def _built(model: type[M], tree: Any) -> M:
    try:
        return model.model_validate(tree, by_alias=True, by_name=False)
    except UnicodeEncodeError as error:
        # What a rule of a plugin says is no text that pydantic could repeat; a rule's own errors it has taken.
        said = ValueError(without_halves(str(error.object)))
        raise ValidationError.from_exception_data(
            model.__name__,
            [{"type": "value_error", "loc": (), "input": tree, "ctx": {"error": said}}],
        ) from None


def _replaced(tree: Any, place: Path, value: Any) -> Any:
    """The tree with another value at a place; what is on the way there is copied."""
    if not place:
        return value
    first, *below = place
    copied: Any = dict(tree) if isinstance(tree, Mapping) else list(tree)
    copied[first] = _replaced(copied[first], tuple(below), value)
    return copied


def explain(
    error: ValidationError,
    model: type[BaseModel],
    tree: Any,
    document: Origins,
    path: Path,
    ignore: Callable[[Any], bool] = lambda _: False,
) -> list[Diagnostic]:
    """The diagnostics of a ValidationError, in file order; of a union, the branch that was meant."""
    placed = [
        (_place(details, tree), details)
        for details in error.errors(include_url=False, include_context=True)
    ]
    placed = [
        (place, details)
        for place, details in placed
        if not any(map(ignore, _judged(details, tree, place)))
    ]
    deepest = _relevant(placed[: 2 * MOST_DIAGNOSTICS])
    return in_file_order(
        _diagnostic(details, alternatives, model, document, path, place)
        for place, details, alternatives in deepest
    )


def _judged(details: ErrorDetails, tree: Any, place: Path) -> list[Any]:
    """The values that an error is about: of keys that are judged one by one, that one, whatever stands beside it."""
    inside: Path | None = details.get("ctx", {}).get("place")
    if inside is not None:
        return [_at(tree, (*place, *inside))]
    return [_at(tree, place), details["input"]]


_OF_A_KEY = frozenset({"missing", "extra_forbidden"})


def _place(details: ErrorDetails, tree: Any) -> Path:
    """A pydantic location without what is nowhere in the tree: names of union branches and validators.

    Only a key that is missing, or may not be there, is told of without being in the tree itself.
    """
    place: list[str | int] = []
    value = tree
    parts = list(details["loc"])
    for index, part in enumerate(parts):
        if part == "[key]":
            continue
        last = index == len(parts) - 1
        inside = (isinstance(value, Mapping) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)
        )
        if inside:
            value = value[part]
            place.append(part)
        elif last and details["type"] in _OF_A_KEY and isinstance(value, Mapping):
            place.append(part)
    return tuple(place)


def _at(tree: Any, place: Path) -> Any:
    for part in place:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


_WRONG_TYPE = {
    "string_type": "string", "int_type": "integer", "float_type": "number",
    "int_from_float": "integer", "bool_type": "boolean", "list_type": "array",
    "dict_type": "object", "model_type": "object", "model_attributes_type": "object",
    "mapping_type": "object", "tuple_type": "array", "set_type": "array",
    "frozen_set_type": "array", "none_required": "null", "is_instance_of": "something else",
    "int_parsing": "integer", "float_parsing": "number", "bool_parsing": "boolean",
}  # fmt: skip


_FORMS = frozenset({"duration", "date", "time", "age", "rate", "share", "blank", "host"})
"""Error types of the field types in ``fields``, ``model`` and ``site_services``."""


def _relevant(
    placed: list[tuple[Path, ErrorDetails]],
) -> list[tuple[Path, ErrorDetails, list[str]]]:
    """Without the noise of unions: deeper findings win, and what is no matter of type wins.

    The third part lists what the other branches would have taken instead.
    """
    kept: list[tuple[Path, ErrorDetails, list[str]]] = []
    for place, details in placed:
        wrong_type = _is_wrong_type(details)
        if wrong_type and any(
            len(other) > len(place) and other[: len(place)] == place for other, _ in placed
        ):
            continue
        same = [d for p, d in placed if p == place]
        if wrong_type and any(not _is_wrong_type(d) for d in same):
            continue
        if wrong_type and same[0] is not details:
            continue
        alternatives = [_WRONG_TYPE.get(d["type"], "string") for d in same if _is_wrong_type(d)]
        kept.append((place, details, alternatives))
    return kept


def _is_wrong_type(details: ErrorDetails) -> bool:
    """Whether the value is of another type; a mapping is no badly written date or age either."""
    kind, value = details["type"], details["input"]
    return kind in _WRONG_TYPE or (kind in _FORMS and isinstance(value, Mapping | list))


def _diagnostic(
    details: ErrorDetails,
    alternatives: list[str],
    model: type[BaseModel],
    document: Origins,
    path: Path,
    place: Path,
) -> Diagnostic:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    at = (*path, *place)
    where = document.where(at)
    if kind == "missing":
        owner = at[:-1]
        message = f"'{at[-1]}' is missing" + (f" in {subject(owner)}" if owner else "")
        return Diagnostic("FAB103", document.where(owner, key=True), message)
    if kind == "extra_forbidden":
        names = keys_at(model, place[:-1])
        guess = did_you_mean(str(at[-1]), names)
        hint = takes({"properties": dict.fromkeys(names)}, at[:-1]) if names else None
        message = f"unknown key {quoted(str(at[-1]))}{guess}"
        return Diagnostic("FAB104", document.where(at, key=True), message, hint)
    if details["loc"] and details["loc"][-1] == "[key]":
        return bad_name(document, at)
    if _is_wrong_type(details):
        return type_diagnostic(document, at, value, alternatives)
    if kind in ("literal_error", "enum"):
        return not_one_of(document, at, value, options_at(model, place))
    if kind == "string_pattern_mismatch":
        return bad_form(document, at, value, hint=described_at(model, place))
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        message = f"{subject(at)} must be {words} {context[name]:g}, not {value}"
        return Diagnostic("FAB107", where, message, described_at(model, place) or None)
    if kind in ("too_short", "string_too_short", "too_long", "string_too_long"):
        least = kind.endswith("short")
        return wrong_length(
            document, at, value, least, context["min_length" if least else "max_length"]
        )
    if kind == "no_such_day":
        day = document.where((*at, *context["place"]))
        hint = "days are checked by the calendar; ranges of days are right"
        return Diagnostic("FAB106", day, details["msg"], hint)
    if kind == "no_such_key":
        at_key = document.where((*at, *context["place"]))
        return Diagnostic("FAB106", at_key, details["msg"], context["hint"])
    if kind in _FORMS:
        return Diagnostic("FAB106", where, *_advised(details))
    return _against_a_rule(details, model, document, path, place)


def _against_a_rule(
    details: ErrorDetails, model: type[BaseModel], document: Origins, path: Path, place: Path
) -> Diagnostic:
    """What a validator of the model raised, with what it says to do, else with what may stand there."""
    kind, at = details["type"], (*path, *place)
    words, hint = _advised(details)
    words = words[:1].lower() + words[1:] if words else kind
    # A rule over several keys is about the mapping, whose key says which one.
    is_whole = isinstance(details["input"], Mapping)
    if is_whole:
        hint = hint or takes({"properties": dict.fromkeys(keys_at(model, place))}, at)
    code, where = _CODES.get(kind, "FAB118"), document.where(at, key=is_whole)
    return Diagnostic(code, where, words, hint or described_at(model, place) or None)


def _advised(details: ErrorDetails) -> tuple[str, str | None]:
    """What is wrong, and what to do about it where whoever raised it says that, too."""
    context = details.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, Advised):
        return raised.words, raised.hint
    whole = str(raised) if details["type"] in _RAISED else details["msg"]
    return context.get("words", whole), context.get("hint")


_RAISED = frozenset({"value_error", "assertion_error"})
"""Error types of validators, whose own error is in the context."""
_CODES = {"unknown_uid": "FAB310", "unknown_character_set": "FAB314", "by_name": "FAB102"}
"""Codes of what a validator raised by a type of its own; of all others it is FAB118."""
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"), "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"), "less_than": ("less than", "lt"),
}  # fmt: skip
