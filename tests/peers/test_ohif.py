"""OHIF as the service serves it, in a real browser: every kind of object is seen, and told apart by its code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.imaging.planned import builders
from tests.peers.chromium import Browser, browser
from tests.peers.looking import boxes, codes, drag, pixels, until, wheel
from tests.peers.ohif import install
from tests.web.served import Served, served
from tests.web.viewer.studies import SCENARIO, MadeStudy, stored

if TYPE_CHECKING:
    from tests.peers.looking import Box

pytestmark = pytest.mark.peer

TEXT = "document.body?.innerText ?? ''"
EMBEDDED = "!!document.querySelector('object[type=\"application/pdf\"], iframe, embed')"
CANVAS = ".cornerstone-canvas"
SAID = {"SR": ("Diagnostic imaging report", "Best illustration of finding")}
"""What is read on the page, by modality."""
ELSEWHERE = frozenset({"CT", "MG", "PT", "US"})
"""Kinds that other tests here look at more closely."""
BLACK_SHARE = 0.995


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, and whether it has a picture of its own."""

    name: str
    modality: str
    has_pixels: bool


def kinds() -> list[Kind]:
    found = [(name, one.defaults) for name, one in sorted(builders().items())]
    return [
        Kind(name, one.modality, one.has_pixels) for name, one in found if name not in ELSEWHERE
    ]


def scenario() -> str:
    """Two objects of every kind, each in its own study, after a CT where it needs images."""
    text = "\npatients:\n"
    for kind in kinds():
        defaults = builders()[kind.name].defaults
        text += f"  - studies:\n      - description: '{kind.name}'\n        series:\n"
        size = ", size: [128, 128], images: 2" if kind.has_pixels else ""
        if not kind.has_pixels:
            text += "          - {modality: CT, images: 1, size: [128, 128]}\n"
        text += f"          - {{modality: {kind.modality}, sop_class: '{defaults.sop_class_uid}'{size}}}\n"
    return text


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("ohif") / "data"
    install(data)
    with served(data) as running:
        yield running


@pytest.fixture(scope="module")
def studies(service: Served) -> dict[str, MadeStudy]:
    return stored(service, SCENARIO)


@pytest.fixture(scope="module")
def chromium(service: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """That has seen OHIF before: the tour of a first visit lies over the picture."""
    with browser(tmp_path_factory.mktemp("browser")) as page:
        page.open(f"{service.url}/viewer/light")
        toured = "localStorage.setItem('shownTours', '[\"basicViewerTour\"]') ?? location.pathname"
        assert until(lambda: page.value(toured) == "/viewer/light")
        yield page


@pytest.fixture
def page(chromium: Browser, service: Served) -> Iterator[Browser]:
    """Whatever is done with it: no error, and nothing asked of anybody else."""
    yield chromium
    assert (chromium.exceptions, chromium.errors) == ([], [])
    here = (service.url, "blob:", "data:", "chrome-extension:")
    assert [url for url in chromium.asked if not url.startswith(here)] == []


def opened(
    page: Browser, service: Served, study: MadeStudy, more: str = "", mode: str = "viewer"
) -> None:
    page.open(f"{service.url}/viewer/{mode}?StudyInstanceUIDs={study.uid}{more}")


def shown(page: Browser, wanted: set[str]) -> Box:
    """The picture that has one of these instances; where it is."""

    def seen() -> Box | None:
        return next((box for box in boxes(page, CANVAS) if wanted & set(codes(page, box))), None)

    box = until(seen)
    assert box is not None, (page.value(TEXT), page.errors, page.exceptions)
    return box


def trouble(page: Browser, kind: Kind) -> str:
    """What is not to be seen of an object yet; empty when all is there."""
    text = page.value(TEXT) or ""
    if "Something went wrong" in text:
        return f"the viewer fell over: {page.exceptions or text[:300]}"
    if kind.modality not in text:
        return "the study is not there"
    if kind.modality in SAID:
        missing = [words for words in SAID[kind.modality] if words not in text]
        return f"the report does not say {missing}" if missing else ""
    if kind.modality == "DOC":
        return "" if page.value(EMBEDDED) else "there is no document"
    found = boxes(page, CANVAS)
    if not found:
        return "there is no image"
    seen = pixels(page, max(found, key=lambda box: box[2] * box[3]))
    share = np.bincount(seen.ravel(), minlength=256).max() / seen.size
    return "the image is one colour" if share > BLACK_SHARE else ""


@pytest.mark.timeout(900)
def test_ohif_shows_every_kind_of_object_that_is_made(page: Browser, service: Served) -> None:
    made = stored(service, scenario(), seed=6)
    assert len(made) > 15
    found = {}
    for kind in kinds():
        study = made[kind.name]
        # A key object selection or a presentation state, opened by itself, leaves the images they are of.
        opened(page, service, study, f"&initialSeriesInstanceUID={study.series[-1].uid}")

        def settled(kind: Kind = kind) -> bool:
            found[kind.name] = trouble(page, kind)
            return not found[kind.name] or found[kind.name].startswith("the viewer fell over")

        until(settled)
    assert {kind: what for kind, what in found.items() if what} == {}


def test_slices_of_a_ct_are_scrolled_and_windowed(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    uids = studies["ct"].series[0].uids
    opened(page, service, studies["ct"])
    box = shown(page, {uids[0], uids[-1]})  # from which end is OHIF's to choose
    wheel(page, box, 3)
    shown(page, set(uids[1:-1]))
    before = pixels(page, box).mean()
    drag(page, box, 0, 120)
    assert until(lambda: abs(pixels(page, box).mean() - before) > 2), "the window is the same"


def test_the_four_views_of_a_mammography_are_beside_each_other(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    """In the grid: the protocol for mammographies leaves out a right MLO whose orientation is P\\FL."""
    opened(page, service, studies["mg"], "&hangingprotocolId=@ohif/mnGrid")
    wanted = {uid for series in studies["mg"].series for uid in series.uids}

    def seen() -> set[str]:
        return {uid for box in boxes(page, CANVAS) for uid in codes(page, box)}

    assert until(lambda: seen() == wanted), seen()


def test_a_loop_of_ultrasound_is_scrolled_through(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, studies["us"])
    box = shown(page, set(studies["us"].series[0].uids))
    before = pixels(page, box)
    assert until(lambda: "FPS" in (page.value(TEXT) or "")), "there is nothing to play it with"
    wheel(page, box, 3)
    assert until(lambda: (pixels(page, box) != before).mean() > 0.001), "it stands still"


def test_a_pet_lies_on_its_ct(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    opened(page, service, studies["pet"], mode="tmtv")
    for series in studies["pet"].series:
        shown(page, set(series.uids))

    def is_coloured(box: Box) -> bool:
        picture = Image.open(BytesIO(page.screenshot(*box))).convert("HSV")
        return bool((np.asarray(picture)[..., 1] > 80).mean() > 0.05)

    assert until(lambda: any(is_coloured(box) for box in boxes(page, CANVAS))), "nothing is fused"


def test_compressed_images_are_shown(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    for series in studies["compressed"].series:
        opened(page, service, studies["compressed"], f"&initialSeriesInstanceUID={series.uid}")
        shown(page, set(series.uids))


def test_a_link_with_a_token_opens_its_study_and_hides_the_token(
    page: Browser, service: Served, studies: dict[str, MadeStudy]
) -> None:
    asked = {"study_instance_uid": studies["sr"].uid}
    made = service.client.post(f"{service.api}/viewer-token", json=asked).json()
    page.open(made["url"])
    shown(page, set(studies["sr"].series[0].uids))
    assert "token" not in page.value("location.href")
    bearers = page.value("performance.getEntriesByType('resource').map(one => one.name)")
    assert not [url for url in bearers if made["token"] in url]
