"""Pixels that differ are told with their place and shown, in few pictures."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from scenario_runner.checks.pixel_difference import Place, pixel_difference
from scenario_runner.checks.pixel_pictures import GAP, SIDE, picture
from tests.running import fabricate, record, steps, write_scenario

HEADER = Dataset()
HEADER.PhotometricInterpretation = "MONOCHROME2"
HEADER.WindowCenter, HEADER.WindowWidth = 500, 1000


def panels(png: bytes) -> list[np.ndarray]:
    """Sent, received and difference, each (rows, columns, 3)."""
    strip = Image.open(io.BytesIO(png)).convert("RGB")
    width = (strip.width - 2 * GAP) // 3
    starts = (0, width + GAP, 2 * (width + GAP))
    return [np.asarray(strip)[:, start : start + width] for start in starts]


@pytest.mark.parametrize(
    ("shape", "samples", "at", "place"),
    [
        ((7, 9), 1, (2, 5), Place(5, 2)),
        ((3, 7, 9), 1, (1, 2, 5), Place(5, 2, 2)),
        ((7, 9, 3), 3, (2, 5, 1), Place(5, 2)),
        ((3, 7, 9, 3), 3, (2, 6, 8, 2), Place(8, 6, 3)),
    ],
)
def test_the_largest_difference_is_told_with_its_column_row_and_frame(
    shape: tuple[int, ...], samples: int, at: tuple[int, ...], place: Place
) -> None:
    sent = np.full(shape, 100, np.uint16)
    received = sent.copy()
    received.flat[0] = 101
    received[at] = 40
    found = pixel_difference(sent, received, samples)
    assert found is not None
    assert (found.place, found.most, found.values) == (place, 60, 2)
    assert (found.sent, found.received, found.of) == (100, 40, sent.size)


@pytest.mark.parametrize("rows", [3000, 2000, 192, 24])
def test_a_single_pixel_that_differs_by_one_is_seen_whatever_the_size_of_the_image(
    rows: int,
) -> None:
    sent = np.full((rows, 2 * rows // 3), 500, np.uint16)
    received = sent.copy()
    x, y = sent.shape[1] // 3, rows // 2
    received[y, x] += 1
    ours, theirs, difference = panels(picture(HEADER, sent, received, Place(x, y), 1))
    assert ours.shape == theirs.shape == difference.shape
    assert max(ours.shape) == SIDE
    lit = np.argwhere((difference[..., 0] == 255) & (difference[..., 2] < 255))
    assert len(lit) in range(1, (SIDE // rows + 2) ** 2)
    middle = (lit.mean(axis=0) + 0.5) * rows / SIDE
    assert abs(middle - (y + 0.5, x + 0.5)).max() <= rows / SIDE + 1


def test_coloured_noise_is_bounded_in_bytes() -> None:
    header = Dataset()
    header.PhotometricInterpretation = "RGB"
    header.BitsStored = 8
    noise = np.random.default_rng(1).integers(0, 256, (2, 600, 600, 3), np.uint8)
    png = picture(header, noise[0], noise[1], Place(1, 1), 1)
    assert len(png) <= 128 * 1024
    assert len(panels(png)) == 3


SERIES = [{"modality": one, "images": 5, "size": [64, 64]} for one in ("CT", "MR")]


def test_a_pacs_that_changes_pixels_is_shown_once_however_often_it_was_asked(
    tmp_path: Path,
) -> None:
    entries = [
        {"misbehave": {"on": "pacs", "faults": [{"pixels": {}}]}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {
            "assert": [{"pixels": {"of": "back", "equal": "sent"}}],
            "retry": {"attempts": 2, "delay": "0s"},
        },
    ]
    scenario = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": SERIES}]}]
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    step = steps(record(out))["assert"]
    (check,) = [one for one in step["checks"] if one["attempt"] == 2]
    kept = [one for one in step["attachments"] if one["subject"].get("shows") == "difference"]
    assert [one["subject"]["modality"] for one in kept] == ["CT"] * 3 + ["MR"] * 3
    for one in kept:
        subject = one["subject"]
        assert abs(subject["sent"] - subject["received"]) == subject["largest"] > 0
        assert len(panels((out / one["path"]).read_bytes())) == 3
    largest = max(kept, key=lambda one: one["subject"]["largest"])["subject"]
    assert check["actual"]["largest_difference"] >= largest["largest"]
    assert re.fullmatch(r"p1\.s1\.e[12]\.i[1-5] at x \d+, y \d+", check["actual"]["where"])
    page = (out / "report.html").read_text("utf-8")
    assert page.count("as sent, as received, and their difference") == 6
    assert page.count('class="previews"') == 1
    (out / kept[0]["path"]).unlink()
    fabricate("report", out).check(0)
    again = (out / "report.html").read_text("utf-8")
    assert again.count("as sent, as received, and their difference") == 5
