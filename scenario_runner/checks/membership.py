"""The checks about lists: in, empty, count."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Annotated, Any, ClassVar

from pydantic import Field

from scenario_runner.api import Check, CheckResult, StepContext
from scenario_runner.checks.compare import verdict
from scenario_runner.checks.equality import kind, same, short
from scenario_runner.language.quantities import Bounds


class In(Check):
    """Holds when the actual value is one of the expected ones."""

    name: ClassVar[str] = "in"
    compares = "sameness"
    example: ClassVar[str] = 'in: {actual: "{{ found[0].PatientSex }}", expected: [F, M]}'

    actual: Any
    """What is: usually an expression."""
    expected: list[Any]
    """The values allowed."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Look through the list; types count."""
        holds = any(same(self.actual, item) for item in self.expected)
        message = f"{short(self.actual)} is none of {short(self.expected)}"
        return verdict(holds, {"in": self.expected}, self.actual, message)


class Empty(Check):
    """Holds when there is nothing: null, empty text, an empty list or mapping."""

    name: ClassVar[str] = "empty"
    compares = "sameness"
    example: ClassVar[str] = 'empty: {actual: "{{ found }}"}'

    actual: Any
    """What is: usually an expression."""
    expected: bool = True
    """``false`` asks for the opposite."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """0 and false are something."""
        nothing = self.actual is None or (isinstance(self.actual, Sized) and len(self.actual) == 0)
        wanted = "empty" if self.expected else "not empty"
        message = f"expected it to be {wanted} but got {short(self.actual)}"
        return verdict(nothing is self.expected, wanted, self.actual, message)


class Count(Check):
    """Holds when a list, mapping or text has so many members."""

    name: ClassVar[str] = "count"
    compares = "sameness"
    example: ClassVar[str] = 'count: {actual: "{{ found }}", expected: {min: 1, max: 5}}'

    actual: Any
    """A list, mapping, text, the handle of ``retrieve``, or a whole number."""
    expected: Annotated[int, Field(ge=0)] | Bounds
    """The number, or its bounds."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Count and compare."""
        wanted: Any = self.expected
        if isinstance(self.actual, Sized | Mapping):
            number = len(self.actual)
        elif isinstance(self.actual, int) and not isinstance(self.actual, bool):
            number = self.actual
        else:
            return verdict(False, wanted, self.actual, f"{kind(self.actual)} cannot be counted")
        if isinstance(self.expected, Bounds):
            holds = self.expected.holds(number)
            wanted = self.expected.model_dump()
        else:
            holds = number == self.expected
        return verdict(holds, wanted, number, f"counted {number}, expected {short(wanted)}")
