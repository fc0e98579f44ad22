"""A screenshot of any viewer leads back to its image, and text need not be in the pixels."""

from __future__ import annotations

import itertools
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from scenario_runner.errors import UsageError
from scenario_runner.imaging.factory import preview_png
from tests.imaging.planned import EXPLICIT, IMPLICIT, by_modality, factory, plan_series
from tests.imaging.test_peers import run

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance

SIZES = [(64, 64), (128, 128), (256, 256), (480, 640), (512, 512), (100, 3000), (4096, 4096)]


def instance(modality: str = "CT", index: int = 1, **series: Any) -> Instance:
    planned = plan_series(modality, **{"images": 2, "code": "qr", **series})
    return factory().instance(planned.images[index])


def shown(made: Instance) -> np.ndarray:
    """What a viewer shows of an instance."""
    picture = Image.open(BytesIO(preview_png(made, 4096).png))
    return np.asarray(picture.convert("L"))


@pytest.mark.parametrize("size", SIZES)
def test_a_screenshot_tells_which_image_it_shows(size: tuple[int, int]) -> None:
    made = instance(size=size)
    (found,) = zxingcpp.read_barcodes(shown(made))
    dataset = made.dataset()
    told = found.text.split(" ")
    assert told[-1] == dataset.SOPInstanceUID
    if min(size) >= 480:
        assert told == [dataset.StudyInstanceUID, dataset.SeriesInstanceUID, told[-1]]


@pytest.mark.parametrize("modality", ["US", "XC", "MG"])
def test_colour_and_inverted_images_have_a_code_too(modality: str) -> None:
    made = instance(modality, size=(300, 300))
    (found,) = zxingcpp.read_barcodes(shown(made))
    assert found.text.endswith(made.sop_instance_uid)


def test_a_uid_given_by_the_scenario_is_the_one_in_the_code() -> None:
    made = instance(tags={"SOPInstanceUID": "1.2.3.4"}, images=1, index=0)
    (found,) = zxingcpp.read_barcodes(shown(made))
    assert found.text.endswith(" 1.2.3.4")


def test_an_image_too_small_for_a_code_is_refused_with_the_size_that_would_do() -> None:
    with pytest.raises(
        UsageError, match="from 64 rows and columns on; these images have 48 and 90"
    ):
        instance(size=(48, 90))


@pytest.mark.parametrize("where", ["pixels", "overlay"])
@pytest.mark.parametrize("text", [True, False, ("PatientName",)])
def test_any_size_keeps_its_number_of_pixels(where: str, text: Any) -> None:
    for rows, columns in itertools.product((64, 65, 100, 333), repeat=2):
        code = "qr" if where == "pixels" else None
        made = instance(size=(rows, columns), burn_in=text, burn_in_as=where, code=code)
        dataset = made.dataset()
        assert len(dataset.PixelData) == rows * columns * 2
        if where == "overlay" and text:
            assert dataset.overlay_array(0x6000).shape == (rows, columns)


def test_a_code_alone_does_not_identify_the_patient() -> None:
    assert instance(burn_in=False).dataset().BurnedInAnnotation == "NO"


def test_an_overlay_leaves_the_pixels_alone_and_says_so() -> None:
    plain = instance(burn_in=False, code=None)
    over = instance(burn_in_as="overlay", code=None)
    assert (over.pixels() == plain.pixels()).all()
    dataset = over.dataset()
    assert dataset.BurnedInAnnotation == "NO"
    assert dataset.overlay_array(0x6000).any()


def test_every_image_has_an_overlay_of_its_own() -> None:
    first, second = (
        instance(index=index, burn_in_as="overlay", code=None).dataset() for index in (0, 1)
    )
    assert first[0x60003000].value != second[0x60003000].value


@pytest.mark.peer
def test_dciodvfy_finds_no_error_in_any_modality_with_an_overlay(tmp_path: Path) -> None:
    for modality in by_modality():
        for syntax in (EXPLICIT, IMPLICIT):
            path = tmp_path / f"{modality}{syntax}.dcm"
            instance(
                modality,
                size=(96, 96),
                burn_in_as="overlay",
                code=None,
                transfer_syntax_uid=syntax,
            ).write(path)
            found = run("dciodvfy", path)
            assert "Error" not in found, (modality, found)
