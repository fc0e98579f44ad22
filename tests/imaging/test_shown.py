"""A preview in the report and a rendered image of the PACS are the same picture."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from scenario_runner.imaging.factory import preview_png
from scenario_runner.showing import render
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("modality", "series", "frame"),
    [
        ("CT", {}, 1),
        ("CR", {}, 1),
        ("XC", {}, 1),
        ("XA", {"frames": 5}, 3),
        ("CT", {"tags": {"VOILUTFunction": "SIGMOID"}}, 1),
        ("CT", {"tags": {"WindowCenter": {"raw": "none"}}}, 1),
        ("CT", {"tags": {"PresentationLUTShape": "INVERSE"}}, 1),
    ],
)
def test_the_preview_is_what_the_pacs_renders(
    tmp_path: Path, modality: str, series: dict[str, Any], frame: int
) -> None:
    one = factory().instance(plan_series(modality, size=(64, 64), **series).images[0])
    one.write(tmp_path / "one.dcm")
    with Image.open(BytesIO(preview_png(one, 64).png)) as picture:
        rendered = render(tmp_path / "one.dcm", frame)
        assert np.array_equal(np.asarray(picture), np.asarray(rendered))
