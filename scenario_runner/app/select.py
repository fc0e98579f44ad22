"""Which of the scenarios run: tag expressions, ``--from``, and the guard before production."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from scenario_runner.errors import NothingSelected, UsageError
from scenario_runner.language.scenario import Scenario
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.templates import is_template
from scenario_runner.planning.sources import given_to, source_named
from scenario_runner.plugins import Plugins

_TOKEN = re.compile(r"\s*(?:(?P<mark>[()])|(?P<word>[^\s()]+))")


def matches(expression: str, tags: Iterable[str], said: str = "--tag") -> bool:
    """Whether tags satisfy ``smoke and not (slow or wip)``, as pytest reads ``-m``.

    said: where the expression stands. Raises UsageError for one that is none.
    """
    return _Parser(expression, frozenset(tags), said).parse()


class _Parser:
    """Recursive descent over: or ▸ and ▸ not ▸ name or parentheses."""

    def __init__(self, expression: str, tags: frozenset[str], said: str) -> None:
        self._expression = f"{said} '{expression}'"
        self._tags = tags
        self._tokens = [m["mark"] or m["word"] for m in _TOKEN.finditer(expression)]
        self._position = 0

    def parse(self) -> bool:
        value = self._either(0)
        if self._position < len(self._tokens):
            raise self._wrong(f"'{self._tokens[self._position]}' is not expected here")
        return value

    def _either(self, depth: int) -> bool:
        value = self._both(depth)
        while self._take("or"):
            value = self._both(depth) or value
        return value

    def _both(self, depth: int) -> bool:
        value = self._one(depth)
        while self._take("and"):
            value = self._one(depth) and value
        return value

    def _one(self, depth: int) -> bool:
        if depth > 50:
            raise self._wrong("too deeply nested")
        if self._take("not"):
            return not self._one(depth + 1)
        if self._take("("):
            value = self._either(depth + 1)
            if not self._take(")"):
                raise self._wrong("a ')' is missing")
            return value
        if self._position == len(self._tokens) or self._tokens[self._position] in (
            "and",
            "or",
            ")",
        ):
            raise self._wrong("a tag is missing")
        self._position += 1
        return self._tokens[self._position - 1] in self._tags

    def _take(self, token: str) -> bool:
        if self._position < len(self._tokens) and self._tokens[self._position] == token:
            self._position += 1
            return True
        return False

    def _wrong(self, why: str) -> UsageError:
        return UsageError(f"{self._expression}: {why}", hint="write tags with and, or, not, ( )")


def select(
    scenarios: Sequence[Scenario], tag: str | None, from_step: str | None
) -> tuple[Scenario, ...]:
    """The scenarios that a run takes. Raises NothingSelected, UsageError."""
    chosen = tuple(
        scenario for scenario in scenarios if tag is None or matches(tag, scenario.header.tags)
    )
    if not chosen:
        known = sorted({one for scenario in scenarios for one in scenario.header.tags})
        raise NothingSelected(
            f"no scenario has tags that fit --tag '{tag}'",
            hint=f"tags there are: {', '.join(known) or 'none'}",
        )
    if from_step is not None:
        ids = [entry.id for scenario in chosen for entry in scenario.steps]
        if from_step not in ids:
            near = get_close_matches(from_step, ids, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"steps: {', '.join(ids)}"
            raise UsageError(f"--from: no step has the id '{from_step}'", hint=hint)
        chosen = tuple(s for s in chosen if any(entry.id == from_step for entry in s.steps))
    return chosen


def targets_used(scenarios: Sequence[Scenario], plugins: Plugins, site: Site) -> set[str]:
    """The targets that the steps and checks name, also by AE title; all when a template decides."""
    schema = scenario_schema(plugins)
    used: set[str] = set()
    for scenario in scenarios:
        for mark in marks(schema, scenario.document.data):
            if mark.kind == "x-name-of" and mark.what == "target":
                used.add(str(mark.value))
            elif mark.kind == "x-ae-title" and mark.value is not None:
                used.update(_called(str(mark.value), site))
        used.update(_asked(scenario, plugins))
    return set(site.targets) if any(is_template(name) for name in used) else used


def _asked(scenario: Scenario, plugins: Plugins) -> Iterator[str]:
    """The targets that patients come from."""
    sources = plugins.named("fabricate_sources")
    patients = scenario.document.data.get("patients") or ()
    for patient in patients if isinstance(patients, list) else ():
        given = patient.get("from") if isinstance(patient, dict) else None
        if not isinstance(given, dict) or not given:
            continue
        name = source_named(given, sources)
        key = getattr(sources[name], "asks", "") if name in sources else ""
        if key and (target := given_to(sources[name], name, given).get(key)) is not None:
            yield str(target)


def _called(ae_title: str, site: Site) -> set[str]:
    """The targets of an AE title; a template as it is."""
    if is_template(ae_title):
        return {ae_title}
    services = {
        name: [one for one in (target.dicom, target.embedded) if one is not None]
        for name, target in site.targets.items()
    }
    return {
        name
        for name, found in services.items()
        if any(one.ae_title.strip() == ae_title.strip() for one in found)
    }


_HARMLESS = frozenset(
    [
        "test",
        "testing",
        "dev",
        "development",
        "int",
        "integration",
        "qa",
        "acceptance",
        "uat",
        "stage",
        "staging",
        "training",
        "demo",
        "lab",
        "sandbox",
        "local",
        "ci",
    ]
)
"""Environments that need no flag; anything else might be one where patients are treated."""


def may_be_production(target: TargetSpec) -> bool:
    """Whether the site file does not say that a target is harmless."""
    return target.environment.strip().lower() not in _HARMLESS


def guard_production(used: set[str], site: Site, *, allowed: bool) -> tuple[str, ...]:
    """The used targets in the order of the site file.

    Raises UsageError when one is not known to be harmless and that was not allowed explicitly.
    """
    if not allowed:
        for name, spec in site.targets.items():
            if name in used and may_be_production(spec):
                raise UsageError(
                    f"target '{name}' has the environment '{spec.environment.strip()}', which may be production",
                    hint="allow it where synthetic studies may really go there: --allow-production, or its box in the console",
                )
    return tuple(name for name in site.targets if name in used)
