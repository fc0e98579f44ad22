"""What another version of a library changes: in steps as they run and plans as they are made, not in lines."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.app.load import Loaded
from scenario_runner.app.plans import Moment, diagnostics, prepare_all
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.language.document_kinds import scenario_files
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.expansion import expanded_list
from scenario_runner.language.loader import load_document
from scenario_runner.language.scenario import Scenario, check_scenario
from scenario_runner.language.site import LoadedSite, default_site
from scenario_runner.language.step_lists import step_list
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.locking import Locks
from scenario_runner.libraries.places import Places
from scenario_runner.planning.plan_json import write_patients
from scenario_runner.planning.sources import Inputs
from scenario_runner.plugins import Plugins
from scenario_runner.registry.counters import PeekCounters

_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise. old or new is None where it is not there."""

    kind: str
    """``parameter``, ``step``, ``plan``, ``step list`` or ``scenario``."""
    name: str
    """Of the step list or scenario."""
    path: str
    old: Any = None
    new: Any = None
    sign: str = "~"
    """``+`` for what is new, ``-`` for what is gone, ``~`` for another value, ``!`` for an error."""


def diff_libraries(
    old: Path, new: Path, plugins: Plugins, users: Sequence[Path] = ()
) -> tuple[Library, Library, list[Change]]:
    """Two versions of a library, and all that is otherwise in the second.

    users: scenarios, or folders of them, that are looked at as they would be with each. Raises InvalidInput.
    """
    places = Places()
    first, second = places.read(old), places.read(new)
    changes = [*_lists(first, second, plugins), *_scenarios(first, second, plugins)]
    for file in scenario_files(users):
        before = _whole(file, plugins, first)
        after = _whole(file, plugins, second)
        changes += _compared(str(file), before, after)
    return first, second, changes


def _lists(old: Library, new: Library, plugins: Plugins) -> Iterator[Change]:
    yield from _there("step list", old.step_lists, new.step_lists)
    for name in old.step_lists:
        if name in new.step_lists:
            before = _list(old, name, plugins)
            after = _list(new, name, plugins)
            yield from _compared(name, before, after)


def _scenarios(old: Library, new: Library, plugins: Plugins) -> Iterator[Change]:
    yield from _there("scenario", old.scenarios, new.scenarios)
    for name, file in old.scenarios.items():
        if name in new.scenarios:
            before = _whole(file, plugins, None)
            after = _whole(new.scenarios[name], plugins, None)
            yield from _compared(name, before, after)


def _there(kind: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    before, after = set(old), set(new)
    yield from (Change(kind, name, "", sign="-") for name in sorted(before - after))
    yield from (Change(kind, name, "", sign="+") for name in sorted(after - before))


Facts = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By kind of fact, by the step, parameter or case it is of, by path below that."""


def _list(library: Library, name: str, plugins: Plugins) -> Facts:
    listed = step_list(load_document(library.step_lists[name]), plugins)
    if listed.found:
        raise InvalidInput(listed.found)
    whole, found = expanded_list(listed, plugins, Libraries(Places([library.root])))
    if found:
        raise InvalidInput(found)
    parameters = {
        key: one.model_dump(exclude_defaults=True, exclude={"description"})
        for key, one in listed.header.parameters.items()
    }
    numbered: dict[str, int] = {}
    steps: dict[str, Any] = {}
    for entry in whole.data["steps"]:
        step = next((key for key in entry if key in plugins.steps()), "step")
        numbered[step] = numbered.get(step, 0) + 1
        number = "" if numbered[step] == 1 else f"-{numbered[step]}"
        steps[str(entry.get("id", f"{step}{number}"))] = entry
    return {"parameter": _flattened(parameters), "step": _flattened(steps)}


def _whole(file: Path, plugins: Plugins, instead: Library | None) -> Facts:
    """Steps and plan of a scenario; what is wrong with it where it is not sound."""
    try:
        libraries = Libraries(locks=Locks(heeded=instead is None), instead=instead)
        site = default_site(Path())
        scenario = check_scenario(load_document(file), plugins, lists=libraries)
        return {"step": _flattened(_steps(scenario)), "plan": _plan(scenario, plugins, site)}
    except InvalidInput as error:
        first = error.diagnostics[0]
        said = f"{first.code} {first.where.file}:{first.where.line}: {first.message}"
        return {"error": {said: {}}}
    except FabricatorError as error:
        return {"error": {str(error): {}}}


def _steps(scenario: Scenario) -> dict[str, Any]:
    return {one.id: _entry(one) for one in (*scenario.setup, *scenario.steps, *scenario.final)}


def _entry(entry: StepEntry) -> dict[str, Any]:
    beside = {
        "when": entry.when, "for_each": entry.for_each, "repeat": entry.repeat, "timeout": entry.timeout,
        "retry": entry.retry and {"attempts": entry.retry.attempts, "delay": entry.retry.delay, "on": sorted(entry.retry.on)},
        "save_as": entry.save_as, "fails": entry.fails, "requirements": list(entry.requirements), **entry.late,
    }  # fmt: skip
    return {entry.step: entry.parameters, **{key: one for key, one in beside.items() if one}}


def _plan(scenario: Scenario, plugins: Plugins, site: LoadedSite) -> dict[str, Mapping[str, Any]]:
    inputs = Inputs(asks=False)
    moment = Moment(run_id="diff", seed=1, forced=True, now=_NOW, inputs=inputs)
    (made,) = prepare_all(Loaded(plugins, site, (scenario,)), (scenario,), moment)
    if wrong := diagnostics([made]):
        raise InvalidInput(wrong)
    facts: dict[str, Mapping[str, Any]] = {}
    for case in made.prepared.plan(PeekCounters(":memory:")):
        out = io.StringIO()
        write_patients(case, out, indent=2)
        patients = json.loads(out.getvalue())
        facts[case.id] = dict(_flat(patients))
    return facts


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar by its path; an empty list or mapping stands for itself."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    else:
        yield path, value


def _flattened(trees: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {head: dict(_flat(tree)) for head, tree in trees.items()}


def _compared(name: str, old: Facts, new: Facts) -> Iterator[Change]:
    if "error" in old or "error" in new:
        before, after = (
            next(iter(old.get("error", {})), None),
            next(iter(new.get("error", {})), None),
        )
        if before != after:
            yield Change("error", name, "", before, after, "!")
        return
    for what in ("parameter", "step", "plan"):
        yield from _otherwise(what, name, old.get(what, {}), new.get(what, {}))


def _otherwise(
    what: str,
    name: str,
    old: Mapping[str, Mapping[str, Any]],
    new: Mapping[str, Mapping[str, Any]],
) -> Iterator[Change]:
    for head in dict.fromkeys([*old, *new]):
        if head not in new or head not in old:
            yield Change(what, name, head, sign="-" if head in old else "+")
            continue
        before, after = old[head], new[head]
        for path in dict.fromkeys([*before, *after]):
            place = f"{head}: {path}" if path else head
            if path not in after:
                yield Change(what, name, place, before[path], sign="-")
            elif path not in before:
                yield Change(what, name, place, new=after[path], sign="+")
            elif before[path] != after[path]:
                yield Change(what, name, place, before[path], after[path])


def short(value: Any) -> str:
    """A value in a line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
