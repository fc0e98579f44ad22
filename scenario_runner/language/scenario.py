"""A scenario file to a typed Scenario, with every diagnostic that can be had without running it."""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from scenario_runner.errors import (
    MOST_DIAGNOSTICS,
    Diagnostic,
    InvalidInput,
    Where,
    in_file_order,
)
from scenario_runner.fields.scalars import AXIS_OF, as_written
from scenario_runner.language.binding import bind, complaints
from scenario_runner.language.branches import check_branches
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.document_kinds import SCENARIO, require_kind, scenario_files
from scenario_runner.language.entries import (
    SECTIONS,
    CheckSiblings,
    StepEntry,
    StepSiblings,
)
from scenario_runner.language.expansion import expanded
from scenario_runner.language.given_values import given_in, traced
from scenario_runner.language.loader import load_document
from scenario_runner.language.loads import CaseLoad
from scenario_runner.language.measurable import check_measurable
from scenario_runner.language.model import PatientSpec, ScenarioHeader
from scenario_runner.language.named_files import named_file
from scenario_runner.language.overriding import overridden
from scenario_runner.language.references import check_references
from scenario_runner.language.rows import Reader, Rows, read_file, read_rows
from scenario_runner.language.saved_names import check_saved
from scenario_runner.language.scenario_names import check_all_names
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.site import LoadedSite
from scenario_runner.language.step_defaults import of_all_steps
from scenario_runner.language.step_entries import Entries
from scenario_runner.language.step_lists import NoStepLists
from scenario_runner.language.template_limits import NO_SUCH_NAME, one_file
from scenario_runner.language.templates import has_template, render_tree, scalars
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.language.site_model import TargetSpec
    from scenario_runner.language.step_lists import StepLists
    from scenario_runner.origins import Origins, Path

M = TypeVar("M", bound=BaseModel)

__all__ = [
    "Scenario",
    "check_scenario",
    "load_of",
    "parameters_at",
    "patients_of",
    "read_scenario",
    "scenario_files",
    "step_parameters",
]


@dataclass(frozen=True)
class Scenario:
    """A scenario as read: checked as far as possible, rendered nowhere yet."""

    document: Document
    header: ScenarioHeader
    """``header.vars`` has the overrides in it."""
    patients: list[Any]
    """The raw tree, rendered and typed by ``patients_of`` for each case."""
    steps: tuple[StepEntry, ...]
    final: tuple[StepEntry, ...]
    setup: tuple[StepEntry, ...] = ()
    rows: Rows | None = None
    load: Any = None
    """The raw tree of ``load``, rendered and typed by ``load_of``."""
    narrowed: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Values of axes, of which a combination has to have one to be planned (``--set matrix.AXIS=VALUE``)."""
    targets: Mapping[str, TargetSpec] | None = None
    """Those of the site that its steps may name; None where it is not held against one."""
    given: Mapping[str, Where] = field(default_factory=dict)
    """Of variables that have another value than the declared one, where that stands."""

    def __repr__(self) -> str:
        return f"<Scenario {self.header.name} of {self.document.file}>"

    @property
    def origins(self) -> Origins:
        """Of variables, axes and patients; each step has its own."""
        return self.document

    def traced(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Findings, with where the values of variables came from that do not stand at their place."""
        return traced(found, self.document, self.header.vars, self.given)


def read_scenario(
    path: str | FilePath,
    plugins: Offered,
    *,
    site: LoadedSite | None = None,
    overrides: Mapping[str, Any] | None = None,
    lists: StepLists | None = None,
) -> Scenario:
    """Read and check a scenario file.

    site: whose targets the steps may name; None leaves target names unchecked. overrides: values for
    declared ``vars``, and below ``matrix.`` those of axes to be run alone. lists: where what ``use`` names is
    found. Raises InvalidInput with everything that is wrong, in file order; UsageError
    for an override of a variable that the scenario does not declare.
    """
    document = load_document(path)
    return check_scenario(document, plugins, site=site, overrides=overrides, lists=lists)


@one_file()
def check_scenario(
    document: Document,
    plugins: Offered,
    *,
    site: LoadedSite | None = None,
    overrides: Mapping[str, Any] | None = None,
    lists: StepLists | None = None,
    read: Reader = read_file,
) -> Scenario:
    """As ``read_scenario``, for a document that is parsed already. read: gives the file of its rows."""
    with plugins.blaming():
        return _checked(document, plugins, site, overrides or {}, lists or NoStepLists(), read)


def _checked(
    document: Document,
    plugins: Offered,
    site: LoadedSite | None,
    given: Mapping[str, Any],
    lists: StepLists,
    read: Reader,
) -> Scenario:
    require_kind(document, SCENARIO)
    checker = _scenario_check(plugins)
    found = checker(document)
    misplaced = checker.misplaced(document) if found else frozenset()
    document, misused = expanded(document, plugins, lists)
    found += misused
    marked = marks(checker.schema, document.data)
    targets = site.site.targets if site is not None else None
    found += islice(check_references(document, marked, targets, plugins), MOST_DIAGNOSTICS)
    rows, wrong = _rows(document, read)
    found += wrong
    found += check_all_names(document, plugins, marked, rows)
    found += _without_doubles(found, _values(document, plugins))
    variables = overridden(
        document.data.get("vars"),
        {name: value for name, value in given.items() if not name.startswith(AXIS_OF)},
    )
    entries = Entries(document, plugins)
    entries.read(variables)
    found += _without_doubles(found, entries.unfit) + entries.found
    found += check_branches(entries.entries)
    if site is not None:
        found += _unreceived(entries.entries, plugins.steps(), site)
    saved = check_saved(document, marked, entries.entries, plugins.steps(), entries.lost)
    found += islice(saved, MOST_DIAGNOSTICS)
    beyond = check_measurable(
        entries.entries, document.data.get("load"), document, plugins.steps(), plugins.checks()
    )
    found += islice(beyond, MOST_DIAGNOSTICS)
    if misused:
        found = [one for one in found if not _may_be_theirs(one)]
    if misplaced:
        found = [one for one in found if one.code not in _LACKING or one.where not in misplaced]
    if found:
        raise InvalidInput(in_file_order(_each_once(found))[:MOST_DIAGNOSTICS])
    data = document.data
    raw = _head(data, plugins)
    if isinstance(raw.get("defaults"), dict):
        # Each step has them; those with a template have a value in a case.
        raw["defaults"] = {k: v for k, v in raw["defaults"].items() if not has_template(v)}
    header = bind(ScenarioHeader, raw, document, ())
    header = header.model_copy(update={"vars": {**header.vars, **variables}})
    return Scenario(
        document,
        header,
        data.get("patients") or [],
        tuple(entry for entry in entries.entries if entry.section == "steps"),
        tuple(entry for entry in entries.entries if entry.section == "finally"),
        tuple(entry for entry in entries.entries if entry.section == "setup"),
        rows,
        data.get("load"),
        {
            name.removeprefix(AXIS_OF): value if isinstance(value, list) else [value]
            for name, value in given.items()
            if name.startswith(AXIS_OF)
        },
        targets,
        given_in(document, given),
    )


def patients_of(scenario: Scenario, names: Mapping[str, Any]) -> list[PatientSpec]:
    """The patients of one case. names: ``vars matrix run site``, as templates see them.

    Raises InvalidInput for a template that fails or a value that does not fit.
    """
    origins = scenario.origins
    rendered = render_tree(scenario.patients, names, origins.where, ("patients",))
    found: list[Diagnostic] = []
    patients = []
    for index, (tree, written) in enumerate(zip(rendered, scenario.patients, strict=True)):
        try:
            patients.append(bind(PatientSpec, tree, origins, ("patients", index), written))
        except InvalidInput as error:
            found += error.diagnostics
    if found:
        raise InvalidInput(in_file_order(found)[:MOST_DIAGNOSTICS])
    return patients


def load_of(scenario: Scenario, names: Mapping[str, Any]) -> CaseLoad | None:
    """How the cases of a scenario arrive, if it says so. names: ``vars run site``. Raises as ``patients_of``."""
    if scenario.load is None:
        return None
    return parameters_at(scenario.load, ("load",), CaseLoad, names, scenario.origins)


def step_parameters(entry: StepEntry, model: type[M], names: Mapping[str, Any]) -> M:
    """The typed parameters of a step at run time; deferred ones stay as written.

    Raises InvalidInput for a template that fails or a value that does not fit.
    """
    return parameters_at(entry.parameters, entry.parameters_path, model, names, entry.origins)


def source_of(entry: StepEntry, name: str) -> FilePath:
    """A file that the parameters of a step name, from the folder of the file that they stand in."""
    written = next((path for path, text in scalars(entry.parameters) if text == name), ())
    return named_file(entry.origins.where((*entry.parameters_path, *written)).file, name)


def parameters_at(
    tree: Any, path: Path, model: type[M], names: Mapping[str, Any], origins: Origins
) -> M:
    """As ``step_parameters``, for a step or a check whose parameters stand at a path."""
    deferred: frozenset[Path] = getattr(model, "deferred", frozenset())
    rendered = render_tree({} if tree is None else tree, names, origins.where, path, deferred)
    return bind(model, rendered, origins, path, tree)


def _rows(document: Document, read: Reader) -> tuple[Rows | None, list[Diagnostic]]:
    """The table that a scenario names, with what is wrong with it."""
    name = document.data.get("rows")
    if name is None or isinstance(name, dict | list):
        return None, []
    text = str(as_written(name))
    where = document.where(("rows",))
    try:
        return read_rows(text, named_file(where.file, text), where, read), []
    except InvalidInput as error:
        return None, list(error.diagnostics)


_LACKING = frozenset({"FAB102", "FAB103"})
"""What is said of a step that has not what it should; where that stands beside it, it is told there."""


@lru_cache(maxsize=4)
def _scenario_check(plugins: Offered) -> SchemaCheck:
    """Made once for a set of plugins, which never changes after it was loaded."""
    return SchemaCheck(scenario_schema(plugins))


def _may_be_theirs(found: Diagnostic) -> bool:
    """Whether a name that is missed in a step might be one that a list saves, where lists could not be used."""
    return found.code in (NO_SUCH_NAME, "FAB119") and found.where.path.startswith(SECTIONS)


def _head(data: Mapping[str, Any], plugins: Offered) -> dict[str, Any]:
    """What the header is read from; ``x-`` keys hold what aliases repeat."""
    head = {
        key: value
        for key, value in data.items()
        if key not in ("patients", "load", *SECTIONS) and not key.startswith("x-")
    }
    if "defaults" in head:
        head["defaults"] = of_all_steps(head["defaults"], plugins.steps())
    return head


def _values(document: Document, plugins: Offered) -> list[Diagnostic]:
    """What the models find beyond the schema in values that need no rendering: 31 February."""
    data = document.data
    raw = _head(data, plugins)
    found = complaints(ScenarioHeader, raw, document, (), has_template)
    for index, tree in enumerate(_list(data.get("patients"))):
        found += complaints(PatientSpec, tree, document, ("patients", index), has_template)
    steps, checks = plugins.steps(), plugins.checks()
    load = data.get("load")
    if isinstance(load, dict):
        found += complaints(CaseLoad, load, document, ("load",), has_template)
        for number, check in enumerate(_list(load.get("checks"))):
            place: Path = ("load", "checks", number)
            found += _entry_values(document, check, place, checks, CheckSiblings)
    for section in SECTIONS:
        for index, entry in enumerate(_list(data.get(section))):
            path: Path = (section, index)
            is_step = isinstance(entry, dict) and any(key in steps for key in entry)
            # What stands beside a step is read with it, and told of there.
            siblings = None if is_step else StepSiblings
            found += _entry_values(document, entry, path, steps, siblings)
            for step in filter(steps.__contains__, entry if isinstance(entry, dict) else ()):
                for number, check in enumerate(_list(entry[step])):
                    place = (*path, step, number)
                    found += _entry_values(document, check, place, checks, CheckSiblings)
    return found


def _entry_values(
    document: Document,
    entry: Any,
    path: Path,
    models: Mapping[str, type[BaseModel]],
    siblings: type[BaseModel] | None,
) -> list[Diagnostic]:
    if not isinstance(entry, dict):
        return []
    found: list[Diagnostic] = []
    beside = {key: value for key, value in entry.items() if key not in models}
    if beside and siblings is not None:
        found += complaints(siblings, beside, document, path, has_template)
    for name in filter(models.__contains__, entry):
        tree = {} if entry[name] is None else entry[name]
        found += complaints(models[name], tree, document, (*path, name), has_template)
    return found


def _unreceived(
    entries: Sequence[StepEntry], steps: Mapping[str, type[BaseModel]], site: LoadedSite
) -> list[Diagnostic]:
    """Steps that wait for messages where the site says nothing of where messages come in."""
    if site.site.receiver.hl7 is not None:
        return []
    return [
        Diagnostic(
            "FAB122",
            entry.origins.where(entry.parameters_path),
            f"'{entry.step}' waits for HL7 messages, and the site has no receiver for them",
            "give the site receiver: {hl7: {host: 127.0.0.1, port: 2576}}",
        )
        for entry in entries
        if getattr(steps.get(entry.step), "receives_messages", False)
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _each_once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What is wrong with a value that goes for many steps is told once."""
    return list({(one.code, one.where, one.message): one for one in found}.values())


def _without_doubles(before: list[Diagnostic], found: list[Diagnostic]) -> list[Diagnostic]:
    """Findings on lines about which the schema has said nothing yet."""
    lines = {(diagnostic.where.file, diagnostic.where.line) for diagnostic in before}
    return [one for one in found if (one.where.file, one.where.line) not in lines]
