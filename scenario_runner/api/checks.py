"""What a check is: a model and its ``evaluate``. ``assert`` runs a list of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from scenario_runner.fields.types import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.api.results import CheckResult
    from scenario_runner.api.steps import StepContext
    from scenario_runner.errors import Advised


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

    @classmethod
    def beyond(cls, parameters: Any, measured: Mapping[str, float]) -> Advised | None:
        """What it asks for that no step can give which it may be about, as far as its parameters tell.

        parameters: as the scenario has them, without those that are templates. measured: the operations that these steps count, and the most of each a second
        that there can be.
        """
        del parameters, measured
        return None

    @abstractmethod
    def evaluate(self, context: StepContext) -> CheckResult:
        """Look, and say what was expected and what is. Raises FabricatorError."""
