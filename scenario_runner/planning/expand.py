"""A scenario with a site becomes a plan: the one door of this room.

``prepare`` works everything out and reserves nothing; what it returns knows what is wrong, and
reserves the numbers when its cases are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.dicom.syntaxes import SUPPORTED
from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.scenario import patients_of
from scenario_runner.language.template_limits import one_file
from scenario_runner.language.uses import home_of
from scenario_runner.language.variables import resolve_vars
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.arrivals import seed_of
from scenario_runner.planning.blueprint import CasePart
from scenario_runner.planning.build import build
from scenario_runner.planning.case_arrivals import arriving
from scenario_runner.planning.case_list import case_load, every_combination, with_rows
from scenario_runner.planning.departments import Department
from scenario_runner.planning.findings import Findings
from scenario_runner.planning.identifiers import Identifiers
from scenario_runner.planning.identity import derive_seed, derive_uid
from scenario_runner.planning.makers import Setting
from scenario_runner.planning.matrix import case_id, narrowed
from scenario_runner.planning.number_ranges import ExhaustedRule, reserve
from scenario_runner.planning.offers import Offers
from scenario_runner.planning.plan import PlannedCase
from scenario_runner.planning.prepare import Preparation
from scenario_runner.planning.sources import Inputs, SourceContext, asked_in, placed
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    import datetime as dt

    from scenario_runner.database.location import Location
    from scenario_runner.language.document import Document
    from scenario_runner.language.loads import CaseLoad
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.language.site_model import Site
    from scenario_runner.planning.api import (
        Counters,
        Demographics,
        FaultFacts,
        ModalityDefaults,
        PatternField,
    )
    from scenario_runner.planning.case_arrivals import Taken
    from scenario_runner.planning.case_list import Row
    from scenario_runner.planning.sources import PatientSource


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a run decides about its plan."""

    seed: int
    """The run's seed: given on the command line, by the scenario, or picked and recorded."""
    now: dt.datetime
    """The site's clock when the run was planned: ``today``, and the dates in patient IDs."""
    run_names: Mapping[str, Any] = field(default_factory=dict)
    """What templates know as ``run``: id, seed, started, date."""
    modalities: Mapping[str, ModalityDefaults]
    """What a series is by default, by modality; as all below by name, what plugins and built-ins offer."""
    pattern_fields: Mapping[str, PatternField]
    demographics: Mapping[str, Demographics]
    transfer_syntaxes: frozenset[str] = SUPPORTED
    """UIDs of those that imaging can write."""
    phantoms: Mapping[str, frozenset[str] | None] | None = None
    """Phantoms and the modalities each can stand for (None: any); None leaves them unchecked."""
    usual_phantom: Callable[[str, str, int], str] | None = None
    """What a series shows when nothing is said, from modality, body part and frames."""
    faults: Mapping[str, FaultFacts] = field(default_factory=dict)
    """Faults by name."""
    sources: Mapping[str, PatientSource] = field(default_factory=dict)
    """Where patients can come from, by name."""
    inputs: Inputs = field(default_factory=Inputs)
    """What they read."""
    registry: Location | None = None
    """Where patients of earlier runs are, for the sources that ask it."""


class Plan(Sequence[PlannedCase]):
    """The cases of one scenario, in the order of its matrix; each lazy below itself."""

    def __init__(self, cases: Sequence[PlannedCase], reserved: dict[str, dict[str, int]]) -> None:
        self._cases = cases
        self.reserved = reserved
        """Counter ranges the plan holds: ``{rule: {first, count}}``. Kept in the run's record, and
        given to ``ReplayCounters`` by a rerun."""

    def __len__(self) -> int:
        return len(self._cases)

    @overload
    def __getitem__(self, place: int) -> PlannedCase: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[PlannedCase]: ...
    def __getitem__(self, place: int | slice) -> PlannedCase | Sequence[PlannedCase]:
        return self._cases[place]

    def __iter__(self) -> Iterator[PlannedCase]:
        return iter(self._cases)


def prepare(
    scenario: Scenario,
    site: Site,
    *,
    options: PlanOptions,
    site_document: Document | None = None,
) -> Prepared:
    """Work out the plan of a scenario, one case for each combination of its matrix.

    site_document: where the site's rules stand, for diagnostics. No counter moves, and what is wrong is in the result.
    """
    return _prepare(scenario, site, options, site_document)


def plan(scenario: Scenario, site: Site, *, counters: Counters, **more: Any) -> Plan:
    """Plan a scenario at once: ``prepare``, whose arguments it takes, and ``Prepared.plan``.

    Raises InvalidInput with all that is wrong, and only when nothing is are numbers reserved.
    """
    prepared = prepare(scenario, site, **more)
    if found := prepared.diagnostics():
        raise InvalidInput(found)
    return prepared.plan(counters)


def check(scenario: Scenario, site: Site, **more: Any) -> list[Diagnostic]:
    """All that is wrong with the plan of a scenario. Arguments as of ``prepare``."""
    return prepare(scenario, site, **more).diagnostics()


@dataclass(slots=True, kw_only=True)
class Prepared:
    """The plan of a scenario but for its numbers, which no registry has been asked for yet."""

    site: Site
    options: PlanOptions
    findings: Findings
    identifiers: Identifiers
    names: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Of each case, sound or not, what messages call it and what its templates know before its patients."""
    cases: list[CasePart] = field(default_factory=list)
    counted: dict[str, CasePart] = field(default_factory=dict)
    """Those of them, by what messages call them, whose patients no source has, which may have others when they run."""
    load: CaseLoad | None = None
    """How they arrive, where the scenario says so."""
    load_seed: str = ""
    """What their arrivals are drawn from."""
    idle: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Axis and value of what the matrix is narrowed to and does not have, with the values it has."""

    def diagnostics(self) -> list[Diagnostic]:
        """All that is wrong, over every combination.

        Whether the registry has enough numbers left is not looked at: that is the machine's state,
        not the file's.
        """
        return self.findings.all()

    def plan(self, counters: Counters) -> Plan:
        """Reserve the numbers; nothing may be wrong.

        counters: the registry's, a PeekCounters where nothing may move, or a ReplayCounters. Raises
        InvalidInput when a rule has too few numbers left, MachineError when the registry cannot be
        used.
        """
        options, site = self.options, self.site
        try:
            reserved = reserve(self.identifiers.demand, site.name, counters)
        except ExhaustedRule as error:
            where = self.identifiers.places[error.kind, error.pattern]
            raise InvalidInput([Diagnostic("FAB303", where, error.message, error.hint)]) from error
        department = Department(options.seed, site.name, options.demographics)
        cases = [
            build(
                case,
                index,
                Setting(
                    case_name=case.name,
                    origin=derive_uid(None, options.seed, case.id),
                    case_seed=derive_seed(options.seed, case.id),
                    run_seed=options.seed,
                    now=options.now,
                    zone=site.zone,
                    site_name=site.name,
                    uid_root=site.identifiers.uid_root,
                    reserved=reserved,
                    demographics=options.demographics,
                    department=department,
                ),
            )
            for index, case in enumerate(self.cases)
        ]
        return Plan(cases, reserved.record)


def _offers(options: PlanOptions) -> Offers:
    return Offers(
        modalities=options.modalities,
        demographics=options.demographics,
        transfer_syntaxes=options.transfer_syntaxes,
        phantoms=options.phantoms,
        usual_phantom=options.usual_phantom,
        faults=options.faults,
    )


@one_file()
def _prepare(
    scenario: Scenario,
    site: Site,
    options: PlanOptions,
    site_document: Document | None,
) -> Prepared:
    header, origins = scenario.header, scenario.origins
    findings = Findings(origins)
    identifiers = Identifiers(site, options.pattern_fields, findings, site_document)
    prepared = Prepared(
        site=site,
        options=options,
        findings=findings,
        identifiers=identifiers,
    )
    folder = FilePath(home_of(scenario.document)).parent
    preparation = Preparation(
        _offers(options), identifiers, findings, options.now.date(), folder, options.inputs.remarks
    )
    context = SourceContext(
        folder,
        options.inputs,
        options.seed,
        options.registry,
        site=site,
        site_folder=FilePath(site_document.file).parent if site_document else FilePath(),
    )
    base = {
        "run": dict(options.run_names),
        "site": site.names,
    }
    seen: set[str] = set()
    for (combination, row), arrival, number in _taken(scenario, base, prepared):
        names = {**base, "matrix": combination, **({} if row is None else {"row": row[1]})}
        told = _told_by(combination, row, number)
        id_ = _unused(case_id(header.name, told), seen)
        shown = id_ if row is None else f"{id_}, {row[2]}"
        findings.begin(shown)
        try:
            vars_ = resolve_vars(header.vars, names, origins.where, ("vars",))
            names["vars"] = vars_
            prepared.names.append((shown, names))
            specs = patients_of(scenario, names)
            sources = asked_in(specs, options.sources)
            patients = placed(specs, origins, options.sources, context)
        except InvalidInput as error:
            for diagnostic in error.diagnostics:
                findings.take(diagnostic)
            continue
        case = CasePart(
            id=id_,
            name=header.name,
            matrix=told,
            row=None if row is None else row[1],
            vars=vars_,
            arrival=arrival,
            sources=sources,
            patients=preparation.patients(patients),
        )
        if not preparation.too_many(case.totals()):
            prepared.cases.append(case)
            if not sources:
                prepared.counted[shown] = case
    return prepared


def _taken(
    scenario: Scenario, base: Mapping[str, Any], prepared: Prepared
) -> Taken[tuple[dict[str, Any], Row | None]]:
    """What the cases are made of: combinations of the matrix, rows of the table, arrivals of the load.

    ``prepared`` gets the load and what the matrix was narrowed to in vain.
    """
    findings, options, rows = prepared.findings, prepared.options, scenario.rows
    found, prepared.idle = narrowed(every_combination(scenario, base, findings), scenario.narrowed)
    if rows is not None:
        # A rerun finds it among what was read.
        options.inputs.read.setdefault(FilePath(rows.file).as_posix(), rows.content)
    prepared.load_seed = seed_of(options.seed, scenario.header.name, "case")
    prepared.load = case_load(scenario, base, findings)
    rowed = with_rows(found, rows, findings)
    taken = arriving(rowed, prepared.load, prepared.load_seed, once=rows is not None)
    if isinstance(taken, ValueProblem):
        findings.add(("load",), taken, key=True)
        return []
    return taken


def _told_by(combination: dict[str, Any], row: Row | None, number: int | None) -> dict[str, Any]:
    """What the name of a case says of where it comes from."""
    arrival = {} if number is None else {"arrival": number}
    return {**arrival, **({} if row is None else {"row": row[0]}), **combination}


def _unused(name: str, seen: set[str]) -> str:
    """A case id that no other case has; long values are cut in it and may end up alike."""
    number, unused = 1, name
    while unused in seen:
        number += 1
        unused = f"{name}#{number}"
    seen.add(unused)
    return unused
