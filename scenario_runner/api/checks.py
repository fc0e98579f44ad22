"""What a check is: a model and its ``evaluate``. ``assert`` runs a list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from scenario_runner.fields.types import Model

if TYPE_CHECKING:
    from scenario_runner.api.results import CheckResult
    from scenario_runner.api.steps import StepContext


class Check(Model, ABC):
    """Base of all checks. A subclass has fields, a docstring, ``name`` and ``evaluate``."""

    name: ClassVar[str]
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset()
    names_in_deferred: ClassVar[frozenset[str]] = frozenset()
    example: ClassVar[str] = ""
    looks_inside: ClassVar[bool] = True
    """False for a check of how a step ended, which passes whatever a retrieval did not bring."""
    compares: ClassVar[Literal["sameness", "difference"] | None] = None
    """What it holds for, where its parameters are all that it looks at. Text of which its server did not say the character
    set is then read as it fits."""

    @abstractmethod
    def evaluate(self, context: StepContext) -> CheckResult:
        """Look, and say what was expected and what is. Raises FabricatorError."""
