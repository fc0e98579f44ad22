"""Which modalities there are, without loading any of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from scenario_runner.imaging.modalities import defaults

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame, IodBuilder
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass(frozen=True, slots=True)
class BuiltInBuilder:
    """An IOD builder whose module, with ``shared`` and ``each``, is loaded on first use."""

    modality: str
    defaults: ModalityDefaults
    module: str

    def shared(self, series: PlannedSeries, frame: Frame) -> Dataset:
        """See IodBuilder."""
        return cast("Dataset", self._load().shared(series, frame))

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See IodBuilder."""
        return cast("dict[str, Any]", self._load().each(image))

    def _load(self) -> Any:
        return import_module(f"scenario_runner.imaging.modalities.{self.module}")


_MODULES = {"RF": "xa", "PX": "dx", "ES": "vl", "XC": "vl"}
"""Where a modality's module has not its own name."""


def builders() -> list[IodBuilder]:
    """All built-in IOD builders."""
    return [
        BuiltInBuilder(each.modality, each, _MODULES.get(each.modality, each.modality.lower()))
        for each in defaults.ALL
    ]
