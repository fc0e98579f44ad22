"""The step ``wait``: poll a PACS until something holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import (
    Duration,
    Expression,
    FindRequest,
    Keys,
    Model,
    QueryLevel,
    Saved,
    Selection,
    Step,
    StepContext,
    StepResult,
    TargetName,
)
from scenario_runner.api.asking import ask
from scenario_runner.checks.presence import expected_images, presence
from scenario_runner.checks.settling import KEY, time_left
from scenario_runner.errors import Advised, NoAcceptedContext, StepTimeout, TargetError, Unsupported
from scenario_runner.language.quantities import Bounds
from scenario_runner.steps.undeclared import Undeclared
from scenario_runner.steps.without import without
from scenario_runner.steps.worklist import SERVICE, worklist_request


class PolledQuery(Model):
    """The query that is repeated."""

    level: QueryLevel = "study"
    """The query level; ``worklist`` waits for a scheduled procedure step."""
    match: Keys = Field(default={})
    """Keys with the values to match."""


class Until(Model):
    """What ends the wait; all that is given must hold."""

    stored: Literal["all"] | Annotated[int, Field(ge=1)] | None = None
    """Every instance sent so far, or at least so many, is found in the PACS."""
    query: PolledQuery | None = None
    count: Annotated[int, Field(ge=0)] | Bounds | None = None
    """How many matches the query must have; without it, at least one."""
    expr: Expression | None = None
    """An expression; it sees ``poll`` with attempt, elapsed, stored, missing and matches."""

    @model_validator(mode="after")
    def _something(self) -> Until:
        if self.stored is None and self.query is None and self.expr is None:
            raise ValueError("give at least one of stored, query and expr")
        if self.count is not None and self.query is None:
            raise ValueError("'count' counts the matches of 'query', which is missing")
        return self


class FailWhen(Model):
    """What ends the wait at once."""

    expr: Expression
    """An expression that makes the step fail; it sees ``poll`` too."""


class Wait(Step):
    """Ask a PACS again and again until something holds. Every poll is in the record.

    ``fail_when`` ends the wait early. A PACS that cannot be reached is asked again until the time is
    over; one that does not offer the query is an error at once. ``save_as`` gives the last poll: attempt, elapsed, stored, missing, matches.
    """

    name: ClassVar[str] = "wait"
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset(
        {("until", "expr"), ("fail_when",), ("fail_when", "expr")}
    )
    names_in_deferred: ClassVar[frozenset[str]] = frozenset({"poll"})
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "wait: {on: pacs, until: {stored: all}, timeout: 30s}"

    on: TargetName
    """The PACS to ask."""
    via: Literal["c-find", "qido"] | None = Field(default=None, json_schema_extra={"x-way": True})
    """How; by default C-FIND where the target has a ``dicom`` service, else QIDO-RS."""
    until: Until
    fail_when: Expression | FailWhen | None = None
    """An expression that makes the step fail at once; it sees ``poll`` too. ``{expr: …}`` says the same."""
    every: Duration = 0.5
    """The pause between two polls."""
    timeout: Duration = 60.0
    """When to give up; later where the site file says that the PACS may take longer (``expects: {stored_within}``)."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default everything sent or moved to this PACS, and where
    nothing was, everything this case sent anywhere."""

    @model_validator(mode="after")
    def _dicomweb_has_no_worklist(self) -> Wait:
        asked = self.until.query
        if asked is not None and asked.level == "worklist" and self.via == "qido":
            raise Advised("a worklist is asked over DIMSE", "leave 'via: qido' out")
        return self

    def run(self, context: StepContext) -> StepResult:
        """Poll until it holds, fails or the time is over."""
        asked = self.until.query
        if asked is not None and asked.level == "worklist":
            skipped = without(context, self.on, *SERVICE)
            if skipped is not None:
                return skipped
        started = monotonic()
        patience = self._patience(context)
        polls: list[dict[str, Any]] = []
        while True:
            poll: dict[str, Any] = {"attempt": len(polls) + 1}
            try:
                holds = self._look(context, poll, started, patience)
            except (NoAcceptedContext, Unsupported):
                raise  # what the PACS does not offer it will not offer in a minute either
            except TargetError as error:
                holds = False
                poll["error"] = f"{error} ({error.hint})" if error.hint else str(error)
            except StepTimeout:
                # The time of the wait, or of the step, is over in the middle of a poll.
                holds = False
                poll["error"] = "cut off, for the time was over"
            poll["elapsed"] = round(monotonic() - started, 3)
            polls.append(poll)
            context.capture(poll)
            if holds:
                return self._result("passed", f"held after {_summary(poll)}", polls)
            if poll.get("lacks"):  # no time will mend that
                return self._result("failed", f"cannot be told: {poll['error']}", polls)
            failing = self._failing()
            if failing is not None and context.holds(failing, {"poll": poll}):
                return self._result("failed", f"fail_when held after {_summary(poll)}", polls)
            left = context.deadline.remaining(patience - (monotonic() - started)) or 0.0
            if left <= self.every:
                elapsed = monotonic() - started
                limit = patience if elapsed + self.every >= patience else elapsed
                words = _in_vain(polls, limit)
                if patience > self.timeout:
                    words += (
                        f"; longer than its {self.timeout:.3g} s, as '{self.on}' may take ({KEY})"
                    )
                return self._result("failed", words, polls)
            context.deadline.sleep(self.every)

    def _patience(self, context: StepContext) -> float:
        """The timeout, or what the site file says that the PACS may take, where that is longer."""
        query = self.until.query
        if self.until.stored is None and query is not None and query.level == "worklist":
            return self.timeout
        return max(self.timeout, time_left(context, self.on))

    def _look(
        self, context: StepContext, poll: dict[str, Any], started: float, patience: float
    ) -> bool:
        target = context.target(self.on).by(self.via)
        deadline = context.deadline.within(max(0.1, patience - (monotonic() - started)))
        holds = True
        poll |= {"stored": None, "missing": None, "matches": None}
        if self._counts():
            images = (
                [one.image for one in context.ledger.expected(self.on)]
                if self.what is None
                else expected_images(context, self.what, self.on)
            )
            found = presence(target, images, deadline)
            poll |= {"stored": found.stored, "missing": found.missing}
            if not images:
                poll["error"] = f"nothing was sent to '{self.on}'"
            wanted = found.expected if self.until.stored == "all" else self.until.stored or 0
            holds = self.until.stored is None or (bool(images) and found.stored >= wanted)
            context.progress(found.stored, found.expected)
        if self.until.query is not None:
            query = self.until.query
            request = FindRequest(level=query.level, match=query.match)
            if query.level == "worklist":
                request = worklist_request(query.match)
            undeclared = Undeclared()
            answers = ask(target, undeclared.noting(request), deadline)
            poll["matches"] = len(answers.matches)
            holds = holds and not answers.problem
            holds = holds and _counted(self.until.count, len(answers.matches))
            if answers.problem:
                poll["error"] = answers.problem + undeclared.words(target)
                poll["lacks"] = answers.lacks
            elif note := answers.note + undeclared.words(target):
                poll["note"] = note.removeprefix("; ")
        if self.until.expr is not None:
            poll["elapsed"] = round(monotonic() - started, 3)
            holds = holds and context.holds(str(self.until.expr), {"poll": poll})
        return holds

    def _failing(self) -> str | bool | None:
        """The expression of ``fail_when``, however it is written."""
        return self.fail_when.expr if isinstance(self.fail_when, FailWhen) else self.fail_when

    def _counts(self) -> bool:
        """Whether anybody wants to know how much is stored."""
        if self.until.stored is not None:
            return True
        from scenario_runner.language.names import members_read
        from scenario_runner.language.templates import expression_in

        given = [str(each) for each in (self.until.expr, self._failing()) if each is not None]
        read = [members_read(expression_in(each).text, "poll") for each in given]
        return any(names is None or not names.isdisjoint(_STORED) for names in read)

    def _result(
        self, outcome: Literal["passed", "failed"], message: str, polls: list[dict[str, Any]]
    ) -> StepResult:
        # The first and the last polls tell the story; the number of all is kept.
        shown = polls if len(polls) <= 20 else [*polls[:10], *polls[-10:]]
        facts: dict[str, Any] = {"polls": len(polls), "shown": shown}
        if errors := Counter(poll["error"] for poll in polls if poll.get("error")):
            facts["errors"] = dict(errors.most_common(_ERRORS))
        return StepResult(outcome=outcome, message=message, value=polls[-1], facts=facts)


def _counted(count: int | Bounds | None, number: int) -> bool:
    if count is None:
        return number >= 1
    return count.holds(number) if isinstance(count, Bounds) else number == count


def _in_vain(polls: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """How often was asked, what was seen last, and what was wrong with the last poll."""
    text = f"not so within {seconds:.3g} s, asked {_times(len(polls))}"
    seen = next((poll for poll in reversed(polls) if _seen(poll)), None)
    if seen is not None:
        when = "" if seen is polls[-1] else f" (after {seen['elapsed']:.3g} s)"
        text += f"; last seen{when}: {_seen(seen)}"
    if error := polls[-1].get("error"):
        text += f"; the last time: {error}"
    return text


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _seen(poll: Mapping[str, Any]) -> str:
    parts = []
    if poll.get("stored") is not None:
        parts.append(f"{poll['stored']} stored, {poll['missing']} missing")
    if poll.get("matches") is not None:
        parts.append(amount(poll["matches"], "match"))
    if poll.get("note"):
        parts.append(poll["note"])
    return ", ".join(parts)


_STORED = ("stored", "missing")
_ERRORS = 20
"""Kinds of error that the record tells of one wait."""


def _summary(poll: dict[str, Any]) -> str:
    return "; ".join(filter(None, (amount(poll["attempt"], "poll"), _seen(poll))))
