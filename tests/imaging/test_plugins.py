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
from scenario_runner.imaging.modules import document
from scenario_runner.imaging.series_encoder import SeriesEncoder
from scenario_runner.planning.api import ModalityDefaults
from scenario_runner.plugins import Plugins
from tests.imaging.planned import builders, plan_series
from tests.imaging.study_of_objects import plan_study

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

    from scenario_runner.imaging.api import FirstFrame
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


class Note:
    """Objects without pixels: a note on whose images stand before it."""

    modality = "TG"
    defaults = ModalityDefaults(
        modality="TG",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.66",
        by_sop_class=True,
        images=1,
        rows=0,
        columns=0,
    )

    def open(self, series: PlannedSeries, first_frame: FirstFrame) -> Note:
        self.series, self.first_frame = series, first_frame
        return self

    def shared(self) -> Dataset:
        dataset = document.head(self.series)
        before = self.series.study.series[0]
        dataset.SeriesDescription = f"{self.first_frame(before).window[1]:g} wide"
        return dataset

    def each(self, image: PlannedImage) -> dict[str, Any]:
        return {"SOPInstanceUID": image.uid, "InstanceNumber": image.number}


def test_a_plugin_makes_objects_without_pixels_for_one_sop_class(tmp_path: Path) -> None:
    (tmp_path / "notes.py").write_text(
        "from scenario_runner.hooks import hookimpl\n"
        "from tests.imaging.test_plugins import Note, Thermometer\n\n\n"
        "@hookimpl\ndef fabricate_iod_builders():\n    return [Thermometer(), Note()]\n",
        encoding="utf-8",
    )
    found = Plugins([tmp_path], outside=False).named("fabricate_iod_builders")
    assert {"TG", f"TG {Note.defaults.sop_class_uid}"} <= set(found)
    text = "\n          - {modality: CT, images: 1, size: [32, 32]}\n          - {modality: TG, sop_class: RawDataStorage}\n"
    kinds = {key: builder.defaults for key, builder in found.items()}
    study = plan_study(text, kinds=kinds)
    made = InstanceFactory(found, Plugins(outside=False).named("fabricate_phantoms"))
    dataset = made.instance(study.series[1].images[0]).dataset()
    assert (dataset.SOPClassUID.name, dataset.SeriesDescription) == ("Raw Data Storage", "400 wide")
