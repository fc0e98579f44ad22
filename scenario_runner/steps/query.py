"""The step ``query``: C-FIND, with the matches kept."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from scenario_runner.api import (
    AttributeName,
    Attributes,
    FindRequest,
    Step,
    StepContext,
    StepResult,
    TargetName,
)
from scenario_runner.api.targets import QueryLevel
from scenario_runner.steps.worklist import worklist_request


class Query(Step):
    """C-FIND on a PACS (PS3.4 C.4.1). No match is no failure; ``assert`` judges.

    ``save_as`` gives a list of ``{KEYWORD: value}``: text as text, IS as an integer, DS as a
    decimal, several values as a list, an empty attribute as null.
    """

    name: ClassVar[str] = "query"
    example: ClassVar[str] = (
        'query: {on: pacs, level: study, match: {AccessionNumber: "{{ studies[0].accession }}"}}'
    )

    on: TargetName
    """The PACS to ask."""
    via: Literal["c-find"] | None = None
    """How; C-FIND is the only way so far."""
    level: QueryLevel
    """The query level: patient, study, series, image, or worklist (see the step ``worklist``)."""
    match: Attributes = Field(default={})
    """Keys with the values to match: single value, ``*`` and ``?``, range, or a list of UIDs."""
    return_: list[AttributeName] = Field(default=[], alias="return")
    """Further attributes to ask for."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Cancel the query after so many matches."""

    def run(self, context: StepContext) -> StepResult:
        """Ask, and keep what was answered."""
        if self.level == "worklist":
            request = worklist_request(self.match, self.return_, self.limit)
        else:
            request = FindRequest(
                level=self.level, match=self.match, returned=self.return_, limit=self.limit
            )
        matches = context.target(self.on).find(request, context.deadline)
        noun = "match" if len(matches) == 1 else "matches"
        return StepResult(
            message=f"{len(matches)} {noun}",
            value=matches,
            facts={"level": self.level, "keys": dict(self.match), "matches": matches[:20]},
        )
