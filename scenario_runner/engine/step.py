"""One step of one case: its attempts, its time, its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

from scenario_runner.api import Deadline, StepResult
from scenario_runner.engine.bounded import GRACE, within
from scenario_runner.engine.came_to import came_to
from scenario_runner.engine.context import AttemptContext
from scenario_runner.engine.given_back import sound_step
from scenario_runner.engine.moments import utc_text
from scenario_runner.engine.negative import judged
from scenario_runner.engine.passed_over import explained, pass_over
from scenario_runner.engine.services import Services
from scenario_runner.engine.state import CaseState
from scenario_runner.engine.tracebacks import keep_traceback
from scenario_runner.errors import (
    Defect,
    FabricatorError,
    Interrupted,
    InvalidInput,
    StepTimeout,
    UsageError,
    described,
)
from scenario_runner.events import (
    AS_IT_SHOULD,
    AttemptFinished,
    Outcome,
    StepFinished,
    StepStarted,
)
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.scenario import step_parameters
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.templates import is_template, render_text
from scenario_runner.lazy_dataclasses import dataclass

MISTAKES = (UsageError, InvalidInput, Interrupted, Defect)
"""What ends a step that is to fail and is no such failure: a wrong scenario, the user, a bug."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt or a step came out."""

    outcome: Outcome
    message: str
    value: Any = None
    facts: Mapping[str, Any] | None = None
    exit_code: int = 0
    """What ``fabricate`` returns if nothing worse happens."""
    reasons: Sequence[str] = ()
    """What went wrong beside what the message says."""
    final: bool = False
    """No further attempt: a check with ``must`` failed, or the user stopped the run."""
    moot: bool = False
    """Skipped because the case cannot be carried out here, which ends it."""
    absent: bool = False
    """Skipped because the target has no such service: who needs what it would have saved is skipped, too."""


class StepRunner:
    """Runs one entry once: all its attempts, for one item of ``for_each`` at the most."""

    def __init__(
        self,
        state: CaseState,
        entry: StepEntry,
        step_id: str,
        deadline: Deadline,
        names: Mapping[str, Any],
    ) -> None:
        self._state = state
        self._entry = entry
        self._id = step_id
        # The step's own timeout covers all its attempts and the pauses between them.
        self._deadline = deadline.within(entry.timeout)
        self._names = names
        self._title = _title(entry, names, self._deadline)
        self._bus = state.services.bus
        self._case = state.job.case.id
        self._last: AttemptContext | None = None

    def run(self) -> Ending:
        """Attempt until it passes or the attempts are used up; every attempt is an event."""
        entry = self._entry
        self._bus.emit(
            StepStarted(
                case=self._case,
                id=self._id,
                step=entry.step,
                title=self._title,
                section=entry.section,
            )
        )
        started_at = utc_text(self._state.services.clock())
        started = perf_counter()
        attempts = entry.retry.attempts if entry.retry else 1
        attempt = 0
        while True:
            attempt += 1
            began = perf_counter()
            ending = self._attempt(attempt)
            self._bus.emit(
                AttemptFinished(
                    case=self._case,
                    id=self._id,
                    attempt=attempt,
                    outcome=ending.outcome,
                    message=ending.message,
                    duration_s=round(perf_counter() - began, 6),
                )
            )
            if attempt >= attempts or ending.final or not self._retries(ending.outcome):
                break
            assert entry.retry is not None
            try:
                self._deadline.sleep(entry.retry.delay)
            except FabricatorError as error:
                ending = from_error(error, ending.value)
                break
        ending = self._with_templates(self._with_pictures(ending))
        seconds = round(perf_counter() - started, 6)
        self._state.durations[self._id] = seconds
        self._state.measures.tell(self._id, self._bus.emit)
        titled = replace(entry, title=self._title)
        finish(self._state, titled, self._id, ending, Took(attempt, started_at, seconds))
        return ending

    def _with_pictures(self, ending: Ending) -> Ending:
        """The ending, the pictures of the last attempt kept; worse when there is no room for them."""
        if self._last is not None and not self._last.outlet.is_left:
            try:
                self._last.keep_pictures()
            except FabricatorError as error:
                return worst(ending, from_error(error, ending.value))
        return ending

    def _with_templates(self, ending: Ending) -> Ending:
        """The ending of a step that did not pass, with what its templates came to in its last attempt."""
        if ending.outcome not in ("failed", "error"):
            return ending
        checks = () if self._last is None else self._last.failed_checks
        work = partial(came_to, self._state, self._entry, self._names, checks)
        try:
            told = within(Deadline(GRACE), work, lambda: None)
        except FabricatorError:
            return ending
        return (
            replace(ending, facts={**(ending.facts or {}), "templates": told}) if told else ending
        )

    def _retries(self, outcome: Outcome) -> bool:
        retry = self._entry.retry
        return retry is not None and outcome in retry.on

    def _attempt(self, attempt: int) -> Ending:
        context = AttemptContext(
            self._state, self._entry, self._id, attempt, self._deadline, self._names
        )
        self._last = context
        try:
            self._deadline.check()
            result = within(self._deadline, lambda: self._carry_out(context), context.outlet.leave)
        except FabricatorError as error:
            told: FabricatorError = error
            if isinstance(error, InvalidInput):
                told = InvalidInput(
                    self._state.job.scenario.traced(
                        explained(self._state.passed_over, error).diagnostics
                    )
                )
            ending = from_error(told, context.captured)
            before = f"{context.captured_message}; " if context.captured_message else ""
            after = ""
            if isinstance(error, StepTimeout) and context.how_far and not before:
                after = f"; by then {context.how_far}"
            ending = replace(
                ending, message=f"{before}{ending.message}{after}", facts=context.captured_facts
            )
            return ending if isinstance(error, MISTAKES) else self._as_wanted(ending)
        except KeyboardInterrupt:
            return self._interrupted(context)
        except BaseException as error:  # noqa: BLE001 - a third party's step may raise anything
            return self._defect(context, error)
        ending = Ending(
            outcome=result.outcome,
            message=result.message,
            value=result.value,
            facts=result.facts,
            reasons=result.reasons,
            exit_code=1 if result.outcome == "failed" else 0,
            final=context.must_stop,
            moot=result.moot and result.outcome == "skipped",
            absent=result.absent and result.outcome == "skipped",
        )
        return self._as_wanted(ending)

    def _carry_out(self, context: AttemptContext) -> StepResult:
        model = self._state.services.steps[self._entry.step]
        return sound_step(step_parameters(self._entry, model, self._names).run(context))

    def _as_wanted(self, ending: Ending) -> Ending:
        """The ending of a step that is to fail: turned round, when it says what it should."""
        if self._entry.fails is None or ending.outcome in ("skipped", "interrupted"):
            return ending
        if is_one_of_several(self._entry) and ending.outcome == "passed":
            return ending  # what the turns come to together is judged after the last
        holds, message = judged(
            ending.outcome != "passed",
            ending.message,
            self._entry.fails,
            self._names,
            ending.reasons,
        )
        if holds:
            return replace(ending, outcome="passed", message=message, exit_code=0, final=False)
        return replace(ending, outcome="failed", message=message, exit_code=1)

    def _interrupted(self, context: AttemptContext) -> Ending:
        self._bus.interrupt()
        return from_error(Interrupted(), context.captured)

    def _defect(self, context: AttemptContext, error: BaseException) -> Ending:
        """A bug of the step: its traceback becomes evidence, the user gets a sentence."""
        keep_traceback(context, error, "Traceback of the step")
        message = f"step '{self._entry.step}' has a defect: {described(error)}"
        return Ending("error", message, value=context.captured, exit_code=4)


def is_one_of_several(entry: StepEntry) -> bool:
    """Whether a step is over only when an ``until`` of its ``repeat`` says so."""
    return entry.repeat is not None and entry.repeat.until is not None


def _title(entry: StepEntry, names: Mapping[str, Any], deadline: Deadline) -> str:
    """The title with its templates rendered; as written when that cannot be done in time."""
    title = entry.title or ""
    if not is_template(title):
        return title
    try:
        return str(within(deadline, lambda: as_written(render_text(title, names)), lambda: None))
    except (TemplateProblem, FabricatorError):
        return title


def from_error(error: FabricatorError, value: Any) -> Ending:
    """The ending of a step that raised; whatever is wrong with a step, the scenario is."""
    if isinstance(error, Interrupted):
        return Ending("interrupted", "interrupted", value, exit_code=130, final=True)
    if isinstance(error, StepTimeout):
        return Ending("failed", error.message, value, exit_code=1)
    if isinstance(error, InvalidInput):
        first = error.diagnostics[0]
        message = f"{first.where.place}: {first.message}"
        hint = first.hint
    else:
        message, hint = str(error), error.hint
    wrong = InvalidInput if isinstance(error, UsageError) else error
    return Ending(
        "error", f"{message} ({hint})" if hint else message, value, exit_code=wrong.exit_code
    )


def from_thrown(what: str, error: BaseException, services: Services) -> Ending:
    """The ending of a case in which code outside of any step threw something."""
    if isinstance(error, KeyboardInterrupt):
        services.bus.interrupt()
        error = Interrupted()
    if isinstance(error, FabricatorError):
        return from_error(error, None)
    return Ending("error", f"{what} has a defect: {described(error)}", exit_code=4)


@dataclass(frozen=True, slots=True)
class Took:
    """How long a step went on. started: in UTC, as events have it."""

    attempts: int
    started: str
    seconds: float


def finish(
    state: CaseState,
    entry: StepEntry,
    step_id: str,
    ending: Ending,
    took: Took | None = None,
) -> None:
    """Say that a step is over, also one that was skipped or could not begin, which took nothing."""
    took = took or Took(0, utc_text(state.services.clock()), 0.0)
    state.services.bus.emit(
        StepFinished(
            case=state.job.case.id,
            id=step_id,
            step=entry.step,
            title=entry.title or "",
            section=entry.section,
            outcome=ending.outcome,
            attempts=took.attempts,
            started=took.started,
            duration_s=took.seconds,
            message=ending.message,
            facts=dict(ending.facts or {}),
            requirements=list(entry.requirements),
            foreseen=entry.fails is not None
            and ending.outcome == "passed"
            and ending.message.startswith(AS_IT_SHOULD),
        )
    )


def skip(state: CaseState, entry: StepEntry, step_id: str, why: str) -> Ending:
    """A step that does not run; it is in the record all the same."""
    pass_over(state.passed_over, entry, step_id, why)
    ending = Ending("skipped", why)
    entry = replace(entry, title=_title(entry, dict(state.names), Deadline(GRACE)))
    finish(state, entry, step_id, ending)
    return ending


def worst(*endings: Ending) -> Ending:
    """The ending that decides: interrupted, then error, failed, passed, skipped."""
    order = ("skipped", "passed", "failed", "error", "interrupted")
    chosen = max(endings, key=lambda ending: (order.index(ending.outcome), ending.moot))
    return replace(chosen, exit_code=max(chosen.exit_code, *(e.exit_code for e in endings)))


def together(*endings: Ending) -> Ending:
    """The ending of a case by those of its steps: the worst, but one that came to nothing has not passed."""
    chosen = worst(*endings)
    moot = next((ending for ending in endings if ending.moot), None)
    return moot if moot is not None and chosen.outcome == "passed" else chosen
