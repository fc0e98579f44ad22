"""The step ``fhir_search``: resources of a FHIR server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Saved, Step, StepContext, StepResult, TargetName, Text
from scenario_runner.checks.telling_fhir import note_studies

if TYPE_CHECKING:
    from scenario_runner.answers import ResourcesFound


class FhirSearch(Step):
    """Search a FHIR server. Its pages are followed.

    Fails when the server does not say that it searched by each parameter (FHIR R4 3.1.1.6): servers leave out what
    they do not know, and give what was not asked for.
    ``save_as`` gives the list of resources as plain data, as they came: ``{{ found[0].id }}``. Finding nothing is
    no failure; ``assert`` says how many there have to be.
    """

    name: ClassVar[str] = "fhir_search"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = (
        'fhir_search: {on: ehr, resource: ImagingStudy, query: {patient: "Patient/123"}}'
    )

    on: TargetName
    """Who is asked: a target with ``fhir``."""
    resource: Annotated[Text, Field(pattern=r"^[A-Z][A-Za-z]+$")]
    """The type of the resources: ``ImagingStudy``, ``Patient``."""
    query: dict[Text, Any] = Field(default={})
    """Search parameters; a list is several of one name."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """How many at most; by default all."""
    may_ignore: list[Text] = Field(default=[])
    """Search parameters that this server is known to ignore; then that is told and no failure."""

    def run(self, context: StepContext) -> StepResult:
        """Ask, page after page."""
        target = context.target(self.on)
        found = target.fhir_search(self.resource, self.query, context.deadline, limit=self.limit)
        note_studies(context, self.on, found.resources)
        problem = "; ".join(self._problems(found))
        return StepResult(
            outcome="failed" if problem else "passed",
            message="; ".join(filter(None, (self._message(found), problem, *self._notes(found)))),
            value=found.resources,
            facts={
                "exchange": dict(found.exchange),
                "remark": found.remark,
                **({"ignored": list(found.ignored)} if found.ignored else {}),
            },
        )

    def _message(self, found: ResourcesFound) -> str:
        more = ", and the server has more" if found.more else ""
        return f"{amount(len(found.resources), 'resource')} found{more}"

    def _problems(self, found: ResourcesFound) -> Iterator[str]:
        if ignored := [name for name in found.ignored if name not in self.may_ignore]:
            yield (
                f"'{self.on}' does not say that it searched by {', '.join(ignored)} (the link 'self' of its "
                f"answer); if it is known to ignore that, say may_ignore: [{', '.join(ignored)}]"
            )
        if others := Counter(
            str(one.get("resourceType"))
            for one in found.resources
            if one.get("resourceType") != self.resource
        ):
            kind, number = next(iter(others.items()))
            yield f"{number} of {len(found.resources)} matches is no {self.resource}, but {kind}"
        if found.repeated:
            yield f"{amount(found.repeated, 'resource')} came more than once on a page"

    def _notes(self, found: ResourcesFound) -> Iterator[str]:
        if ignored := [name for name in found.ignored if name in self.may_ignore]:
            yield f"not searched by {', '.join(ignored)}"
        if found.silent:
            yield f"'{self.on}' does not say what it searched by"
        if found.total is not None and not found.more and found.total != len(found.resources):
            yield f"it says that {found.total} match"
        if found.remark:
            yield f"it says: {found.remark}"
