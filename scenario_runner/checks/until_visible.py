"""The check ``until_visible``."""

from __future__ import annotations

from typing import ClassVar, Final

from pydantic import Field, model_validator

from scenario_runner.amounts import amount
from scenario_runner.api import Check, CheckResult, Duration, StepContext, StepName, TargetName
from scenario_runner.checks.compare import verdict
from scenario_runner.checks.thresholds import held, is_number, refuse_idle, thresholds
from scenario_runner.errors import Advised, UsageError
from scenario_runner.measuring.measured import VISIBLE

PATIENCE: Final = "until_visible.patience"
"""The note that says how many seconds each instance was asked for."""


class UntilVisible(Check):
    """Holds when what was sent could be found by a query soon enough after it had been acknowledged.

    The ``send`` that it is about asks for this while it sends: for instances by their UIDs at the level of an image, each
    ``every`` so often from its acknowledgement until it is found, over one association beside those that send. Of many
    instances it asks for as many as it can, 32 at once. What is not found within ``patience`` fails the check.
    """

    name: ClassVar[str] = "until_visible"
    example: ClassVar[str] = "until_visible: {of: send, p95: 5s}"
    looks_inside: ClassVar[bool] = False

    of: StepName | None = None
    """An earlier ``send``, by its id or what it saves as; by default all of them are asked about, and the last one is looked at."""
    on: TargetName | None = None
    """The PACS to ask; by default the one that is sent to."""
    p50: Duration | None = None
    """How long half of them may take."""
    p90: Duration | None = None
    """How long 90 % of them may take."""
    p95: Duration | None = None
    """How long 95 % of them may take."""
    p99: Duration | None = None
    """How long 99 % of them may take."""
    max: Duration | None = None
    """How long the longest may take."""
    every: Duration = Field(default=0.1, ge=0.001)
    """How often each is asked for; no time is known better than this."""
    patience: Duration = Field(default=60.0, gt=0)
    """How long each is asked for; at least as long as ``expects: {stored_within: …}`` of the site file gives the PACS, and
    as the longest threshold."""

    @model_validator(mode="after")
    def _has_a_threshold(self) -> UntilVisible:
        if not self._thresholds():
            raise ValueError("give a threshold: p50, p90, p95, p99 or max")
        refuse_idle(self, ("p50", "p90", "p95", "p99", "max"))
        if "patience" in self.model_fields_set:
            self._refuse_impatience()
        return self

    def _refuse_impatience(self) -> None:
        longest = max((one for one in self._thresholds().values() if is_number(one)), default=0.0)
        if is_number(self.patience) and longest > self.patience:
            raise Advised(
                f"'patience' is {self.patience:g} s, and {longest:g} s are allowed",
                "leave 'patience' out, which is as long as the longest threshold then",
            )

    @property
    def waits(self) -> float:
        """For how many seconds each is asked for: what a threshold allows is not given up before."""
        return max(self.patience, *self._thresholds().values())

    def _thresholds(self) -> dict[str, float]:
        return thresholds(self, ("p50", "p90", "p95", "p99", "max"))

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare each named quantile."""
        wanted = self._thresholds()
        measured = context.measured(self.of, VISIBLE).get(VISIBLE)
        if measured is None and PATIENCE in context.notes:
            message = "nothing was acknowledged that could be asked for"
            return verdict(
                False, {f"{name}_s": most for name, most in wanted.items()}, {"count": 0}, message
            )
        if measured is None:
            raise UsageError(
                "nobody asked how long it takes until something is visible",
                hint="a 'send' does when this check comes after it and names it, or none, with 'of'",
            )
        result = held(measured.latency, wanted)
        if not measured.failed:
            return result
        patience = context.notes.get(PATIENCE, self.waits)
        message = f"{amount(measured.failed, 'instance')} not found within {patience:g} s"
        return CheckResult(
            outcome="failed",
            expected=result.expected,
            actual={**result.actual, "not_found": measured.failed},
            message="; ".join(filter(None, [message, result.message])),
        )
