"""How a built-in fault is written down: its facts and the function that breaks the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.api import FaultFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawObject

    Break = Callable[[RawObject, Faulty], None]

SPATIAL = frozenset({"CT", "MR", "PT"})
"""Modalities whose images have a place in the patient and a frame of reference."""

DX_FAMILY = frozenset({"DX", "IO", "MG", "PX"})
RESCALED = DX_FAMILY | {"CT", "PR", "PT"}
"""Modalities whose objects have a rescale slope."""
MEASURED = DX_FAMILY | SPATIAL | {"CR", "NM", "RF", "XA"}
"""Modalities whose images say how far apart their pixels are."""

PATIENT = ("same-patient",)
"""Another series of the study has the right value, and so differs."""
STUDY = ("same-study",)


@dataclass(frozen=True, slots=True)
class BuiltInFault:
    """A fault of this package."""

    name: str
    facts: FaultFacts
    change: Break

    def apply(self, broken: RawObject, about: Faulty) -> None:
        """See Fault."""
        self.change(broken, about)


def fault(
    name: str, summary: str, *rules: str, change: Break | None = None, **facts: Any
) -> BuiltInFault:
    """A fault; without ``change`` the plan alone makes it, as with a SOPInstanceUID."""
    return BuiltInFault(name, FaultFacts(summary=summary, rules=rules, **facts), change or _nothing)


def put(keyword: str, value: str | bytes, vr: str = "") -> Break:
    """Set an attribute."""

    def change(broken: RawObject, _about: Faulty) -> None:
        broken.put(keyword, value, vr)

    return change


def remove(keyword: str) -> Break:
    """Leave an attribute out. An object that never had it cannot have the fault."""

    def change(broken: RawObject, _about: Faulty) -> None:
        if not broken.remove(keyword):
            raise CannotHaveFaultError(f"the object has no {keyword}")

    return change


def _nothing(_broken: RawObject, _about: Faulty) -> None:
    """The object is made by the plan, which has the fault already."""
