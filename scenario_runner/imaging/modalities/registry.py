"""Which kinds of objects there are, without loading any of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from scenario_runner.imaging.modalities import defaults
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import (
        Document,
        DocumentBuilder,
        FirstFrame,
        Frame,
        IodBuilder,
    )
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass(frozen=True, slots=True)
class BuiltInBuilder:
    """An IOD builder whose module, with ``shared`` and ``each``, is loaded on first use."""

    defaults: ModalityDefaults
    module: str

    @property
    def modality(self) -> str:
        """See IodBuilder."""
        return self.defaults.modality

    def shared(self, series: PlannedSeries, frame: Frame) -> Dataset:
        """See IodBuilder."""
        return cast("Dataset", _load(self.module).shared(series, frame))

    def each(self, image: PlannedImage) -> dict[str, Any]:
        """See IodBuilder."""
        return cast("dict[str, Any]", _load(self.module).each(image))


@dataclass(frozen=True, slots=True)
class BuiltInDocumentBuilder:
    """A maker of objects without pixels whose module, with ``open_series``, is loaded on first use."""

    defaults: ModalityDefaults
    module: str

    @property
    def modality(self) -> str:
        """See DocumentBuilder."""
        return self.defaults.modality

    def open(self, series: PlannedSeries, first_frame: FirstFrame) -> Document:
        """See DocumentBuilder."""
        return cast("Document", _load(self.module).open_series(series, first_frame))


def _load(module: str) -> Any:
    return import_module(f"scenario_runner.imaging.modalities.{module}")


def builders() -> list[IodBuilder | DocumentBuilder]:
    """All built-in builders."""
    return [
        BuiltInBuilder(kind, module) if kind.has_pixels else BuiltInDocumentBuilder(kind, module)
        for kind, module in (
            (kind, _MODULES.get(kind.key, kind.modality.lower())) for kind in defaults.ALL
        )
    ]


_MODULES = {
    "RF": "xa",
    "PX": "dx",
    "ES": "vl",
    "XC": "vl",
    defaults.ENHANCED_CT.key: "enhanced_ct",
    defaults.ENHANCED_MR.key: "enhanced_mr",
    defaults.TOMOSYNTHESIS.key: "tomosynthesis",
    defaults.COMPREHENSIVE_SR.key: "sr",
}
"""Where a kind's module has not the modality's name."""
