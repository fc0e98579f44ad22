"""Every template of a scenario against the names there will be, in the order the steps run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.language.names import Shape, check_names, patient_names, step_names
from scenario_runner.language.templates import check_cycles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenario_runner.errors import Diagnostic
    from scenario_runner.language.document import Document, Path
    from scenario_runner.language.marks import Mark
    from scenario_runner.plugins import Plugins

_CONTROL = ("timeout", "retry")


def check_all_names(
    document: Document, plugins: Plugins, marks: Iterable[Mark]
) -> list[Diagnostic]:
    """Names that cannot exist, in vars, matrix, patients, steps and checks.

    The structure may be wrong elsewhere; what is not where it should be is passed over.
    """
    checker = _Names(document, plugins, list(marks))
    checker.header()
    checker.steps()
    return checker.found


def _explained(diagnostic: Diagnostic, later: Mapping[str, int]) -> Diagnostic:
    """A name that is saved, but not before the step that uses it: say where."""
    line = later.get(diagnostic.message.split(";")[0])
    if line is None:
        return diagnostic
    return replace(diagnostic, hint=f"the step at line {line} saves it, which does not run before")


class _Names:
    def __init__(self, document: Document, plugins: Plugins, marks: list[Mark]) -> None:
        self.found: list[Diagnostic] = []
        self._document = document
        self._plugins = plugins
        self._data: dict[str, Any] = document.data
        self._expressions = {mark.path for mark in marks if mark.kind == "x-expression"}
        self._entries = [
            mark for mark in marks if mark.kind == "x-entry-of" and isinstance(mark.value, dict)
        ]
        vars_ = self._data.get("vars")
        self._vars: dict[str, Any] = vars_ if isinstance(vars_, dict) else {}
        self._axes = _axes(self._data.get("matrix"))
        self._saved: list[str] = []

    def header(self) -> None:
        """Everything but the steps."""
        early = patient_names(self._vars, self._axes)
        self._check(self._data.get("vars"), ("vars",), early)
        self.found += check_cycles(self._vars, self._document.where, ("vars",))
        self._check(self._data.get("matrix"), ("matrix",), patient_names(self._vars, ()))
        self._check(self._data.get("patients"), ("patients",), early)

    def steps(self) -> None:
        """Both sections in order, so that a saved name is known from the next step on."""
        entries = [mark for mark in self._entries if mark.what == "step"]
        later = {
            f"there is no '{mark.value['save_as']}' here": self._document.where(mark.path).line
            for mark in entries
            if isinstance(mark.value.get("save_as"), str)
        }
        # A file may have `finally` first; it runs last all the same.
        for mark in sorted(entries, key=lambda mark: mark.path[0] == "finally"):
            before = len(self.found)
            self._entry(mark, self._plugins.steps(), repeated="for_each" in mark.value)
            self.found[before:] = [_explained(one, later) for one in self.found[before:]]
            saved = mark.value.get("save_as")
            if isinstance(saved, str):
                self._saved.append(saved)

    def _entry(self, mark: Mark, models: Mapping[str, Any], *, repeated: bool) -> None:
        extra = ("item",) if repeated else ()
        shape = self._names(extra)
        for key, value in mark.value.items():
            path = (*mark.path, key)
            if key in models:
                self._parameters(models[key], value, path, extra, repeated=repeated)
            elif key in _CONTROL:
                self._check(value, path, patient_names(self._vars, ()))
            elif key == "for_each":
                self._check(value, path, self._names(()))
            elif key not in ("id", "save_as"):
                self._check(value, path, shape)

    def _parameters(
        self, model: Any, tree: Any, path: Path, extra: tuple[str, ...], *, repeated: bool
    ) -> None:
        deferred: frozenset[Path] = model.deferred
        shape = self._names(extra)
        self.found += check_names(tree, path, self._document.where, shape, deferred)
        further = self._names((*extra, *model.names_in_deferred))
        for below in deferred:
            place = (*path, *below)
            checks = [
                mark
                for mark in self._entries
                if mark.what == "check" and mark.path[: len(place)] == place
            ]
            for mark in checks:
                self._entry(mark, self._plugins.checks(), repeated=repeated)
            if not checks:
                self._check(_at(tree, below), place, further)

    def _names(self, extra: Iterable[str]) -> Shape:
        return step_names(self._vars, self._axes, self._saved, extra)

    def _check(self, tree: Any, path: Path, shape: Shape) -> None:
        self.found += check_names(
            tree, path, self._document.where, shape, is_expression=path in self._expressions
        )


def _axes(matrix: Any) -> list[str]:
    """The names that ``matrix.NAME`` can have: the axes, and what ``include`` adds."""
    if not isinstance(matrix, dict):
        return []
    axes = [name for name in matrix if name not in ("include", "exclude")]
    include = matrix.get("include")
    for combination in include if isinstance(include, list) else ():
        if isinstance(combination, dict):
            axes += combination
    return list(dict.fromkeys(axes))


def _at(tree: Any, below: Path) -> Any:
    for part in below:
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    return tree
