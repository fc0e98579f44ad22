"""What an import makes of real files, decided before one of them is rewritten: for the step, and for who looks at it first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.imaging.importing.assign import Assigned, CannotAssign, assign
from scenario_runner.imaging.importing.importer import (
    Group,
    Imported,
    Uids,
    bring_in,
    group,
    uids_of,
)
from scenario_runner.imaging.importing.scan import Problem, Scan, find, scan
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.importing.assign import Dates, Identity
    from scenario_runner.imaging.importing.deidentify import Policy
    from scenario_runner.imaging.importing.tally import Tally
    from scenario_runner.planning.plan import PlannedCase, PlannedSeries


class NotTaken(Exception):
    """None of the files is taken in. problems: of ``total`` files those that are to blame; none where it is no file."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), total: int = 0) -> None:
        super().__init__(message)
        self.problems = problems
        self.total = total


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the scenario says of an import. names: of the files, as written. whose: keys of the plan that they become, None for its order."""

    names: Sequence[str]
    whose: Any = None
    dates: Dates = "patient"
    take_pictured: bool = False
    """Also files whose pixels may show who it is."""


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier imports of the case took in."""

    assigned: Assigned
    series: Collection[PlannedSeries]


@dataclass(frozen=True, slots=True)
class Taking:
    """Files and what each becomes."""

    found: Scan
    groups: Sequence[Group]
    assigned: Assigned
    """Of this import and of those before."""
    _identities: Mapping[str, Identity]
    _uids: Mapping[str, Uids]

    @property
    def pictured(self) -> list[PlannedSeries]:
        """Series whose pixels may show who it is."""
        return [one.series for one in self.groups if any(file.pictured for file in one.files)]

    def rewrite(self, policy: Policy, into: Imported, tally: Tally) -> Iterator[Problem | None]:
        """As ``bring_in``: one file after the other, each with what was wrong with it."""
        return bring_in(self.groups, self._identities, self._uids, policy, into, tally)


def decide(
    paths: Iterable[Path],
    case: PlannedCase,
    before: Before,
    wishes: Wishes,
    looked: Callable[[int], None] = lambda _: None,
) -> Taking:
    """Look at all files and decide whose they become. paths: files, folders and patterns. looked: is told how many.

    Raises NotTaken.
    """
    found = scan(find(paths), looked)
    if not found.files and not found.problems:
        raise NotTaken(f"no DICOM file in {', '.join(wishes.names)}")
    problems = found.problems if wishes.take_pictured else [*found.problems, *_shown(found)]
    if problems:
        raise NotTaken("", problems, len(found.files) + len(found.problems))
    assigned = before.assigned.copy()
    try:
        identities = assign(found.files, case, wishes.whose, assigned, wishes.dates)
    except CannotAssign as error:
        raise NotTaken(str(error)) from error
    uids = _uids(case, identities, assigned)
    groups = group(
        found.files,
        identities,
        uids,
        lambda study: sum(1 for series in before.series if series.study.id == study.id),
    )
    there = {image.uid for series in before.series for image in series.images}
    if again := sum(1 for one in groups for image in one.series.images if image.uid in there):
        raise NotTaken(f"{again} of the files are in this run already, under the same patient")
    return Taking(found, groups, assigned, identities, uids)


def _shown(found: Scan) -> list[Problem]:
    return [
        Problem(
            file.path,
            f"pixels may show who it is: {file.pictured} ('burned_in: accept' takes it)",
        )
        for file in found.files
        if file.pictured
    ]


def _uids(
    case: PlannedCase, identities: Mapping[str, Identity], assigned: Assigned
) -> dict[str, Uids]:
    """The mapping of UIDs for each planned patient who gets files."""
    patients = {one.study.patient.id: one.study.patient for one in identities.values()}
    return {
        key: uids_of(
            case,
            patient,
            {old: new for (owner, old), new in assigned.study_uids.items() if owner == key},
        )
        for key, patient in patients.items()
    }
