"""Every kind of object that is made, opened in OHIF in a real browser: seen, and nothing falls over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import encoded, put
from tests.imaging.planned import builders, factory
from tests.peers.chromium import browser
from tests.peers.ohif import viewer
from tests.planning import support

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.pacs.server import EmbeddedPacs as Pacs
    from tests.peers.chromium import Browser

pytestmark = pytest.mark.peer

PATIENCE = 60.0
TEXT = "document.body ? document.body.innerText : ''"
CANVAS = """(() => {
  const boxes = [...document.querySelectorAll('.cornerstone-canvas')].map(c => c.getBoundingClientRect());
  const box = boxes.sort((a, b) => b.width * b.height - a.width * a.height)[0];
  return box ? [box.x, box.y, box.width, box.height] : null;
})()"""
EMBEDDED = "!!document.querySelector('object[type=\"application/pdf\"], iframe, embed')"
SAID = {"SR": ("Diagnostic imaging report", "Best illustration of finding")}
"""What is read on the page, by modality."""
LISTED = frozenset({"KO", "PR"})
"""Modalities that OHIF applies or lists, and does not show by themselves."""
BLACK_SHARE = 0.995


@dataclass(frozen=True, slots=True)
class Opened:
    """A kind of object, and where an instance of it is."""

    kind: str
    modality: str
    has_pixels: bool
    study: str
    series: str


def stored(pacs: Pacs) -> Iterator[Opened]:
    """One object or two of every kind, each in its own study, after a CT where it needs images."""
    kinds = {kind: builder.defaults for kind, builder in sorted(builders().items())}
    text = "seed: 5\npatients:\n"
    for kind in kinds.values():
        text += "  - studies:\n      - series:\n"
        pixels = ", size: [128, 128]" if kind.has_pixels else ""
        if not kind.has_pixels:
            text += "          - {modality: CT, images: 1, size: [128, 128]}\n"
        text += f"          - {{modality: {kind.modality}, sop_class: '{kind.sop_class_uid}'{pixels}}}\n"
    made = factory()
    (case,) = support.plan(text, modalities=kinds)
    for (name, kind), patient in zip(kinds.items(), case.patients, strict=True):
        (study,) = patient.studies
        for series in study.series:
            for image in list(series.images)[:2]:
                put(pacs.archive, encoded(made.instance(image).dataset()))
        yield Opened(name, kind.modality, kind.has_pixels, study.uid, study.series[-1].uid)


def trouble(page: Browser, opened: Opened) -> str:
    """What is not to be seen of an object yet; empty when all is there."""
    text = page.value(TEXT)
    if "Something went wrong" in text:
        return f"the viewer fell over: {page.exceptions or text[:300]}"
    if opened.modality not in text:
        return "the study is not there"
    if opened.modality in SAID:
        missing = [words for words in SAID[opened.modality] if words not in text]
        return f"the report does not say {missing}" if missing else ""
    if opened.modality == "DOC":
        return "" if page.value(EMBEDDED) else "there is no document"
    box = page.value(CANVAS)
    if not box or min(box[2:]) < 50:
        return "there is no image"
    seen = np.asarray(Image.open(BytesIO(page.screenshot(*box))).convert("L"))
    share = np.bincount(seen.ravel(), minlength=256).max() / seen.size
    return "the image is one colour" if share > BLACK_SHARE else ""


def looked_at(page: Browser, url: str, opened: Opened) -> str:
    """Open an object and wait until it is seen; what was missing at the end, if anything was."""
    first = "" if opened.modality in LISTED else f"&initialSeriesInstanceUID={opened.series}"
    page.open(f"{url}/viewer?StudyInstanceUIDs={opened.study}{first}")
    end = time.monotonic() + PATIENCE
    found = "nothing was loaded"
    while found and not found.startswith("the viewer fell over") and time.monotonic() < end:
        time.sleep(0.3)
        found = trouble(page, opened)
    return found


@pytest.mark.timeout(900)
def test_ohif_shows_every_kind_of_object_that_is_made(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        everything = list(stored(pacs))
        with viewer(pacs.open_web()) as url, browser(tmp_path) as page:
            found = {each.kind: looked_at(page, url, each) for each in everything}
    assert {kind: what for kind, what in found.items() if what} == {}
    assert len(found) > 20
