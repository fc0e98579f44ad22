"""What plugins and built-ins offer to a plan: the names that a scenario may use."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import SUPPORTED
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scenario_runner.planning.api import Demographics, FaultFacts, ModalityDefaults


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What plugins and built-ins offer to a plan."""

    modalities: Mapping[str, ModalityDefaults]
    demographics: Mapping[str, Demographics]
    transfer_syntaxes: frozenset[str] = SUPPORTED
    phantoms: Mapping[str, frozenset[str] | None] | None = None
    """Name of a phantom to the modalities it can stand for, None for any; None: not checked."""
    usual_phantom: Callable[[str, str, int], str] | None = None
    """What a series shows when nothing is said, from modality, body part and frames."""
    faults: Mapping[str, FaultFacts] = field(default_factory=dict)
