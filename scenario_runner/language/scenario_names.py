"""Every template of a scenario against the names there will be, in the order the steps run."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic
from scenario_runner.language.axes import axes_of
from scenario_runner.language.branches import Sight, branch_of
from scenario_runner.language.entries import SECTIONS
from scenario_runner.language.late import LATE
from scenario_runner.language.names import check_names
from scenario_runner.language.sandbox import MAX_IN_FILE
from scenario_runner.language.shapes import ANY, Shape, mapping, patient_names, step_names
from scenario_runner.language.templates import is_template, texts, values
from scenario_runner.language.uses import use_of
from scenario_runner.language.variables import check_cycles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.language.rows import Rows
    from scenario_runner.language.schema_marks import Mark
    from scenario_runner.language.uses import Use
    from scenario_runner.origins import Path

_TURNS = {"for_each": "item", "repeat": "turn"}
"""Keys that run a step more than once, with the name that templates have for what is different each time."""
_DEPTH = 2
"""How many parts the path of a step has: ``("steps", 3)``."""


def check_all_names(
    document: Document, plugins: Offered, marks: Iterable[Mark], rows: Rows | None = None
) -> list[Diagnostic]:
    """Names that cannot exist, in vars, matrix, patients, steps and checks.

    The structure may be wrong elsewhere; what is not where it should be is passed over.
    """
    if too_much := _too_much(document):
        return [too_much]
    row = None
    if document.data.get("rows") is not None:
        row = ANY if rows is None else mapping(rows.columns)
    checker = _Names(document, plugins, list(marks), row=row)
    checker.header()
    checker.steps()
    return checker.found


def check_list_names(
    document: Document, plugins: Offered, marks: Iterable[Mark], parameters: Iterable[str]
) -> list[Diagnostic]:
    """Names that cannot exist in a step list, whatever the scenario is that uses it."""
    if too_much := _too_much(document):
        return [too_much]
    checker = _Names(document, plugins, list(marks), given=parameters)
    checker.steps()
    return checker.found


def _too_much(document: Document) -> Diagnostic | None:
    """What is wrong when all templates together are longer than a file may have."""
    every = (one for one in values(document.data) if isinstance(one, str))
    if sum(len(one) for one in every if is_template(one)) <= MAX_IN_FILE:
        return None
    length = 0
    for path, text in texts(document.data):
        length += len(text)
        if length > MAX_IN_FILE:
            message = f"the templates up to here have more than {MAX_IN_FILE:,} characters together"
            return Diagnostic("FAB208", document.where(path), message)
    return None


class _Names:
    def __init__(
        self,
        document: Document,
        plugins: Offered,
        marks: list[Mark],
        given: Iterable[str] | None = None,
        row: Shape | None = None,
    ) -> None:
        self.found: list[Diagnostic] = []
        self._document = document
        self._plugins = plugins
        self._data: dict[str, Any] = document.data
        self._expressions = {mark.path for mark in marks if mark.kind == "x-expression"}
        vars_ = self._data.get("vars")
        self._vars: dict[str, Any] = vars_ if isinstance(vars_, dict) else {}
        self._axes = axes_of(self._data.get("matrix"))
        self._names: dict[str, Shape] = dict(step_names(self._vars, self._axes).attributes or {})
        """What steps can use, which grows as they save something."""
        self._row = {} if row is None else {"row": row}
        self._names |= self._row
        if given is not None:
            # Of the scenario around it nothing is known.
            around = {"vars": ANY, "matrix": ANY, "item": ANY, "row": ANY}
            self._names |= {**around, "params": mapping(dict.fromkeys(given, ANY))}
        self._own: dict[str, Shape] = {}
        """What the step at hand can use beside, being one of a list."""
        self._used: set[int] = set()
        """The uses that were looked at."""
        self._told: Mapping[str, str] | None = None
        """What to say of names that steps know, once one of them is missed."""
        self._steps: list[Mark] = []
        self._checks: dict[Path, list[Mark]] = {}
        """By the path of their step."""
        for mark in marks:
            if mark.kind != "x-entry-of" or not isinstance(mark.value, dict):
                continue
            if mark.what == "step":
                self._steps.append(mark)
            elif mark.what == "check":
                self._checks.setdefault(mark.path[:_DEPTH], []).append(mark)

    def _advice(self, name: str) -> str | None:
        """What to say of a name that is not there, and that the steps know."""
        if self._told is None:
            self._told = _about_steps(self._document, self._steps)
        return self._told.get(name)

    def header(self) -> None:
        """Everything but the steps."""
        names = patient_names(self._vars, self._axes).attributes or {}
        early = mapping({**names, **self._row})
        told = mapping(
            {**{one: names[one] for one in ("vars", "matrix") if one in names}, **self._row}
        )
        for key in ("title", "description"):
            self._check(self._data.get(key), (key,), told)
        self._check(self._data.get("vars"), ("vars",), early)
        self.found += check_cycles(self._vars, self._document.where, ("vars",))
        self._check(self._data.get("matrix"), ("matrix",), patient_names(self._vars, ()))
        self._check(self._data.get("load"), ("load",), patient_names(self._vars, ()))
        self._check(self._data.get("patients"), ("patients",), early)
        self._check(_at(self._data, ("skip", "when")), ("skip", "when"), early)
        self._check(_at(self._data, ("skip", "reason")), ("skip", "reason"), early)

    def steps(self) -> None:
        """Both sections in order, so that a saved name is known from the next step on."""
        sight = Sight()
        # A file may have `finally` first; it runs last all the same.
        for mark in sorted(self._steps, key=lambda mark: SECTIONS.index(mark.path[0])):
            if len(self.found) >= MOST_DIAGNOSTICS:
                return
            sight.enter(branch_of(self._document, mark.path))
            use = use_of(self._document, mark.path)
            if use is not None:
                self._of_uses(use)
            self._own = _own_names(use)
            known = [name for key, name in _TURNS.items() if key in mark.value]
            self._entry(mark, self._plugins.steps(), known)
            self._own = {}
            saved = mark.value.get("save_as")
            if isinstance(saved, str):
                # A saved name hides a name of ours where a scenario chose the same one.
                sight.saves(self._names, saved, ANY)

    def _of_uses(self, use: Use) -> None:
        """What stands in the entries of uses, when the first of their steps is met."""
        for each in use.whole:
            if id(each) in self._used:
                continue
            self._used.add(id(each))
            self._own = {**_own_names(each.outer), **dict.fromkeys(each.extra, ANY)}
            path = each.origin.path
            for below, is_expression in ((("use", "with"), False), (("when",), True)):
                self.found += check_names(
                    _at(each.entry, below),
                    (*path, *below),
                    lambda place: each.origin.where(place[len(path) :], key=False),  # noqa: B023 - called at once
                    self._shape(()),
                    is_expression=is_expression,
                    advice=self._advice,
                )

    def _entry(self, mark: Mark, models: Mapping[str, Any], extra: Sequence[str]) -> None:
        """extra: names that its turns have."""
        shape = self._shape(extra)
        for key, value in mark.value.items():
            path = (*mark.path, key)
            if key in models:
                self._parameters(models[key], value, path, extra)
            elif key in LATE:
                until = value.get("until") if key == "repeat" and isinstance(value, dict) else None
                if until is not None:
                    self._check(until, (*path, "until"), self._shape((*extra, "result")))
                    value = {name: one for name, one in value.items() if name != "until"}
                self._check(value, path, self._shape(()))
            elif key == "for_each":
                self._check(value, path, self._shape(()))
            elif key not in ("id", "save_as"):
                self._check(value, path, shape)

    def _parameters(self, model: Any, tree: Any, path: Path, extra: Sequence[str]) -> None:
        deferred: frozenset[Path] = model.deferred
        shape = self._shape(extra)
        self.found += check_names(
            tree, path, self._document.where, shape, deferred, advice=self._advice
        )
        further = self._shape((*extra, *model.names_in_deferred))
        for below in deferred:
            place = (*path, *below)
            checks = [
                mark
                for mark in self._checks.get(path[:_DEPTH], ())
                if mark.path[: len(place)] == place
            ]
            for mark in checks:
                self._entry(mark, self._plugins.checks(), extra)
            if not checks:
                self._check(_at(tree, below), place, further)

    def _shape(self, extra: Iterable[str]) -> Shape:
        """What can be used here: looked up, never copied, for there may be thousands of steps."""
        more = {**self._own, **dict.fromkeys(extra, ANY)}
        return Shape(ChainMap(more, self._names) if more else self._names)

    def _check(self, tree: Any, path: Path, shape: Shape) -> None:
        self.found += check_names(
            tree,
            path,
            self._document.where,
            shape,
            is_expression=path in self._expressions,
            advice=self._advice,
        )


def _own_names(use: Use | None) -> dict[str, Shape]:
    """What the steps of a list can name beside what the scenario can."""
    if use is None:
        return {}
    return {
        **_own_names(use.outer),
        **dict.fromkeys(use.extra, ANY),
        "params": mapping(dict.fromkeys(use.values, ANY)),
    }


def _at(tree: Any, below: Path) -> Any:
    for part in below:
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    return tree


def _about_steps(document: Document, steps: Iterable[Mark]) -> dict[str, str]:
    """What to say of a name that templates do not have, and a step has: as what it saves later, or as its id."""
    ids: dict[str, str] = {}
    saved: dict[str, str] = {}
    for mark in steps:
        line = document.where(mark.path).line
        name, id_ = mark.value.get("save_as"), mark.value.get("id")
        if isinstance(name, str):
            saved[name] = f"the step at line {line} saves it, which does not run before"
        if isinstance(id_, str):
            seen = (
                f"{{{{ {name} }}}} is what it gave" if name else f"write save_as: {id_} beside it"
            )
            ids[id_] = f"it is the id of the step at line {line}; {seen}"
    return {**ids, **saved}
