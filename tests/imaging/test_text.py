"""Burned-in text is there, is legible, and says what the attributes say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import ImageDraw

from scenario_runner.errors import UsageError
from scenario_runner.imaging.text.content import readable_name
from scenario_runner.imaging.text.fonts import Typeface
from scenario_runner.imaging.text.layout import SMALLEST, margin
from scenario_runner.imaging.text.shaping import visual_order
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    import numpy as np
    from pydicom import Dataset


def pixels(modality: str = "DX", index: int = 0, **series: object) -> tuple[np.ndarray, Dataset]:
    planned = plan_series(modality, **series)  # type: ignore[arg-type]
    instance = factory().instance(planned.images[index])
    return instance.pixels(), instance.dataset()


def shows(image: np.ndarray, text: str, size: int) -> bool:
    """Whether the text's own mask stands somewhere in the image, ink bright on dark."""
    mask = Typeface(size).line(text)
    ink = mask > 200
    for y in range(image.shape[0] - mask.shape[0] + 1):
        for x in range(min(40, image.shape[1] - mask.shape[1] + 1)):
            part = image[y : y + mask.shape[0], x : x + mask.shape[1]]
            if part[ink].min() > 3000 and part[mask == 0].max() < 200:
                return True
    return False


@pytest.mark.parametrize("phantom", ["qa/flat", "qa/noise", "qa/gradient"])
def test_name_id_and_accession_can_be_read_on_any_background(phantom: str) -> None:
    image, _ = pixels(size=(512, 512), phantom=phantom)
    for text in ("CITIZEN, JANE", "ID PID000001", "Acc 2026AB0000001", "Study 2.25.1"):
        assert shows(image, text, 12), text


def test_the_count_and_the_instance_uid_are_of_this_very_image() -> None:
    first, _ = pixels(size=(256, 256), phantom="qa/flat")
    second, _ = pixels(size=(256, 256), phantom="qa/flat", index=1)
    assert shows(first, "Image 1", 9) or shows(first, "Image 1", 8)
    assert shows(second, "Image 2", 9) or shows(second, "Image 2", 8)
    assert (first[128:] != second[128:]).any(), "the SOP Instance UIDs at the bottom differ"


def test_a_number_is_not_broken_in_two_where_it_fits_without_its_label() -> None:
    image, _ = pixels(size=(64, 64), phantom="qa/flat", images=70)
    assert shows(image, "1 of 70", SMALLEST)


def test_without_burning_in_no_pixel_differs_from_the_phantom() -> None:
    image, dataset = pixels(size=(128, 128), phantom="qa/flat", burn_in=False)
    assert (image == 2048).all()
    assert dataset.BurnedInAnnotation == "NO"


def test_burned_in_annotation_says_yes() -> None:
    _, dataset = pixels(size=(128, 128))
    assert dataset.BurnedInAnnotation == "YES"


def test_a_list_of_keywords_is_what_is_shown() -> None:
    image, _ = pixels(size=(512, 512), phantom="qa/flat", burn_in=("PatientSex", "InstanceNumber"))
    assert shows(image, "PatientSex F", 12)
    assert shows(image, "InstanceNumber 1", 12)
    assert not shows(image, "ID PID000001", 12)


@pytest.mark.parametrize("size", [(8, 8), (16, 64), (64, 64), (64, 16), (300, 100), (1024, 4096)])
def test_any_size_has_text_inside_the_image_and_something_left_to_see(
    size: tuple[int, int],
) -> None:
    image, _ = pixels(size=size, phantom="qa/flat")
    assert image.shape == size
    if min(size) >= 64:
        assert (image > 3000).any()
        assert (image == 2048).mean() > 0.3


def test_a_tiny_image_keeps_patient_and_count() -> None:
    image, _ = pixels(size=(64, 64), phantom="qa/flat")
    assert shows(image, "ID PID", SMALLEST)


@pytest.mark.parametrize(
    "text",
    [
        "JANE",
        "Łódź",
        "Ελληνικά",
        "Кириллица",
        "עברית",
        "العربية",
        "日本語",
        "한국어",
        "ไทย",
        "中文",
    ],
)
def test_every_script_has_glyphs_and_no_boxes(text: str) -> None:
    face = Typeface(16)
    assert face.drawable(text)
    assert face.line(text).max() > 128


def test_a_script_without_glyphs_gives_way_to_the_alphabetic_name() -> None:
    face = Typeface(12)
    assert readable_name("Pharaoh^Ramses=𓂀𓂁", face) == "Pharaoh, Ramses"
    assert (
        readable_name("Yamada^Tarou=山田^太郎=やまだ^たろう", face) == "Yamada, Tarou (山田 太郎)"
    )


def test_arabic_is_joined_and_runs_from_right_to_left() -> None:
    assert visual_order("سلام") == "\ufee1\ufefc\ufeb3"
    assert visual_order("ID שלום 12") == "ID םולש 12"


def test_the_smallest_text_is_not_smaller_than_can_be_read() -> None:
    assert Typeface(SMALLEST).height >= 8
    assert margin(Typeface(SMALLEST)) >= 1


def test_a_keyword_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="'PatientNam', which is no attribute") as caught:
        pixels(size=(64, 64), burn_in=("PatientNam",))
    assert caught.value.hint == "did you mean 'PatientName'?"


def test_nothing_to_show_is_no_burned_in_annotation() -> None:
    image, dataset = pixels(size=(64, 64), phantom="qa/flat", burn_in=("OtherPatientIDs",))
    assert (image == 2048).all()
    assert dataset.BurnedInAnnotation == "NO"


@given(st.text(max_size=30))
@example("")
@example("PID000123 ▸ 山田^太郎 עברית العربية")
def test_a_line_is_as_wide_as_it_is_said_to_be_without_being_drawn(text: str) -> None:
    """Lines are fitted into small images by trying: drawn each time, the first image of a series took five times as long."""
    face = Typeface(9)
    drawn = face.line(text)
    with patch.object(ImageDraw, "Draw", side_effect=AssertionError("nothing is to be drawn")):
        assert face.width(text) == drawn.shape[1]
