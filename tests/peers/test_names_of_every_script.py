"""Generated people of every script make objects that no validator faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import fabricate, write_scenario

pytestmark = pytest.mark.peer

LOCALES = ["ja_JP", "ko_KR", "zh_CN", "ar_SA", "ru_RU", "el_GR", "he_IL", "th_TH", "pl_PL", "tr_TR"]


@pytest.mark.parametrize("seed", ["3", "4"])
def test_generated_people_of_many_locales_are_conformant(tmp_path: Path, seed: str) -> None:
    series = {"modality": "CT", "images": 1, "size": [64, 64]}
    scenario = write_scenario(
        tmp_path / "people.yaml",
        [{"assert": [{"conformant": {"with": ["standard", "dciodvfy"]}}]}],
        matrix={"locale": LOCALES},
        patients=[
            {
                "count": 12,
                "name": {"locale": "{{ matrix.locale }}"},
                "studies": [{"series": [series]}],
            }
        ],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--seed", seed, "--registry", ":memory:", "--out", out).check()
