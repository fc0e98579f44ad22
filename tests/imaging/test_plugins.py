"""A third party's phantom and IOD builder come in through the same door as the built-in ones."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scenario_runner.errors import PluginError
from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.factory import InstanceFactory
from scenario_runner.imaging.series_encoder import SeriesEncoder
from scenario_runner.plugins import Plugins
from tests.imaging.planned import builders, plan_series

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


@dataclass
class Ramp:
    """A phantom that counts its pixels."""

    dtype: str
    bits: int = 16
    name: str = "mine/ramp"

    def open(self, series: PlannedSeries) -> Ramp:
        self.size = (series.rows, series.columns)
        return self

    def frame(self, index: int) -> Frame:
        count = self.size[0] * self.size[1]
        pixels = (np.arange(count) + index).astype(self.dtype).reshape(self.size)
        return Frame(pixels=pixels, bits_stored=self.bits, window=(500.0, 1000.0))


class Thermometer:
    """An IOD builder for a modality nobody has, made from the CR one."""

    modality = "TG"

    @property
    def defaults(self) -> ModalityDefaults:
        usual: ModalityDefaults = builders()["CR"].defaults
        return dataclasses.replace(usual, modality="TG")

    def shared(self, series: PlannedSeries, frame: Frame) -> Dataset:
        dataset: Dataset = builders()["CR"].shared(series, frame)
        dataset.SeriesDescription = "37.2"
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        return {**builders()["CR"].each(image), "ContentTime": f"{image.number:06d}"}


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "<i2", "u1"])
def test_a_plugins_phantom_is_written_as_it_drew(dtype: str) -> None:
    phantom = Ramp(dtype, bits=np.dtype(dtype).itemsize * 8)
    series = plan_series("CR", size=(9, 11), burn_in=False, phantom=phantom.name)
    made = InstanceFactory(builders(), {phantom.name: phantom})
    for index, instance in enumerate(made.instances(series.images)):
        assert (instance.pixels() == phantom.frame(index).pixels).all()


@pytest.mark.parametrize(("dtype", "bits"), [("f4", 16), ("u4", 16), ("u1", 12)])
def test_a_phantom_that_breaks_the_contract_is_named(dtype: str, bits: int) -> None:
    phantom = Ramp(dtype, bits)
    series = plan_series("CR", size=(9, 11), phantom=phantom.name)
    with pytest.raises(PluginError, match="8 or 16-bit integers are wanted"):
        InstanceFactory(builders(), {phantom.name: phantom}).check(series)


def test_a_phantom_of_another_size_is_refused() -> None:
    phantom = Ramp("u2")
    series = plan_series("CR", size=(9, 11), phantom=phantom.name)
    other = dataclasses.replace(series, rows=4)
    with pytest.raises(PluginError, match="9 rows and 11 columns"):
        SeriesEncoder(series, builders()["CR"], phantom.open(other), {})


def test_a_plugins_modality_is_made_like_any_other() -> None:
    everything = {**builders(), "TG": Thermometer()}
    series = dataclasses.replace(plan_series("CR", size=(32, 32), phantom="qa/flat"), modality="TG")
    phantoms = Plugins(outside=False).named("fabricate_phantoms")
    image = dataclasses.replace(series.images[1], series=series)
    dataset = InstanceFactory(everything, phantoms).instance(image).dataset()
    assert (dataset.SeriesDescription, dataset.ContentTime) == ("37.2", "000002")


def test_the_hooks_give_every_built_in_by_its_name() -> None:
    plugins = Plugins(outside=False)
    assert set(plugins.named("fabricate_iod_builders")) == set(builders())
    assert {"ct/abdomen", "xray/chest", "qa/smpte"} <= set(plugins.named("fabricate_phantoms"))
