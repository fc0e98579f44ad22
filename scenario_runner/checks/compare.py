"""The checks that compare one value with another: equal, not_equal, contains, matches, between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import ValidationInfo, field_validator, model_validator

from scenario_runner.api import Check, CheckResult, StepContext
from scenario_runner.checks.equality import event_value, kind, same, short, why_not_same
from scenario_runner.language.diagnostic_words import value_words
from scenario_runner.language.quantities import in_order
from scenario_runner.language.searching import PatternError, is_found, require_pattern


def verdict(holds: bool, expected: Any, actual: Any, message: str) -> CheckResult:
    """A result with both sides recorded; the message only when it does not hold."""
    return CheckResult(
        outcome="passed" if holds else "failed",
        expected=event_value(expected),
        actual=event_value(actual),
        message="" if holds else message,
    )


class _Pair(Check):
    compares: ClassVar[Literal["sameness", "difference"] | None] = "sameness"

    actual: Any
    """What is: usually an expression."""
    expected: Any
    """What should be. Types count: ``"1"`` is not ``1``."""

    def evaluate(self, context: StepContext) -> CheckResult:
        raise NotImplementedError


class Equal(_Pair):
    """Holds when both are equal and of one type."""

    name: ClassVar[str] = "equal"
    example: ClassVar[str] = 'equal: {actual: "{{ found | length }}", expected: 1}'

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare deeply."""
        holds = same(self.actual, self.expected)
        message = "" if holds else why_not_same(self.expected, self.actual)
        return verdict(holds, self.expected, self.actual, message)


class NotEqual(_Pair):
    """Holds when the two differ in value or type."""

    name: ClassVar[str] = "not_equal"
    example: ClassVar[str] = 'not_equal: {actual: "{{ found[0].PatientID }}", expected: UNKNOWN}'
    compares = "difference"

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare deeply."""
        holds = not same(self.actual, self.expected)
        return verdict(holds, {"not": self.expected}, self.actual, f"both are {short(self.actual)}")


class Contains(_Pair):
    """Holds when text contains text, a list an item, or a mapping all the given entries.

    In a list of mappings, one that has all the entries of ``expected`` is enough.
    """

    name: ClassVar[str] = "contains"
    example: ClassVar[str] = 'contains: {actual: "{{ found[0].ModalitiesInStudy }}", expected: DX}'

    def evaluate(self, context: StepContext) -> CheckResult:
        """Look into the actual value."""
        holds = _contains(self.actual, self.expected)
        message = f"{short(self.actual)} does not contain {short(self.expected)}"
        return verdict(holds, {"contains": self.expected}, self.actual, message)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and (part in whole or part == whole)
    if isinstance(whole, Mapping):
        if isinstance(part, Mapping):
            return all(key in whole and same(whole[key], part[key]) for key in part)
        return part in whole
    if kind(whole) != "a list":
        return False
    if isinstance(part, Mapping):
        return any(isinstance(item, Mapping) and _contains(item, part) for item in whole)
    return any(same(item, part) for item in whole)


class Matches(_Pair):
    """Holds when the regular expression is found in the text; anchor it with ``^`` and ``$``."""

    name: ClassVar[str] = "matches"
    example: ClassVar[str] = (
        "matches: {actual: \"{{ studies[0].accession }}\", expected: '^[0-9]{4}[A-Z]{2}[0-9]{7}$'}"
    )

    @field_validator("expected")
    @classmethod
    def _compiles(cls, value: Any) -> Any:
        require_pattern(str(value))
        return value

    def evaluate(self, context: StepContext) -> CheckResult:
        """Search; numbers are taken as they are written, null never matches."""
        scalar = isinstance(self.actual, str | int | float) and not isinstance(self.actual, bool)
        try:
            holds = scalar and is_found(str(self.expected), str(self.actual))
        except PatternError as error:
            return verdict(False, {"matches": self.expected}, self.actual, str(error))
        message = f"{short(self.actual)} does not match {self.expected}"
        return verdict(holds, {"matches": self.expected}, self.actual, message)


class Between(Check):
    """Holds when the value lies between two bounds, both included; numbers or text."""

    name: ClassVar[str] = "between"
    example: ClassVar[str] = 'between: {actual: "{{ found | length }}", min: 1, max: 5}'

    actual: Any
    """What is: usually an expression."""
    min: Any = None
    """The lower bound."""
    max: Any = None
    """The upper bound."""

    @field_validator("max")
    @classmethod
    def _in_order(cls, value: Any, info: ValidationInfo) -> Any:
        in_order(info.data.get("min"), value)
        return value

    @model_validator(mode="after")
    def _bounded(self) -> Between:
        if self.min is None and self.max is None:
            raise ValueError("give 'min', 'max' or both")
        return self

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare with both bounds; a value of another type than a bound does not hold."""
        bounds = [bound for bound in (self.min, self.max) if bound is not None]
        wanted = {"min": self.min, "max": self.max}
        if any(kind(bound) != kind(self.actual) for bound in bounds):
            other = next(bound for bound in bounds if kind(bound) != kind(self.actual))
            message = f"cannot compare {_named(self.actual)} with {_named(other)}"
            if isinstance(self.actual, str) and kind(other) == kind(0):
                message += f"; in quotes it is text: '{other}'"
            return verdict(False, wanted, self.actual, message)
        holds = (self.min is None or self.actual >= self.min) and (
            self.max is None or self.actual <= self.max
        )
        message = f"{short(self.actual)} is not between {short(self.min)} and {short(self.max)}"
        return verdict(holds, wanted, self.actual, message)


def _named(value: Any) -> str:
    """A value that is not to be compared: which one it is where a sentence has room for it."""
    return value_words(value) if isinstance(value, str | int | float) else kind(value)
