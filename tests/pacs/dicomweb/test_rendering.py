"""Rendered images show what the window says, at the size the viewport says."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence as DicomSequence

from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.showing import Window, display_frame, draw
from tests.archive.samples import Sample, encoded, put, sample
from tests.pacs.dicomweb.web import get, parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2
    import numpy.typing as npt

RAMP = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (32, 1))
"""32 rows of 64 columns from 0 to 4032."""


def image(number: int, pixels: npt.NDArray[Any] = RAMP, **attributes: Any) -> Sample:
    ds = dcmread(BytesIO(sample(number=number).file))
    ds.Rows, ds.Columns = pixels.shape[-3:-1] if pixels.shape[-1] == 3 else pixels.shape[-2:]
    ds.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return encoded(ds)


def groups(center: int, width: int) -> Dataset:
    window = Dataset()
    window.WindowCenter, window.WindowWidth = center, width
    group = Dataset()
    group.FrameVOILUTSequence = DicomSequence([window])
    return group


COLOUR = np.zeros((8, 8, 3), np.uint8)
COLOUR[:, :4, 0] = 255
COLOUR[:, 4:, 2] = 128

SAMPLES = (
    image(1, WindowCenter=[2048, 10], WindowWidth=[1024, 10]),
    image(2, PhotometricInterpretation="MONOCHROME1", WindowCenter=2048, WindowWidth=4096),
    image(3, RescaleSlope="2", RescaleIntercept="-1000", WindowCenter=2000, WindowWidth=1000),
    image(4),
    image(
        5, COLOUR, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0,
        BitsAllocated=8, BitsStored=8, HighBit=7,
    ),
    image(
        6, np.stack([RAMP, RAMP]), NumberOfFrames=2,
        PerFrameFunctionalGroupsSequence=DicomSequence([groups(500, 100), groups(3000, 100)]),
    ),
    image(7, WindowCenter=2048, WindowWidth=1024, VOILUTFunction="SIGMOID"),
    image(8, RAMP | 0x5000, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096),
    image(9, RAMP << 4 | 9, BitsStored=12, HighBit=15, WindowCenter=2048, WindowWidth=4096),
)  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedPacs(tmp_path_factory.mktemp("pacs")) as pacs:
        for one in SAMPLES:
            put(pacs.archive, one)
        yield f"{pacs.open_web()}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1."


def opened(answer: httpx2.Response) -> npt.NDArray[np.uint8]:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


def linear(values: npt.NDArray[Any], center: float, width: float) -> npt.NDArray[np.uint8]:
    """PS3.3 C.11.2.1.2.1, written as its pseudocode."""
    shown = np.empty(values.shape)
    for place, x in np.ndenumerate(values.astype(float)):
        if x <= center - 0.5 - (width - 1) / 2:
            shown[place] = 0
        elif x > center - 0.5 + (width - 1) / 2:
            shown[place] = 255
        else:
            shown[place] = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
    return np.rint(shown).astype(np.uint8)


@pytest.mark.parametrize(
    ("number", "query", "expected"),
    [
        (1, "", linear(RAMP, 2048, 1024)),
        (1, "?window=1000,500,linear", linear(RAMP, 1000, 500)),
        (2, "", 255 - linear(RAMP, 2048, 4096)),
        (3, "", linear(RAMP.astype(int) * 2 - 1000, 2000, 1000)),
        (3, "?window=0,2000,linear", linear(RAMP.astype(int) * 2 - 1000, 0, 2000)),
        (4, "", np.rint(RAMP / 4032 * 255).astype(np.uint8)),
        (4, "?window=1024,2048,linear-exact", np.rint(np.clip(RAMP / 2048, 0, 1) * 255)),
        (8, "", linear(RAMP, 2048, 4096)),  # of overlays that were in the bits above
        (9, "", linear(RAMP, 2048, 4096)),  # as values were aligned once
        (7, "", np.rint(255 / (1 + np.exp(-4 * (RAMP.astype(float) - 2048) / 1024)))),
    ],
)
def test_a_png_has_the_window_applied(
    url: str, number: int, query: str, expected: npt.NDArray[Any]
) -> None:
    shown = opened(get(f"{url}{number}/rendered{query}", "image/png"))
    assert np.abs(shown.astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize(("frame", "center"), [(1, 500), (2, 3000)])
def test_each_frame_of_an_enhanced_image_has_its_own_window(
    url: str, frame: int, center: int
) -> None:
    shown = opened(get(f"{url}6/frames/{frame}/rendered", "image/png"))
    assert (shown == linear(RAMP, center, 100)).all()


def test_colour_stays_colour(url: str) -> None:
    shown = opened(get(f"{url}5/rendered", "image/png"))
    assert (shown == COLOUR).all()


def test_jpeg_is_the_default_and_looks_the_same(url: str) -> None:
    answer = get(f"{url}1/rendered?quality=95")
    assert answer.headers["content-type"] == "image/jpeg"
    expected = linear(RAMP, 2048, 1024).astype(int)
    assert np.abs(opened(answer).astype(int) - expected).mean() < 3
    assert len(get(f"{url}1/rendered?quality=1").content) < len(answer.content)


def test_a_link_in_a_page_may_name_the_type(url: str) -> None:
    answer = get(f"{url}1/rendered?accept=image/png", "text/html")
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [
        ("32,32", (16, 32)),
        ("128,128", (64, 128)),
        ("64,16", (16, 32)),
        ("100,100,0,0,32,32", (100, 100)),
        ("10,10,32,,16,", (10, 5)),
    ],
)
def test_a_viewport_keeps_proportions(url: str, viewport: str, shape: tuple[int, int]) -> None:
    assert opened(get(f"{url}4/rendered?viewport={viewport}", "image/png")).shape == shape


def test_a_region_shows_that_part_only(url: str) -> None:
    shown = opened(get(f"{url}4/rendered?viewport=32,32,32,0,32,32", "image/png"))
    assert (shown == np.rint(RAMP[:, 32:] / 4032 * 255)).all()


@pytest.mark.parametrize(
    ("extent", "step"), [("-32,32", (1, -1)), ("32,-32", (-1, 1)), ("-32,-32", (-1, -1))]
)
def test_a_negative_width_or_height_turns_the_region_over(
    url: str, extent: str, step: tuple[int, int]
) -> None:
    """PS3.18 8.3.5.1.3."""
    usual = opened(get(f"{url}4/rendered?viewport=32,32,32,0,32,32", "image/png"))
    turned = opened(get(f"{url}4/rendered?viewport=32,32,32,0,{extent}", "image/png"))
    assert (turned == usual[:: step[0], :: step[1]]).all()


def test_thumbnails_are_small_at_every_level(url: str) -> None:
    study, series = url.split("/series/")[0], url.split("/instances/")[0]
    for resource in (study, series, f"{url}1", f"{url}6/frames/2"):
        assert max(opened(get(f"{resource}/thumbnail", "image/png")).shape) == 128


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("1/rendered?window=1,2", 400, "window"),
        ("1/rendered?window=1,2,cubic", 400, "window"),
        ("1/rendered?window=1,0,linear", 400, "width"),
        ("1/rendered?window=nan,5,linear", 400, "window"),
        ("1/rendered?viewport=0,5", 400, "viewport"),
        ("1/rendered?viewport=5", 400, "viewport"),
        ("1/rendered?viewport=99999,99999", 400, "viewport"),
        ("1/rendered?viewport=10,10,-5,0,5,5", 400, "viewport"),
        ("1/rendered?viewport=10,10,900,900,5,5", 400, "viewport"),
        ("1/rendered?viewport=10,10,0,0,-900,5", 400, "viewport"),
        ("1/rendered?viewport=10,10,64,0,,", 400, "viewport"),
        ("1/rendered?quality=0", 400, "quality"),
        ("1/rendered?quality=x", 400, "quality"),
        ("1/frames/2/rendered", 404, "no frame 2"),
        ("1/frames/1,1/rendered", 400, "one frame"),
        ("99/rendered", 404, "nothing is stored"),
    ],
)
def test_a_wrong_parameter_is_named(url: str, path: str, status: int, words: str) -> None:
    answer = get(f"{url}{path}", "image/png")
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("annotation=patient,technique", "annotation values are not supported: patient,technique"),
        ("iccprofile=displayp3", "'displayp3' is not supported"),
        ("zoom=3", "'zoom' is not known"),
    ],
)
@pytest.mark.parametrize("accept", ["image/png", 'multipart/related; type="image/png"'])
def test_what_is_asked_for_and_not_in_the_image_is_told(
    url: str, query: str, words: str, accept: str
) -> None:
    answer = get(f"{url}1/rendered?{query}", accept)
    assert answer.status_code == 200
    assert words in answer.headers["warning"]
    usual = get(f"{url}1/rendered?iccprofile=no&viewport=32,32&quality=80", accept)
    assert "warning" not in usual.headers


def test_an_image_is_not_shown_as_a_page(url: str) -> None:
    assert get(f"{url}1/rendered", "text/html").status_code == 406


def test_a_study_and_a_series_are_rendered_as_one_image_or_as_all(url: str) -> None:
    service = url.partition("/studies/")[0]
    together = 'multipart/related; type="image/png"'
    for path in ("/studies/1.2.3", "/studies/1.2.3/series/1.2.3.1"):
        one = get(f"{service}{path}/rendered", "image/png")
        assert (opened(one) == opened(get(f"{url}1/rendered", "image/png"))).all()
        assert one.headers["content-location"] == f"{url}1/rendered"
        small = get(f"{service}{path}/thumbnail", "image/png")
        assert small.headers["content-location"] == f"{url}1/thumbnail"
        assert get(f"{url}1/thumbnail", "image/png").content == small.content
        every = parts(get(f"{service}{path}/rendered", together))
        assert [kind for kind, _ in every] == ["image/png"] * len(SAMPLES)
        alone = [get(f"{url}{n}/rendered", "image/png").content for n in range(1, len(SAMPLES) + 1)]
        assert [content for _, content in every] == alone
    assert get(f"{service}/studies/9.9/rendered").status_code == 404


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int8, np.uint8])
@pytest.mark.parametrize("window", [None, Window(20, 90), Window(0, 7, "sigmoid")])
def test_a_large_image_is_shown_by_a_table_as_a_small_one_is(
    dtype: npt.DTypeLike, window: Window | None
) -> None:
    ds = dcmread(BytesIO(sample().file))
    ds.RescaleSlope, ds.RescaleIntercept, ds.PixelPaddingValue = "1.5", "-10", 3
    pixels = np.random.default_rng(7).integers(-100, 101, (256, 256)).astype(dtype)
    drawn = np.asarray(draw(ds, lambda: pixels, 1, window))
    assert (drawn == display_frame(ds, pixels, 1, window)).all()
