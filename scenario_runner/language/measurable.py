"""What checks ask of what steps measure, held to what those steps can measure at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.loads import CaseLoad, most_offered
from scenario_runner.language.saved_holdings import TURN
from scenario_runner.language.saved_names import CASE
from scenario_runner.language.templates import has_template

if TYPE_CHECKING:
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.origins import Origins, Path


def check_measurable(
    entries: Sequence[StepEntry],
    load: Any,
    origins: Origins,
    steps: Mapping[str, Any],
    checks: Mapping[str, Any],
) -> Iterator[Diagnostic]:
    """Checks of what no step can measure that they may be about; one beside ``fails`` is to fail.

    entries: in the order they run. load: that of whole cases, as the scenario has it. steps, checks: their classes.
    """
    for place, entry in enumerate(entries):
        for at, name, given in _checks(entry.parameters, checks):
            measured = _measured(entries[:place], entry, given.get("of"), steps)
            yield from _beyond(
                checks[name], given, measured, entry.origins, (*entry.parameters_path, at, name)
            )
    if isinstance(load, dict):
        of_cases = {CASE: most_offered(CaseLoad, {"load": load})}
        for at, name, given in _checks(load.get("checks"), checks):
            yield from _beyond(checks[name], given, of_cases, origins, ("load", "checks", at, name))


def _checks(listed: Any, checks: Mapping[str, Any]) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Each check of a list that is not to fail: its place, its name and its parameters."""
    for place, check in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(check, Mapping) and "fails" not in check:
            for name in filter(checks.__contains__, check):
                if isinstance(check[name], Mapping):
                    yield place, name, check[name]


def _measured(
    before: Sequence[StepEntry], entry: StepEntry, of: Any, steps: Mapping[str, Any]
) -> Mapping[str, float] | None:
    """What the steps count that a check may be about: the name it gives, else the last that counted anything.

    None where a step may count what is not known, or none is known. before: the steps that run before that of the check.
    """
    if isinstance(of, str):
        turn = TURN.fullmatch(of)
        names = {*entry.called(turn[1] if turn else of)}
        before = [one for one in before if names & {one.id, one.save_as}]
    elif of is not None:
        return None
    found: dict[str, float] = {}
    for one in reversed(before):
        measures = steps[one.step].measures
        if measures is None:
            return None
        most = steps[one.step].most_per_second(one.parameters)
        for name in measures:
            found[name] = max(found.get(name, 0.0), most)
        certain = one.when is None and one.for_each is None and one.branch is None
        if of is None and measures and certain and one.section == entry.section:
            break
    return found if before else None


def _beyond(
    check: Any,
    given: Mapping[str, Any],
    measured: Mapping[str, float] | None,
    origins: Origins,
    path: Path,
) -> Iterator[Diagnostic]:
    known = {key: value for key, value in given.items() if not has_template(value)}
    found = None if measured is None else check.beyond(known, measured)
    if found is not None:
        yield Diagnostic("FAB118", origins.where(path, key=True), found.words, found.hint)
