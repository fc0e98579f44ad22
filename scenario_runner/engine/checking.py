"""Evaluating a list of checks: each one on its own, every one reported."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Check, CheckResult, Differences
from scenario_runner.api.guessed import judged_as_it_fits
from scenario_runner.engine.absent import lacked
from scenario_runner.engine.given_back import sound_check
from scenario_runner.engine.kept_objects import suspected
from scenario_runner.engine.negative import judged
from scenario_runner.engine.passed_over import explained
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
from scenario_runner.events import CheckFinished, Outcome
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.scenario import parameters_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.api import StepContext
    from scenario_runner.engine.state import Attempt
    from scenario_runner.language.entries import StepEntry

SIBLINGS = ("must", "fails", "title", "requirements")


def is_judged(
    step: StepEntry, entries: Sequence[StepEntry], checks: Mapping[str, type[Check]]
) -> bool:
    """Whether a check after a step names what the step saves; one that looks only at how it ended does not count.

    entries: those of the whole case, in the order in which they run.
    """
    place = next(index for index, one in enumerate(entries) if one.id == step.id)
    names = "|".join(re.escape(name) for name in (step.id, step.save_as) if name)
    word = re.compile(rf"(?<![\w.-])(?:{names})(?![\w-])")
    return any(
        word.search(str(check[name]))
        for later in entries[place + 1 :]
        if later.step == "assert" and isinstance(later.parameters, list)
        for check in later.parameters
        if isinstance(check, Mapping)
        for name in check
        if name in checks and checks[name].looks_inside
    )


def judging(step: StepEntry, entries: Sequence[StepEntry], name: str) -> list[Mapping[str, Any]]:
    """The parameters, as written, of each check of that name which comes after a step and is about it.

    A check that names no step with ``of`` is about all before it. entries: as of ``is_judged``.
    """
    place = next(index for index, one in enumerate(entries) if one.id == step.id)
    found = []
    for later in entries[place + 1 :]:
        if later.step != "assert" or not isinstance(later.parameters, list):
            continue
        for check in later.parameters:
            given = check.get(name) if isinstance(check, Mapping) else None
            if isinstance(given, Mapping) and given.get("of") in (None, step.id, step.save_as):
                found.append(given)
    return found


def evaluate_checks(
    attempt: Attempt, context: StepContext, entries: Any
) -> tuple[list[CheckResult], bool]:
    """Evaluate in order, in the context of an attempt. Returns the results and whether a check with ``must`` failed.

    After such a check the remaining ones are reported as skipped, and so are those that need what a step did not save
    whose target lacks the service; skipped ones have no result. A check whose templates cannot be
    rendered has failed: what it talks about is not there.
    """
    results: list[CheckResult] = []
    attempt.pictures.clear()
    attempt.failed_checks.clear()
    stopped = False
    for index, entry in enumerate(entries):
        name = next(key for key in entry if key not in SIBLINGS)
        if stopped:
            _skip(attempt, name, entry, "an earlier 'must' check failed")
            continue
        if why := lacked(attempt.state, attempt.entry, entry[name]):
            _skip(attempt, name, entry, why)
            continue
        result = _evaluate(attempt, context, index, name, entry)
        _report(attempt, name, entry, result)
        results.append(result)
        attempt.pictures += result.pictures
        if result.outcome == "failed":
            attempt.failed_checks.append(index)
        stopped = result.outcome == "failed" and entry.get("must") is True
    return results, stopped


def _evaluate(
    attempt: Attempt, context: StepContext, index: int, name: str, entry: Mapping[str, Any]
) -> CheckResult:
    parameters = entry[name]
    path = (*attempt.entry.parameters_path, index, name)
    model: type[Check] = attempt.state.services.checks[name]
    try:

        def made(names: Mapping[str, Any]) -> Check:
            return parameters_at(parameters, path, model, names, attempt.entry.origins)

        check = made(attempt.names)
        result = check.evaluate(context)
        if not isinstance(result, CheckResult):
            raise TypeError(f"it gave {type(result).__name__} and no CheckResult")  # noqa: TRY301 - as if it had raised it
        result = judged_as_it_fits(context, check, result, attempt.names, made)
        return _as_wanted(attempt, entry, sound_check(result))
    except InvalidInput as error:
        first = explained(attempt.state.passed_over, error).diagnostics[0]
        return CheckResult(
            outcome="failed",
            expected=_plain(parameters),
            actual=None,
            message=f"{first.where.place}: {first.message}{f'; {first.hint}' if first.hint else ''}",
        )
    except (UsageError, StepTimeout) as error:
        failed = CheckResult(
            outcome="failed",
            expected=_plain(parameters),
            actual=None,
            message=error.message if error.hint is None else f"{error.message}; {error.hint}",
        )
        # A wrong scenario is not the failure that a negative test is about.
        return failed if isinstance(error, UsageError) else _as_wanted(attempt, entry, failed)
    except FabricatorError as error:
        # The PACS or the machine failed, not the check: report it, then end the step in an error.
        result = CheckResult(
            outcome="failed", expected=_plain(parameters), actual=None, message=str(error)
        )
        if entry.get("fails") is not None and not isinstance(error, Interrupted):
            return _as_wanted(attempt, entry, result)
        _report(attempt, name, entry, result, outcome="error")
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        keep_traceback(context, error, f"Traceback of the check {name}")
        defect = Defect(f"check '{name}' has a defect: {described(error)}")
        result = CheckResult(
            outcome="failed", expected=_plain(parameters), actual=None, message=defect.message
        )
        _report(attempt, name, entry, result, outcome="error")
        raise defect from error


def _as_wanted(attempt: Attempt, entry: Mapping[str, Any], result: CheckResult) -> CheckResult:
    """The result of a check that is to fail, turned round; what was found stays in it."""
    fails = entry.get("fails")
    if fails is None:
        return result
    failed = result.outcome == "failed"
    kinds = Differences.of(result.differences).kinds()
    holds, message = judged(
        failed, result.message, str(as_written(fails)), attempt.names, [one.words for one in kinds]
    )
    return dataclasses.replace(result, outcome="passed" if holds else "failed", message=message)


def _plain(parameters: Any) -> Any:
    return parameters if isinstance(parameters, dict | list) else str(parameters)


def _skip(attempt: Attempt, name: str, entry: Mapping[str, Any], why: str) -> None:
    result = CheckResult(outcome="failed", expected=None, actual=None, message=why)
    _report(attempt, name, entry, result, outcome="skipped")


def _report(
    attempt: Attempt,
    name: str,
    entry: Mapping[str, Any],
    result: CheckResult,
    outcome: Outcome | None = None,
) -> None:
    title, requirements = entry.get("title"), entry.get("requirements")
    found = Differences.of(result.differences)
    if result.outcome == "failed" and outcome != "skipped":
        for one in suspected(one.subject for one in found):
            attempt.state.suspects.setdefault(one, attempt.step_id)
    attempt.outlet.emit(
        CheckFinished(
            case=attempt.case.id,
            id=attempt.step_id,
            attempt=attempt.attempt,
            check=name,
            title=str(title or ""),
            outcome=outcome or result.outcome,
            foreseen=entry.get("fails") is not None and (outcome or result.outcome) == "passed",
            expected=result.expected,
            actual=result.actual,
            message=result.message,
            differences=[one.plain() for one in found],
            difference_count=found.total,
            kinds=[kind.plain() for kind in found.kinds()],
            requirements=[str(one) for one in requirements or ()],
        )
    )
