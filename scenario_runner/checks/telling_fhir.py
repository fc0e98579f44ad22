"""What an ImagingStudy tells, with the patient and the orders that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from scenario_runner.api import StepContext

_NOTES: Final = "fhir"
_KIND: Final = "ImagingStudy"
Resource = Mapping[str, Any]


def note_studies(context: StepContext, server: str, resources: Iterable[Resource]) -> None:
    """Remember which server gave an ImagingStudy, for what it refers to is there."""
    given: dict[str, dict[str, Resource]] = context.notes.setdefault(_NOTES, {})
    for one in resources:
        if one.get("resourceType") == _KIND:
            given.setdefault(str(one.get("id")), {})[server] = one


def imaging_study_of(saved: Resource, context: StepContext) -> tuple[Resource, list[str]] | None:
    """The ImagingStudy that a saved value is or names, and the targets that have it; None for another value.

    One that was written is read from its server: what is there now, and not what was sent. Raises TargetError.
    """
    reference = saved.get("reference")
    if isinstance(saved.get("on"), str) and str(reference).startswith(f"{_KIND}/"):
        server = context.target(saved["on"])
        return server.fhir_read(str(reference), context.deadline), [saved["on"]]
    if saved.get("resourceType") != _KIND:
        return None
    given = context.notes.get(_NOTES, {}).get(str(saved.get("id")), {})
    # Two servers may use one id for two studies.
    return saved, [name for name, one in given.items() if one == saved] or list(given)


def said_by(
    study: Resource, servers: list[str], name: str, context: StepContext
) -> Iterator[dict[str, str]]:
    """Keyword to text, once for each server. name: what it was saved under. Raises UsageError, TargetError."""
    from scenario_runner.orders.fhir.collecting import identifying
    from scenario_runner.orders.fhir.mapping import of_site
    from scenario_runner.orders.fhir.studies import study_values
    from scenario_runner.orders.fhir.study_reader import Collected

    if not servers:
        raise UsageError(
            f"'{name}' holds an ImagingStudy that no server gave in this case",
            hint="name what fhir_search, fhir_read or fhir_write saved",
        )
    for one in servers:
        server = context.target(one)
        read = partial(server.fhir_read, deadline=context.deadline)
        beside = identifying(dict(study), read, (server.facts.url or "").rstrip("/"))
        release = server.fhir_release(context.deadline)
        table = of_site(context.rules.fhir, context.rules.zone)
        for said in study_values(Collected(release, [dict(study)], beside), table):
            if isinstance(said, InvalidInput):
                problem = said.diagnostics[0]
                raise UsageError(f"'{name}', {problem.where.label}: {problem.message}")
            yield {keyword: value.text for keyword, value in said.items()}
