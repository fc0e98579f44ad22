"""Whatever values an image has, its whole range is seen where nobody says what to look at."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from scenario_runner.imaging.factory import preview_png
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.showing import Window, WindowError, display_frame
from tests.archive.samples import encoded, put, sample
from tests.imaging.planned import factory, plan_series
from tests.pacs.dicomweb.web import get
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

STORED = np.array([[0, 100], [200, 400]], np.uint16)
GREY = [[0, 64], [128, 255]]


def image(**attributes: Any) -> Dataset:
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("slope", ["1", "0.00001", "1E-12", "2500"])
@pytest.mark.parametrize("intercept", ["0", "-1024", "1E-3"])
def test_a_slope_however_small_leaves_the_picture_as_it_is(slope: str, intercept: str) -> None:
    dataset = image(RescaleSlope=slope, RescaleIntercept=intercept)
    assert np.abs(display_frame(dataset, STORED).astype(int) - GREY).max() <= 1


def test_a_negative_slope_and_monochrome1_each_turn_it_round() -> None:
    falling = image(RescaleSlope="-0.001", RescaleIntercept="0")
    assert display_frame(falling, STORED)[0, 0] == 255
    dark = image(PhotometricInterpretation="MONOCHROME1")
    assert display_frame(dark, STORED)[0, 0] == 255
    falling.PhotometricInterpretation = "MONOCHROME1"
    assert display_frame(falling, STORED)[0, 0] == 0


@pytest.mark.parametrize("slope", ["0", "1"])
def test_one_value_everywhere_is_one_grey(slope: str) -> None:
    pixels = STORED if slope == "0" else np.full((2, 2), 7, np.uint16)
    assert set(display_frame(image(RescaleSlope=slope, RescaleIntercept="3"), pixels).flat) == {128}


@pytest.mark.parametrize("missing", ["", None, "1E400"])
def test_a_slope_that_is_no_number_is_left_out(missing: str | None) -> None:
    dataset = image(RescaleSlope=missing, RescaleIntercept=missing)
    assert display_frame(dataset, STORED).tolist() == GREY


def test_what_is_not_a_number_is_black_and_changes_nothing_else() -> None:
    values = np.array([[0, 0.25, 0.5, 1], [np.nan, np.inf, -np.inf, 0.75]], np.float32) * 1e-6
    seen = display_frame(image(), values)
    assert seen[0].tolist() == [0, 64, 128, 255]
    assert seen[1].tolist() == [0, 255, 0, 191]
    assert set(display_frame(image(), np.full((2, 2), np.nan)).flat) <= {0, 128}


def test_the_widest_range_that_a_float_has_is_no_overflow() -> None:
    most = np.finfo(np.float64).max
    assert display_frame(image(), np.array([[-most, 0, most]])).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("attributes", "pixels"),
    [
        ({"PixelPaddingValue": 9000}, STORED),
        ({"PixelPaddingValue": 8000, "PixelPaddingRangeLimit": 10000}, STORED),
        ({"PixelPaddingValue": 10000, "PixelPaddingRangeLimit": 8000}, STORED),
        ({"PixelPaddingValue": 65536 - 2000, "RescaleSlope": "0.001"}, STORED.astype(np.int16)),
        ({"FloatPixelPaddingValue": -1e30}, STORED.astype(np.float32)),
        ({"DoubleFloatPixelPaddingValue": -1e300}, STORED.astype(np.float64)),
    ],
)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_no_part_of_the_range(
    attributes: dict[str, Any], pixels: npt.NDArray[Any], photometric: str
) -> None:
    value = {"FloatPixelPaddingValue": -1e30, "DoubleFloatPixelPaddingValue": -1e300}.get(
        next(iter(attributes)), 9000 if pixels.dtype.kind == "u" else -2000
    )
    padded = np.append(pixels, np.full((1, 2), value, pixels.dtype), axis=0)
    seen = display_frame(image(PhotometricInterpretation=photometric, **attributes), padded)
    assert seen[2].tolist() == [0, 0]
    expected = GREY if photometric == "MONOCHROME2" else 255 - np.array(GREY)
    assert np.abs(seen[:2].astype(int) - expected).max() <= 1


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=9, unique=True)
)
def test_the_least_is_black_the_greatest_white_and_order_is_kept(values: list[float]) -> None:
    seen = display_frame(image(), np.array([sorted(values)])).astype(int)[0]
    low, high = min(values) / 2, max(values) / 2
    if low != high:  # halves of the least numbers there are fall together
        assert (seen[0], seen[-1]) == (0, 255)
    assert (np.diff(seen) >= 0).all()


@pytest.mark.parametrize("function", ["linear", "linear-exact", "sigmoid"])
def test_a_window_that_cannot_be_is_refused_in_words(function: Any) -> None:
    with pytest.raises(WindowError, match=r"above 0|1 wide or wider"):
        Window(0, 0, function)
    with pytest.raises(WindowError, match="finite"):
        Window(float("nan"), 5, function)
    if function == "linear":
        with pytest.raises(WindowError, match=r"1 wide or wider.*C\.11\.2\.1\.2.*linear-exact"):
            Window(0, 0.5, function)
    else:
        assert Window(0, 0.5, function).width == 0.5


def test_a_stored_window_that_cannot_be_gives_way_to_the_whole_range() -> None:
    narrow = image(WindowCenter="0.002", WindowWidth="0.004", RescaleSlope="1E-5")
    narrow.RescaleIntercept = "0"
    assert np.abs(display_frame(narrow, STORED).astype(int) - GREY).max() <= 1
    narrow.VOILUTFunction = "LINEAR_EXACT"
    assert display_frame(narrow, STORED).tolist() == GREY


def test_colour_of_twelve_bits_in_sixteen_is_not_dark() -> None:
    dataset = image(PhotometricInterpretation="RGB", BitsStored=12)
    assert display_frame(dataset, np.full((1, 1, 3), 4095, np.uint16)).max() == 255


SMALL = {"RescaleSlope": 0.00001, "WindowCenter": None, "WindowWidth": None}


def test_a_pet_of_small_numbers_is_seen_in_preview_view_and_on_the_web(tmp_path: Path) -> None:
    one = factory().instance(plan_series("PT", size=(64, 64), tags=SMALL).images[0])
    file = tmp_path / "one.dcm"
    one.write(file)
    dataset = dcmread(file)
    pictures = [preview_png(one, 64).png]
    fabricate("view", file, "--no-tags", "--png", tmp_path / "view.png").check(0)
    pictures.append((tmp_path / "view.png").read_bytes())
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        put(pacs.archive, encoded(dataset))
        where = (
            f"studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}/rendered"
        )
        pictures.append(get(f"{pacs.open_web()}/{where}", "image/png").content)
    seen = [np.asarray(Image.open(BytesIO(picture))) for picture in pictures]
    for each in seen:
        assert (each.min(), each.max()) == (0, 255)
        assert np.array_equal(each, seen[0])


@pytest.mark.parametrize("modality", ["CT", "PT", "DX"])
@pytest.mark.parametrize("rescale", [(0.00001, 0), (-2.5, 40)])
def test_the_usual_window_follows_a_slope_that_is_given(
    modality: str, rescale: tuple[float, float]
) -> None:
    def picture(**tags: Any) -> npt.NDArray[np.uint8]:
        plan = plan_series(modality, size=(64, 64), burn_in=False, tags=tags)
        png = preview_png(factory().instance(plan.images[0]), 64).png
        return np.asarray(Image.open(BytesIO(png)))

    slope, intercept = rescale
    usual = picture().astype(int)
    if slope < 0:
        usual = 255 - usual
    seen = picture(RescaleSlope=slope, RescaleIntercept=intercept)
    assert np.abs(seen - usual).max() <= 1
    if slope > 0:
        fixed = {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": slope}
        assert len(set(picture(**fixed).flat)) == 1, "a window that is given stays"


def test_float_pixels_are_seen_on_the_web_and_in_view(tmp_path: Path) -> None:
    """A parametric map (PS3.3 A.75): FloatPixelData, values between 0 and a thousandth."""
    dataset = dcmread(BytesIO(sample(number=1).file))
    values = np.linspace(0, 1e-3, 64, dtype=np.float32).reshape(8, 8)
    del dataset.PixelData
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.Rows = dataset.Columns = 8
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = values.tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = encoded(dataset)
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        put(pacs.archive, made)
        where = "studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/rendered"
        answer = get(f"{pacs.open_web()}/{where}", "image/png")
    assert answer.status_code == 200, answer.text
    seen = np.asarray(Image.open(BytesIO(answer.content)))
    assert np.abs(seen.astype(int) - np.rint(values / 1e-3 * 255)).max() <= 1
    (tmp_path / "map.dcm").write_bytes(made.file)
    fabricate("view", tmp_path / "map.dcm", "--png", tmp_path / "map.png").check(0)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "map.png")), seen)


def test_view_takes_a_narrow_window_with_its_function_and_says_why_not_without(
    tmp_path: Path,
) -> None:
    one = factory().instance(plan_series("PT", size=(64, 64), tags=SMALL).images[0])
    one.write(tmp_path / "one.dcm")
    view = ("view", tmp_path / "one.dcm", "--png", tmp_path / "a.png", "--window")
    said = fabricate(*view, "0.02,0.04").check(2).err
    assert "1 wide or wider" in said
    assert "linear-exact" in said
    fabricate(*view, "0.02,0.04,linear-exact").check(0)
    assert np.asarray(Image.open(tmp_path / "a.png")).max() == 255
    assert "none of linear" in fabricate(*view, "1,2,cubic").check(2).err


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ("{WindowCenter: 0.1, WindowWidth: 0.5}", 3),
        ("{WindowWidth: [400, 0.5]}", 3),
        ("{WindowWidth: 0, VOILUTFunction: SIGMOID}", 3),
        ("{WindowCenter: 0.1, WindowWidth: 0.5, VOILUTFunction: LINEAR_EXACT}", 0),
        ("{WindowCenter: 0.1, WindowWidth: {raw: '0.5'}}", 0),
    ],
)
def test_a_window_that_cannot_be_is_told_at_its_place_before_anything_is_made(
    tmp_path: Path, tags: str, code: int
) -> None:
    file = tmp_path / "narrow.yaml"
    file.write_text(
        "schema: scenario/v1\nname: narrow\npatients:\n  - studies:\n      - series:\n"
        f"          - {{modality: CT, images: 1, tags: {tags}}}\n",
        encoding="utf-8",
    )
    done = fabricate("validate", file).check(code)
    if code:
        assert "narrow.yaml:6:" in done.out + done.err
        assert "PS3.3 C.11.2.1.2" in done.out + done.err


def test_every_label_of_a_label_map_is_told_from_the_background() -> None:
    """Whose value is PixelPaddingValue (PS3.3 C.8.20.2): the first label was as black."""
    labels = np.array([[0, 1], [2, 2]], np.uint8)
    dataset = image(PixelPaddingValue=0, SegmentationType="LABELMAP", BitsStored=8)
    assert display_frame(dataset, labels).tolist() == [[0, 128], [255, 255]]
