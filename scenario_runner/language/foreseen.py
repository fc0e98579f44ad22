"""What steps are given where variables, axes, rows and written items alone decide it: judged before anything runs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, InvalidInput
from scenario_runner.language.binding import complaints
from scenario_runner.language.entries import CheckSiblings, StepSiblings
from scenario_runner.language.item_counts import PLANNED, beyond, told_apart
from scenario_runner.language.known_templates import (
    is_known,
    is_known_part,
    member_of,
    members_of,
    rendered,
)
from scenario_runner.language.late import AT_EACH_TURN
from scenario_runner.language.parameters import Scope, Value, fitting
from scenario_runner.language.references import check_references
from scenario_runner.language.saved_names import check_saved
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import Mark, marks
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import (
    diagnostic,
    expression_in,
    has_template,
    holds,
    is_template,
    scalars,
    split,
    texts,
    values,
)
from scenario_runner.language.value_diagnostics import no_list
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from scenario_runner.errors import Where
    from scenario_runner.hooks import Offered
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.item_counts import Held
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.language.uses import Use
    from scenario_runner.origins import Path

    _Place = Callable[[], Where]
    """Works out where something stands, which only what is wrong needs."""

_CASE = ("vars", "matrix", "row")
"""What differs between cases and is known before them; ``site`` is known, too, where there is one."""
_MOST = 1_000
"""Ways in which the cases give a step its parameters, of which more are judged when they run."""
_MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class _Given:
    """A step as one case, or one item of it, gives it its parameters; what is not known yet is as written."""

    entry: StepEntry
    tree: Any
    beside: Any
    """What stands beside it, of all that has templates."""
    case: str


class Foreseen:
    """Judges the steps of a scenario case by case, and each way to give a step its parameters once."""

    def __init__(self, scenario: Scenario, plugins: Offered) -> None:
        self._scenario = scenario
        self._plugins = plugins
        self._known = frozenset((*_CASE, *(() if scenario.targets is None else ("site",))))
        every = (*scenario.setup, *scenario.steps, *scenario.final)
        texts_of = {entry.path: _texts(entry) for entry in every}
        self._counting = {path for path, found in texts_of.items() if _asks_for_members(found)}
        """Steps that ask for elements of what is planned by their numbers."""
        self._conditions = {entry.path: _conditions(entry, plugins) for entry in every}
        self._entries = [
            entry
            for entry in every
            if entry.path in self._counting
            or _has_condition(entry)
            or self._conditions[entry.path]
            or any(map(is_template, texts_of[entry.path]))
        ]
        self._read = {
            entry.path: _members(entry, self._conditions[entry.path]) for entry in self._entries
        }
        self._seen: dict[Path, set[tuple[str, Hashable]]] = {
            entry.path: set() for entry in self._entries
        }
        self._given: list[_Given] = []
        self._found: list[tuple[_Given, Diagnostic]] = []
        self._unskipped: list[Diagnostic] = []
        """Why nobody knows whether a case is skipped."""

    def look_at(
        self, case: str, names: Mapping[str, Any], planned: Mapping[str, Held] | None = None
    ) -> None:
        """Take in what a case gives to its steps. names: ``vars matrix row site`` as its templates see them.

        planned: its lists of patients, studies, series and images; None where nobody knows yet how many there will be.
        """
        names = {name: value for name, value in names.items() if name in self._known}
        skip = self._scenario.header.skip
        if skip is not None:
            try:
                where = self._scenario.origins.where(("skip", "when"))
                if self._holds(skip.when, names, where) is not False:
                    return
            except InvalidInput as error:
                self._unskipped += (_in_case(case, one) for one in error.diagnostics)
                return
        told = told_apart(planned) if planned and self._counting else None
        for entry in self._entries:
            seen = self._seen[entry.path]
            is_counting = entry.path in self._counting
            lists = (planned or {}) if is_counting else {}
            read = repr([member_of(names, *one) for one in self._read[entry.path]])
            key = (read, told if is_counting else None)
            if key in seen or len(seen) >= _MOST or len(self._found) >= MOST_DIAGNOSTICS:
                continue
            seen.add(key)
            try:
                self._given += (
                    _Given(entry, *way, case) for way in self._ways(entry, names, lists)
                )
            except InvalidInput as error:
                given = _Given(entry, entry.parameters, {}, case)
                self._found += ((given, one) for one in error.diagnostics)

    def findings(self) -> Iterator[Diagnostic]:
        """What is wrong; with the first case in which it is, where there are several."""
        found, marked = list(self._found), list[Mark]()
        document, targets = self._scenario.document, self._scenario.targets
        for given in self._given:
            here = list(_marks(given, self._plugins))
            marked += here
            found += ((given, one) for one in self._complaints(given))
            references = check_references(document, here, targets, self._plugins)
            found += ((given, one) for one in references)
        told: set[tuple[str, Where, str]] = set()
        in_cases = ((one, self._of_case(given, one)) for given, one in found)
        for one, worded in (*((one, one) for one in self._unskipped), *in_cases):
            if (key := (one.code, one.where, one.message)) not in told:
                told.add(key)
                yield worded
        entries = [*self._scenario.setup, *self._scenario.steps, *self._scenario.final]
        yield from check_saved(document, marked, entries, self._plugins.steps())

    def _of_case(self, given: _Given, one: Diagnostic) -> Diagnostic:
        """With the case in which it is, where others give the step something else."""
        if len(self._seen[given.entry.path]) < 2:
            return one
        return _in_case(given.case, one)

    def _ways(
        self, entry: StepEntry, names: Mapping[str, Any], planned: Mapping[str, Held]
    ) -> Iterator[tuple[Any, Any]]:
        """The parameters that the step will have, and what will stand beside them, for each item; none where it will not run, or nobody knows yet."""
        for use in () if entry.use is None else entry.use.whole:
            outer = {**self._within(_scope(use.outer), names), **use.extra}
            where = partial(use.origin.where, ("when",), key=False)
            _require_members([(where, use.entry.get("when"))], outer, planned)
            if not self._runs(use.entry.get("when"), outer, where):
                return
        known = self._within(_scope(entry.use), names)
        place = partial(entry.origins.where, (*entry.path, "when"))
        items = ((*entry.path, "for_each"), entry.for_each)
        _require_members(_expressions(entry, *items), known, planned)
        for more in self._items(entry, known):
            _require_members([(place, entry.when)], {**known, **more}, planned)
            if self._runs(entry.when, {**known, **more}, place):
                path = entry.parameters_path
                late = _evaluated_later(entry, self._plugins)
                asked = chain(
                    _expressions(entry, path, entry.parameters, late),
                    _expressions(entry, entry.path, _beside(entry), AT_EACH_TURN),
                )
                _require_members(asked, {**known, **more}, planned)
                for below, condition in self._conditions[entry.path]:
                    at = entry.origins.where((*entry.path, *below))
                    self._holds(condition, {**known, **more}, at)
                tree = _partly(entry.parameters, {**known, **more}, entry, path, late)
                beside = _partly(_beside(entry), known, entry, entry.path, AT_EACH_TURN)
                if tree != entry.parameters or beside != _beside(entry):
                    yield tree, beside

    def _items(self, entry: StepEntry, known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if entry.for_each is None:
            yield {}
            return
        path = (*entry.path, "for_each")
        items = _partly(entry.for_each, known, entry, path)
        if isinstance(items, str) and items == entry.for_each:
            yield {}  # it is not known yet
            return
        if problem := no_list(entry.origins, path, items):
            raise InvalidInput([problem])
        for item in items[:_MOST_ITEMS]:
            yield {} if has_template(item) else {"item": item}

    def _within(self, scope: Scope | None, names: Mapping[str, Any]) -> Mapping[str, Any]:
        """The names that steps of a list know already. Raises InvalidInput for a value that does not fit."""
        if scope is None:
            return names
        before = {**self._within(scope.outer, names), **scope.extra}
        params: dict[str, Any] = {}
        for name, value in scope.values.items():
            if value.is_known:
                params[name] = value.tree
                continue
            if all(is_known(text, before) for _, text in texts(value.tree)):
                params[name] = _value(name, value, before)
        return {**before, "params": params}

    def _runs(self, when: Any, names: Mapping[str, Any], where: _Place) -> bool:
        """Whether it is certain that ``when`` holds; where it is not, the step is judged when it runs. Raises InvalidInput."""
        return when is None or self._holds(when, names, where()) is True

    def _holds(self, expression: Any, names: Mapping[str, Any], where: Where) -> bool | None:
        """Whether an expression holds; None for what is not known. Raises InvalidInput for one that has no value."""
        try:
            if isinstance(expression, str) and not is_known_part(expression_in(expression), names):
                return None
        except TemplateProblem:
            return None  # what is no expression is told of by whoever looks at all of them
        return holds(expression, names, where)

    def _complaints(self, given: _Given) -> Iterator[Diagnostic]:
        entry, path = given.entry, given.entry.parameters_path
        model = self._plugins.steps()[entry.step]
        yield from complaints(
            model, given.tree, entry.origins, path, has_template, entry.parameters
        )
        yield from complaints(
            StepSiblings, given.beside, entry.origins, entry.path, has_template, _beside(entry)
        )
        checks = self._plugins.checks()
        for number, check in enumerate(given.tree if isinstance(given.tree, list) else ()):
            fails = check.get("fails") if isinstance(check, dict) else None
            if fails is not None:
                of, at = {"fails": fails}, (*path, number)
                yield from complaints(CheckSiblings, of, entry.origins, at, has_template)
            for name in filter(checks.__contains__, check if isinstance(check, dict) else ()):
                place = (*path, number, name)
                yield from complaints(
                    checks[name],
                    check[name] or {},
                    entry.origins,
                    place,
                    has_template,
                    entry.parameters[number][name],
                )


def _beside(entry: StepEntry) -> dict[str, Any]:
    """What stands beside a step and is judged by what a template makes of it."""
    fails = {} if entry.fails is None or not is_template(entry.fails) else {"fails": entry.fails}
    return {**entry.late, **fails}


def _texts(entry: StepEntry) -> list[str]:
    """All text of a step, of what stands beside it, and the conditions of the uses that it comes from."""
    trees = [entry.parameters, entry.for_each, entry.when, _beside(entry)]
    trees += [use.entry.get("when") for use in (() if entry.use is None else entry.use.whole)]
    return [one for one in values(trees) if isinstance(one, str)]


def _asks_for_members(found: Iterable[str]) -> bool:
    return any("[" in one and any(name in one for name in PLANNED) for one in found)


def _expressions(
    entry: StepEntry, path: Path, tree: Any, late: frozenset[Path] = frozenset()
) -> Iterator[tuple[_Place, str]]:
    """Every scalar of a tree that has an expression; late: paths below it of those without braces."""
    for below, text in scalars(tree):
        if isinstance(text, str) and (is_template(text) or below in late):
            yield partial(entry.origins.where, (*path, *below)), text


def _require_members(
    asked: Iterable[tuple[_Place, Any]], names: Mapping[str, Any], planned: Mapping[str, Held]
) -> None:
    """Raises InvalidInput for expressions that are sure to ask for a member that no planned list has."""
    if not planned:
        return
    found: list[Diagnostic] = []
    for where, text in asked:
        if not isinstance(text, str):
            continue
        try:
            parts = split(text) if is_template(text) else (expression_in(text),)
        except TemplateProblem:
            continue
        found += (
            diagnostic(problem, where(), text, part)
            for part in parts
            if part.is_expression and (problem := beyond(part.text, names, planned))
        )
    if found:
        raise InvalidInput(found)


def _has_condition(entry: StepEntry) -> bool:
    uses = () if entry.use is None else entry.use.whole
    return any(
        isinstance(one, str) for one in (entry.when, *(use.entry.get("when") for use in uses))
    )


def _in_case(case: str, one: Diagnostic) -> Diagnostic:
    return replace(one, hint="\n".join(filter(None, (one.hint, f"in the case {case}"))))


def _scope(use: Use | None) -> Scope | None:
    return None if use is None else use.scope


def _value(name: str, value: Value, names: Mapping[str, Any]) -> Any:
    """What a parameter has. Raises InvalidInput."""
    tree = rendered(value.tree, names, lambda below: value.where((*value.path, *below)))
    return fitting(name, value.parameter, tree, lambda: value.where(value.path), value.tree)


def _marks(given: _Given, plugins: Offered) -> Iterator[Mark]:
    """What the schema says of the values, at their places in the scenario."""
    entry = given.entry
    for mark in marks(scenario_schema(plugins), {entry.section: [{entry.step: given.tree}]}):
        yield replace(mark, path=(*entry.path, *mark.path[2:]))


def _evaluated_later(entry: StepEntry, plugins: Offered) -> frozenset[Path]:
    """Paths below the parameters of a step with expressions that it evaluates itself, or its checks do."""
    if entry.step != "assert" or not isinstance(entry.parameters, list):
        late: frozenset[Path] = plugins.steps()[entry.step].deferred
        return late
    checks = plugins.checks()
    return frozenset(
        (number, name, *below)
        for number, check in enumerate(entry.parameters)
        for name in (check if isinstance(check, dict) else ())
        if name in checks
        for below in checks[name].deferred
    )


def _conditions(entry: StepEntry, plugins: Offered) -> list[tuple[Path, str]]:
    """What has to be true or false while a step runs, by the path below its entry: ``until``, ``fail_when``."""
    late = entry.late.get("repeat")
    until = late.get("until") if isinstance(late, dict) else entry.repeat and entry.repeat.until
    found: list[tuple[Path, Any]] = [(("repeat", "until"), until)]
    if entry.step != "assert" and plugins.steps()[entry.step].deferred:
        given = {entry.section: [{entry.step: entry.parameters}]}
        found += (
            (mark.path[2:], mark.value)
            for mark in marks(scenario_schema(plugins), given)
            if mark.kind == "x-expression"
        )
    return [(path, one) for path, one in found if isinstance(one, str)]


def _partly(
    tree: Any,
    names: Mapping[str, Any],
    entry: StepEntry,
    path: Path,
    late: frozenset[Path] = frozenset(),
) -> Any:
    """What is known of it rendered, the rest as it is. Raises InvalidInput for a template that will have no value.

    late: paths below it to leave as they are.
    """

    def wanted(text: str) -> bool:
        return is_known(text, names)

    return rendered(tree, names, lambda below: entry.origins.where((*path, *below)), wanted, late)


def _members(
    entry: StepEntry, conditions: Iterable[tuple[Path, str]]
) -> list[tuple[str, str | None]]:
    """What the parameters of a step read of what differs between cases."""
    trees = [entry.parameters, entry.for_each, entry.when, _beside(entry)]
    trees += [condition for _, condition in conditions]
    for use in () if entry.use is None else entry.use.whole:
        trees += [use.entry.get("when"), [value.tree for value in use.values.values()]]
    return members_of(trees, _CASE)
