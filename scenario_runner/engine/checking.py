"""Evaluating a list of checks: each one on its own, every one reported."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Check, CheckResult, Differences
from scenario_runner.engine.negative import judged
from scenario_runner.errors import (
    FabricatorError,
    Interrupted,
    InvalidInput,
    StepTimeout,
    UsageError,
)
from scenario_runner.events import CheckFinished, Outcome
from scenario_runner.language.binding import bind
from scenario_runner.language.scalars import as_written
from scenario_runner.language.templates import render_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.engine.context import AttemptContext

SIBLINGS = ("must", "fails", "title", "requirements")


def evaluate_checks(context: AttemptContext, entries: Any) -> tuple[list[CheckResult], bool]:
    """Evaluate in order. Returns the results and whether a check with ``must`` failed.

    After such a check the remaining ones are reported as skipped. A check whose templates cannot be
    rendered has failed: what it talks about is not there.
    """
    results: list[CheckResult] = []
    stopped = False
    for index, entry in enumerate(entries):
        name = next(key for key in entry if key not in SIBLINGS)
        if stopped:
            _report(context, name, entry, None)
            continue
        result = _evaluate(context, index, name, entry)
        _report(context, name, entry, result)
        results.append(result)
        stopped = result.outcome == "failed" and entry.get("must") is True
    return results, stopped


def _evaluate(
    context: AttemptContext, index: int, name: str, entry: Mapping[str, Any]
) -> CheckResult:
    parameters = entry[name]
    document = context.state.job.scenario.document
    path = (*context.entry.parameters_path, index, name)
    model: type[Check] = context.state.services.checks[name]
    try:
        tree = render_tree(parameters, context.names, document.where, path, model.deferred)
        return _as_wanted(context, entry, bind(model, tree, document, path).evaluate(context))
    except InvalidInput as error:
        first = error.diagnostics[0]
        return CheckResult(
            outcome="failed",
            expected=_plain(parameters),
            actual=None,
            message=f"{first.where.place}: {first.message}",
        )
    except (UsageError, StepTimeout) as error:
        failed = CheckResult(
            outcome="failed",
            expected=_plain(parameters),
            actual=None,
            message=error.message if error.hint is None else f"{error.message}; {error.hint}",
        )
        # A wrong scenario is not the failure that a negative test is about.
        return failed if isinstance(error, UsageError) else _as_wanted(context, entry, failed)
    except FabricatorError as error:
        # The PACS or the machine failed, not the check: report it, then end the step in an error.
        result = CheckResult(
            outcome="failed", expected=_plain(parameters), actual=None, message=str(error)
        )
        if entry.get("fails") is not None and not isinstance(error, Interrupted):
            return _as_wanted(context, entry, result)
        _report(context, name, entry, result, outcome="error")
        raise


def _as_wanted(
    context: AttemptContext, entry: Mapping[str, Any], result: CheckResult
) -> CheckResult:
    """The result of a check that is to fail, turned round; what was found stays in it."""
    fails = entry.get("fails")
    if fails is None:
        return result
    failed = result.outcome == "failed"
    kinds = Differences.of(result.differences).kinds()
    holds, message = judged(
        failed, result.message, str(as_written(fails)), context.names, [one.words for one in kinds]
    )
    return dataclasses.replace(result, outcome="passed" if holds else "failed", message=message)


def _plain(parameters: Any) -> Any:
    return parameters if isinstance(parameters, dict | list) else str(parameters)


def _report(
    context: AttemptContext,
    name: str,
    entry: Mapping[str, Any],
    result: CheckResult | None,
    outcome: Outcome | None = None,
) -> None:
    title, requirements = entry.get("title"), entry.get("requirements")
    if result is None:
        result = CheckResult(
            outcome="failed", expected=None, actual=None, message="an earlier 'must' check failed"
        )
        outcome = "skipped"
    found = Differences.of(result.differences)
    context.state.services.bus.emit(
        CheckFinished(
            case=context.case.id,
            id=context.step_id,
            attempt=context.attempt,
            check=name,
            title=str(title or ""),
            outcome=outcome or result.outcome,
            expected=result.expected,
            actual=result.actual,
            message=result.message,
            differences=[one.plain() for one in found],
            difference_count=found.total,
            kinds=[kind.plain() for kind in found.kinds()],
            requirements=[str(one) for one in requirements or ()],
        )
    )
