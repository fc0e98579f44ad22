"""The step ``query``: C-FIND or QIDO-RS, with the matches kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenario_runner.api import (
    AttributeName,
    FindRequest,
    Keys,
    Saved,
    Step,
    StepContext,
    StepResult,
    Target,
    TargetName,
)
from scenario_runner.api.operations import QueryLevel
from scenario_runner.api.timing import operation
from scenario_runner.checks.settling import await_stored
from scenario_runner.dicom.levels import USUAL
from scenario_runner.errors import Advised
from scenario_runner.language.loads import RequestLoad, most_offered
from scenario_runner.planning.plan import PlannedCase
from scenario_runner.steps.asked import query_result
from scenario_runner.steps.load.calling import LoadedCalls, foretold_calls
from scenario_runner.steps.load.queries import QueryCalls, variants
from scenario_runner.steps.without import without
from scenario_runner.steps.worklist import SERVICE, worklist_request


class Query(Step):
    """C-FIND (PS3.4 C.4.1) or QIDO-RS (PS3.18 10.6) on a PACS. No match is no failure; ``assert`` judges.

    Every answer is held against the keys: one that does not meet them, or does not say, fails the step, unless
    the site file declares that the PACS lacks the key (``expects: {unsupported_keys: […]}``).

    ``save_as`` gives a list of ``{KEYWORD: value}``, the same by either way: text as text, IS as an
    integer, DS as a decimal, several values as a list, an empty attribute as null. QIDO-RS pages are
    put together; it has no patient level, so patients are those of the studies that match.
    """

    name: ClassVar[str] = "query"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset(["C-FIND", "QIDO-RS"])
    example: ClassVar[str] = (
        'query: {on: pacs, level: study, match: {AccessionNumber: "{{ studies[0].accession }}"}}'
    )

    on: TargetName
    """The PACS to ask."""
    via: Literal["c-find", "qido"] | None = Field(default=None, json_schema_extra={"x-way": True})
    """How; by default C-FIND where the target has a ``dicom`` service, else QIDO-RS."""
    level: QueryLevel
    """The query level: patient, study, series, image, or worklist (see the step ``worklist``)."""
    match: Keys = Field(default={})
    """Keys with the values to match: single value, ``*`` and ``?``, range, or a list. UIDs of a list are in one
    query (PS3.4 C.2.2.2.2); of another key each value is asked for by a query of its own, and a match counts once."""
    return_: list[AttributeName] = Field(default=[], alias="return")
    """Further attributes to ask for, beside those that are usual at the level: name, dates, accession number, UIDs, counts."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Cancel the query after so many matches."""

    load: RequestLoad | None = None
    """Ask again and again, when requests arrive; of a list in ``match`` each asks for the next value. ``save_as`` gives
    ``{answered, failed, unanswered, matches}``, how many of each."""

    @model_validator(mode="after")
    def _dicomweb_has_no_worklist(self) -> Query:
        if self.level == "worklist" and self.via == "qido":
            raise Advised("a worklist is asked over DIMSE", "leave 'via: qido' out")
        return self

    def run(self, context: StepContext) -> StepResult:
        """Ask, and keep what was answered."""
        target = context.target(self.on).by(self.via)
        if self.level == "worklist" and (skipped := without(context, self.on, *SERVICE)):
            return skipped
        waited = "" if self.level == "worklist" else await_stored(context, self.on)
        if self.load is not None:
            return self._loaded(context, target, self.load)
        return query_result(
            context,
            target,
            self._request(self.match),
            "match",
            {"level": self.level, "keys": dict(self.match)},
            waited,
        )

    @classmethod
    def most_per_second(cls, parameters: Any) -> float:
        """What its load offers."""
        return most_offered(RequestLoad, parameters)

    def foretell(self, case: PlannedCase, step_id: str) -> Mapping[str, Any]:
        """The load that will be offered."""
        return foretold_calls(self.load, case, step_id, "query")

    def _request(self, match: Mapping[str, Any]) -> FindRequest:
        if self.level == "worklist":
            return worklist_request(match, self.return_, self.limit)
        # A load measures what was written; otherwise nobody shall miss what is usual.
        usual = () if self.load is not None else USUAL[self.level]
        return FindRequest(
            level=self.level, match=match, returned=self.return_, usual=usual, limit=self.limit
        )

    def _loaded(self, context: StepContext, target: Target, load: RequestLoad) -> StepResult:
        """Ask as often as the load says."""
        name = operation(target, "c-find", "qido")
        keys = variants(self.match)
        calls = LoadedCalls(
            context,
            load,
            name,
            lambda: QueryCalls(
                target, lambda number: self._request(keys(number)), name, context.deadline
            ),
        )
        return calls.result("query", "match", {"level": self.level, "keys": dict(self.match)})
