"""A scenario that is one of a library, with what that says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of, value_words
from scenario_runner.language.document import Document, Node
from scenario_runner.language.step_lists import ReferenceProblem, StepLists
from scenario_runner.language.templates import has_template
from scenario_runner.language.uses import Expanded, Origin

if TYPE_CHECKING:
    from scenario_runner.origins import Path


def with_base(document: Document, lists: StepLists) -> Document:
    """A scenario that is one of a library, with what that says; as it is where that cannot be told."""
    if not isinstance(document.data, dict) or "scenario" not in document.data:
        return document
    return document if lists.begin(document) else based(document, lists)[0]


def based(
    document: Document, lists: StepLists, trail: tuple[str, ...] = ()
) -> tuple[Document, list[Diagnostic]]:
    """A scenario that is one of a library, with what that says, and what is wrong with it; its own keys win.

    trail: the references that led here.
    """
    own = document.data
    reference = own.get("scenario") if isinstance(own, dict) else None
    if reference is None:
        given = document.where(("with",), key=True)
        if isinstance(own, dict) and "with" in own:
            hint = "with gives values to the variables of a scenario that 'scenario' names"
            return document, [Diagnostic("FAB118", given, "'with' stands without 'scenario'", hint)]
        return document, []
    if not isinstance(reference, str):
        return document, []
    where = document.where(("scenario",))
    if reference in trail:
        chain = " → ".join([*trail[trail.index(reference) :], reference])
        message = f"this scenario is based on itself: {chain}"
        return document, [Diagnostic("FAB605", where, message, "take one of these out")]
    try:
        there = lists.scenario_document(reference, document.file)
    except ReferenceProblem as problem:
        told = Diagnostic(problem.code, where, problem.message, problem.hint)
        return document, [*problem.more, told]
    except InvalidInput as error:
        return document, [
            replace(one, where=replace(one.where, used=where)) for one in error.diagnostics
        ]
    whole, wrong = based(there, lists, (*trail, reference))
    if wrong:
        return document, [replace(one, where=replace(one.where, used=where)) for one in wrong]
    base = whole.data
    data = {**base, **{key: value for key, value in own.items() if key not in ("scenario", "with")}}
    origins: dict[Path, Origin] = {
        (key,): Origin(whole, (key,), where) for key in base if key not in own
    }
    declared = base.get("vars") if isinstance(base.get("vars"), dict) else {}
    given = own.get("with")
    found: list[Diagnostic] = []
    for name, value in (given if isinstance(given, dict) else {}).items():
        place = ("with", name)
        if name not in declared:
            hint = f"it has: {some_of(declared, 20)}" if declared else "it has no vars"
            message = f"'{reference}' has no variable {quoted(name)}{did_you_mean(name, declared)}"
            found.append(Diagnostic("FAB607", document.where(place, key=True), message, hint))
            continue
        if unfit := misfit(name, declared[name], value):
            found.append(Diagnostic("FAB608", document.where(place), *unfit))
        origins["vars", name] = Origin(document, place, None, is_value=True)
    if isinstance(given, dict) and "vars" not in own:
        data["vars"] = {**declared, **given}
    home = whole.based_on if isinstance(whole, Expanded) and whole.based_on else there
    root = Node(document.root.start, document.root.end, data)
    made = Expanded(
        document.file, document.text, root,
        original=document, origins=origins, uses={}, based_on=home,
    )  # fmt: skip
    return made, found


def misfit(name: str, before: Any, value: Any) -> tuple[str, str] | None:
    """Why a variable cannot have a value, with a hint, by the one it is declared with; None where it can."""
    if _is_alike(before, value):
        return None
    message = f"'{name}' must be {_kind(before)}, not {value_words(value)}"
    return message, f"it is {value_words(before)} there"


def _is_alike(before: Any, value: Any) -> bool:
    """Whether a value can stand for another as far as its type goes; text and templates may become anything."""
    if before is None or has_template([before, value]):
        return True
    if isinstance(before, str):
        return not isinstance(value, dict | list)
    if isinstance(before, bool) or isinstance(value, bool):
        return isinstance(before, bool) and isinstance(value, bool)
    if isinstance(before, int):
        return isinstance(value, int)
    return (
        isinstance(value, int | float) if isinstance(before, float) else type(before) is type(value)
    )


def _kind(value: Any) -> str:
    kinds = {
        str: "text",
        bool: "true or false",
        int: "a whole number",
        list: "a list",
        dict: "a mapping",
    }
    return kinds.get(type(value), "a number")
