"""What validators say about instances: shared by the check ``conformant`` and the step ``validate``."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import field
from itertools import islice
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Difference
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from scenario_runner.api import StepContext
    from scenario_runner.conformance.api import Finding
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

MOST = 500
"""Planned instances that are written out to be judged; a PACS's are files already."""
ALL = "all instances"
"""The subject of what is wrong between files and is not to be blamed on one."""


@dataclass(slots=True)
class Judged:
    """One instance as a file. name: the plan's id of the image, or its SOP instance UID."""

    name: str
    file: Path
    image: PlannedImage | None = None
    """What was planned, where that is known."""


@dataclass(slots=True)
class Judgement:
    """Everything that was found, each with the name of the instance it is about."""

    instances: list[Judged]
    total: int
    """How many there are; more than were judged when there are very many."""
    validators: dict[str, str]
    """Name to version."""
    within: list[tuple[Judged, Finding]] = field(default_factory=list)
    """About one instance by itself."""
    between: list[tuple[str, Finding]] = field(default_factory=list)
    """About instances that do not agree with each other."""

    def all(self) -> Iterator[tuple[str, Finding]]:
        """All findings with the name of the instance."""
        yield from ((one.name, found) for one, found in self.within)
        yield from self.between

    def errors(self) -> list[tuple[str, Finding]]:
        """Findings that are no mere warnings."""
        return [(name, found) for name, found in self.all() if found.severity == "error"]

    def rules(self) -> dict[str, int]:
        """How often each rule was broken, the most frequent first."""
        return dict(Counter(rule_of(found) for _, found in self.all()).most_common())

    @property
    def checked(self) -> str:
        """``3 instances checked by standard 0.1.0``."""
        judges = ", ".join(f"{name} {version}" for name, version in self.validators.items())
        count = len(self.instances)
        of = f"the first {count} of {self.total}" if count < self.total else str(count)
        return f"{of} {'instance' if count == 1 else 'instances'} checked by {judges}"


def rule_of(found: Finding) -> str:
    """What ``finds`` calls it: its rule, or the validator where that has no names for rules."""
    return found.rule or found.validator


def judge(
    context: StepContext, what: Any, validators: Sequence[str], *, planned: bool = False
) -> Judgement:
    """Judge each instance by itself, then all together.

    what: None or the name of a selection for planned instances, which are made for it; or what
    ``retrieve`` saved. planned: whether it matters which planned image a retrieved one is. Raises UsageError for a validator that is not installed: an absent one must
    not look like a pass.
    """
    judges = [context.validator(name) for name in dict.fromkeys(validators)]
    versions: dict[str, str] = {}
    for one in judges:
        version = one.version()
        if version is None:
            raise UsageError(
                f"the validator '{one.name}' is not installed",
                hint="see docs/reference/conformance.md for where it comes from",
            )
        versions[one.name] = version
    instances, total = _instances(context, what, planned=planned)
    judgement = Judgement(instances, total, versions)
    for done, instance in enumerate(instances, start=1):
        context.deadline.check()
        judgement.within += [(instance, f) for one in judges for f in one.check(instance.file)]
        context.progress(done, len(instances))
    if len(instances) > 1:
        names = {str(instance.file): instance.name for instance in instances}
        for one in judges:
            context.deadline.check()
            found = one.check_study([instance.file for instance in instances])
            judgement.between += [
                (names.get(each.file, ALL), _by_name(each, names)) for each in found
            ]
    return judgement


def _by_name(found: Finding, names: Mapping[str, str]) -> Finding:
    """A finding that names other instances as the report does, and not by the files they were judged in."""
    message = found.message
    for file, name in names.items():
        message = message.replace(file, name)
    return dataclasses.replace(found, message=message)


def _instances(context: StepContext, what: Any, *, planned: bool) -> tuple[list[Judged], int]:
    if what is None:
        return _made(context, context.selection(None))
    try:
        handle = context.retrieved(what)
    except UsageError:
        if not isinstance(what, str):
            raise
        return _made(context, context.selection(what))
    images = {image.uid: image for image in context.case.images()} if planned else {}
    found = [Judged(uid, file, images.get(uid)) for uid, file in handle.files.items()]
    return found, len(found)


def _made(context: StepContext, selected: Iterable[PlannedSeries]) -> tuple[list[Judged], int]:
    series = list(selected)
    total = sum(one.image_count for one in series)
    folder = context.scratch()
    images = (image for one in series for image in one.images)
    made = []
    for number, instance in enumerate(context.instances(islice(images, MOST))):
        assert instance.image is not None
        path = folder / f"{number:06}.dcm"
        try:
            instance.write(path)
        except OSError as error:
            raise of_the_machine("cannot write an instance", error) from error
        made.append(Judged(instance.image.id, path, instance.image))
    if total > MOST:
        context.log(f"only the first {MOST} of {total} instances were checked", "warning")
    return made, total


def differences(findings: Iterable[tuple[str, Finding]]) -> Iterator[Difference]:
    """Findings as the report shows them, counted by attribute and rule."""
    for name, found in findings:
        yield Difference(
            subject=name,
            attribute=found.attribute or rule_of(found),
            expected=found.section or "conformant",
            actual=found.message,
            kind=rule_of(found),
        )


def finding_facts(name: str, found: Finding) -> Mapping[str, Any]:
    """A finding as plain values, for ``save_as`` and the evidence."""
    return {
        "instance": name,
        "severity": found.severity,
        "rule": rule_of(found),
        "attribute": found.attribute,
        "message": found.message,
        "section": found.section,
        "validator": found.validator,
    }


def planned_series(judgement: Judgement) -> list[PlannedSeries]:
    """The series that the judged instances are of, each once."""
    found = {one.image.series.id: one.image.series for one in judgement.instances if one.image}
    return list(found.values())
