"""What a check is: a model and its ``evaluate``. ``assert`` runs a list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from scenario_runner.api.differences import Difference
from scenario_runner.language.fields import Model

if TYPE_CHECKING:
    from scenario_runner.api.steps import StepContext


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a check found. expected and actual are plain values and always given."""

    outcome: Literal["passed", "failed"]
    expected: Any
    actual: Any
    message: str = ""
    """Why it failed, or what was looked at; one sentence."""
    differences: Sequence[Difference] = ()
    """All of them; when there can be very many, ``Differences``, which keeps examples of each kind."""


class Check(Model, ABC):
    """Base of all checks. A subclass has fields, a docstring, ``name`` and ``evaluate``."""

    name: ClassVar[str]
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset()
    names_in_deferred: ClassVar[frozenset[str]] = frozenset()
    example: ClassVar[str] = ""

    @abstractmethod
    def evaluate(self, context: StepContext) -> CheckResult:
        """Look, and say what was expected and what is. Raises FabricatorError."""
