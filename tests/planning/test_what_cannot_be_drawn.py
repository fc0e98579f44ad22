"""What the imaging room could not draw is told at plan time, where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import fabricate

HEAD = "schema: scenario/v1\nname: x\npatients:\n  - studies:\n      - series:\n          - "


@pytest.mark.parametrize(
    ("series", "place", "words"),
    [
        ("{modality: CT, frames: 5}", "6:36: error FAB118", "has one frame"),
        ("{modality: CT, tags: {Rows: 5}}", "6:41: error FAB311", "describes the pixels"),
        ("{modality: CT, tags: {PixelData: null}}", "6:46: error FAB311", "describes the pixels"),
    ],
)
def test_it_is_found_before_anything_runs(
    tmp_path: Path, series: str, place: str, words: str
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{HEAD}{series}\n", encoding="utf-8")
    done = fabricate("validate", file).check(3)
    assert f"{file}:{place}" in done.out
    assert words in done.out


def test_a_negative_test_may_do_it(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{HEAD}{{modality: CT, tags: {{Rows: {{raw: 5}}}}}}\n", encoding="utf-8")
    fabricate("validate", file).check(0)
