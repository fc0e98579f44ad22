"""The checks ``latency``, ``throughput`` and ``errors``: what a step measured, held to a threshold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import Check, CheckResult, Duration, StepContext, StepName, Text
from scenario_runner.checks.compare import verdict
from scenario_runner.errors import Advised, UsageError
from scenario_runner.language.quantities import Rate, Share, in_order, rate_of, refuse_all
from scenario_runner.measuring.histogram import Histogram
from scenario_runner.measuring.measured import VISIBLE, Measured

_CLOSE = 1e-9
"""By how much of it a rate may be above another one, which was reckoned, and be the same."""

QUANTILES: Mapping[str, float] = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


class _Threshold(Check):
    """A check of what a step measured."""

    looks_inside: ClassVar[bool] = False

    of: StepName | None = None
    """An earlier step, by its id or what it saves as; by default the last one that did something on a PACS."""
    operation: Annotated[Text, Field(min_length=1, max_length=64)] | None = None
    """Which of its operations, where it has several: ``C-STORE``, ``C-FIND``; by default all of them."""

    @classmethod
    def beyond(cls, parameters: Any, measured: Mapping[str, float]) -> Advised | None:
        """An operation that the steps do not have, or any of steps that have none."""
        if not measured:
            return Advised(
                "no operation on a PACS is measured there",
                "name with 'of' a send, echo, query, worklist or retrieve",
            )
        wanted = parameters.get("operation")
        if wanted is None or _chosen(measured, str(wanted)):
            return None
        return Advised(
            f"no operation '{wanted}' is measured there",
            f"it is one of: {', '.join(sorted(measured))}",
        )

    def _measured(self, context: StepContext) -> list[Measured]:
        """What is looked at. Raises UsageError when there is nothing."""
        every = context.measured(self.of)
        found = [
            one
            for name, one in every.items()
            if name != VISIBLE
            and (self.operation is None or name.lower() == self.operation.lower())
        ]
        if not found:
            raise UsageError(
                f"the step measured no operation '{self.operation}'",
                hint=f"it measured: {', '.join(every)}",
            )
        return found


def _chosen(measured: Mapping[str, float], operation: str | None) -> list[float]:
    return [
        most
        for name, most in measured.items()
        if operation in (None, name) or name.lower() == str(operation).lower()
    ]


class Latency(_Threshold):
    """Holds when the operations of a step took no longer than allowed, each named quantile of them.

    Counted is each C-ECHO, C-STORE, query and retrieval that was answered. Under ``load`` with a rate, time counts
    from the moment an operation was to begin: what waits for a free association waits. ``of_request: true`` looks at the
    time from the request alone.
    """

    name: ClassVar[str] = "latency"
    example: ClassVar[str] = "latency: {of: send, p95: 200ms, p99: 1s}"

    p50: Duration | None = None
    """What half of them may take."""
    p90: Duration | None = None
    """What 90 % of them may take."""
    p95: Duration | None = None
    """What 95 % of them may take."""
    p99: Duration | None = None
    """What 99 % of them may take."""
    p999: Duration | None = None
    """What 99.9 % of them may take."""
    max: Duration | None = None
    """What the longest may take."""
    mean: Duration | None = None
    """What they may take on average."""
    of_request: bool = False
    """Whether time counts from the request, also where it was planned when it was to be made."""

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Latency:
        if not self._thresholds():
            raise ValueError("give a threshold: p50, p90, p95, p99, p999, max or mean")
        refuse_idle(self, (*QUANTILES, "max"))
        refuse_idle(self, ("mean", "max"))
        return self

    def _thresholds(self) -> dict[str, float]:
        return thresholds(self, (*QUANTILES, "max", "mean"))

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare each named quantile."""
        whole = Histogram()
        for one in self._measured(context):
            whole.add(one.service if self.of_request and one.service else one.latency)
        return held(whole, self._thresholds())


class Throughput(_Threshold):
    """Holds when so many operations a second were done between the first request and the last answer.

    Those that failed do not count. ``max`` looks at the gaps between them, of which there is one less: what is sent with
    ``rate: 6/s`` holds ``max: 6/s``.
    """

    name: ClassVar[str] = "throughput"
    example: ClassVar[str] = "throughput: {of: send, min: 20/s}"

    min: Rate | None = None
    """At least so many a second."""
    max: Rate | None = None
    """At most so many a second, where a PACS or a line is to be spared."""

    @model_validator(mode="after")
    def _has_a_threshold(self) -> Throughput:
        if self.min is None and self.max is None:
            raise ValueError("give a threshold: min or max")
        in_order(self.min, self.max)
        return self

    @classmethod
    def beyond(cls, parameters: Any, measured: Mapping[str, float]) -> Advised | None:
        """More a second than is ever offered, which no PACS can do."""
        if (found := super().beyond(parameters, measured)) is not None:
            return found
        least = rate_of(parameters.get("min"))
        most = max(_chosen(measured, parameters.get("operation")))
        if least is None or least <= most * (1 + _CLOSE):
            return None
        return Advised(
            f"'min' is {least:.4g}/s, and no more than {most:.4g}/s are offered",
            "lower 'min', or raise the rate of the load",
        )

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare the rate."""
        measured = self._measured(context)
        done = sum(one.latency.count - one.failed for one in measured)
        span = max(one.last for one in measured) - min(one.first for one in measured)
        rate = done / span if span > 0 else 0.0
        wanted = thresholds(self, ("min", "max"))
        message = f"{amount(done, 'operation')} in {span:.3g} s are {rate:.4g}/s"
        actual: dict[str, float] = {"per_second": round(rate, 3), "done": done}
        holds = wanted.get("min", 0.0) <= rate
        if self.max is not None:
            # Six at 6/s are over after five sixths of a second: what comes at a rate has one gap less than operations.
            paced = max(done - 1, 0) / span if span > 0 else 0.0
            actual["per_second_paced"] = round(paced, 3)
            message += f", one after the other {paced:.4g}/s"
            holds = holds and paced <= self.max
        expected = {f"{name}_per_second": value for name, value in wanted.items()}
        return verdict(holds, expected, actual, message)


class Errors(_Threshold):
    """Holds when no more of a step's operations failed than allowed: refused, not answered, or never begun for an error."""

    name: ClassVar[str] = "errors"
    example: ClassVar[str] = "errors: {of: send, max: 0.1%}"

    max: Share
    """The share that may fail; 0 for none."""

    @field_validator("max")
    @classmethod
    def _can_fail(cls, value: float) -> float:
        return refuse_all(value, "'max' is 100 %, which holds whatever fails")

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare the share."""
        measured = self._measured(context)
        every = sum(one.latency.count + one.unanswered for one in measured)
        failed = sum(one.failed + one.unanswered for one in measured)
        share = failed / every if every else 0.0
        message = f"{failed} of {amount(every, 'operation')} failed, {share:.3%}"
        actual = {"share": round(share, 6), "failed": failed, "of": every}
        return verdict(share <= self.max, {"max_share": self.max}, actual, message)


def thresholds(check: Check, names: tuple[str, ...]) -> dict[str, float]:
    """Those of a check's thresholds that it was given."""
    return {name: value for name in names if (value := getattr(check, name)) is not None}


def refuse_idle(check: Check, names: tuple[str, ...]) -> None:
    """Raises Advised where a threshold is above one of more of the operations, which holds it by itself.

    names: from the one of the fewest operations on.
    """
    given = [(name, value) for name, value in thresholds(check, names).items() if is_number(value)]
    for (less, longer), (more, shorter) in itertools.pairwise(given):
        if longer > shorter:
            raise Advised(
                f"'{less}' is {longer:g} s and '{more}' is {shorter:g} s, so that '{less}' says nothing",
                "swap them, or leave one out",
            )


def is_number(value: object) -> bool:
    """A template is none until the check's turn comes."""
    return isinstance(value, int | float)


def held(histogram: Histogram, wanted: Mapping[str, float]) -> CheckResult:
    """Compare quantiles, ``max`` and ``mean`` of a histogram, in seconds, with what each may be."""
    actual = {
        name: histogram.max
        if name == "max"
        else histogram.mean
        if name == "mean"
        else histogram.quantile(QUANTILES[name])
        for name in wanted
    }
    over = [name for name, most in wanted.items() if actual[name] > most]
    message = "; ".join(
        f"{name} is {actual[name]:.4g} s, more than {wanted[name]:g} s" for name in over
    )
    if not histogram.count:
        message = "nothing was answered"
    return verdict(
        not over and histogram.count > 0,
        {f"{name}_s": most for name, most in wanted.items()},
        {**{f"{name}_s": round(one, 6) for name, one in actual.items()}, "count": histogram.count},
        f"{message}, of {amount(histogram.count, 'operation')}" if over else message,
    )
