"""Two hundred generated studies of ten languages are worklists that no validator faults."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.running import fabricate, record, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

LOCALES = [
    ["en_US", "ja_JP"], ["de_DE", "zh_CN"], ["fr_FR", "ko_KR"], ["es_ES", "nl_NL"], ["it_IT", "pt_PT"],
]  # fmt: skip
STUDIES = {
    "CR": 2, "DX": 3, "CT": 3, "MR": 3, "US": 3, "MG": 1, "XA": 1, "RF": 1, "OT": 1, "PT": 1, "NM": 1,
}  # fmt: skip


@pytest.mark.parametrize("locales", LOCALES, ids="-".join)
def test_two_hundred_generated_studies_of_ten_locales_pass_dciodvfy(
    locales: list[str], tmp_path: Path
) -> None:
    patients = [
        {
            "count": count,
            "locale": "{{ matrix.locale }}",
            "studies": [{"series": [{"modality": modality, "images": 1, "size": [64, 64]}]}],
        }
        for modality, count in STUDIES.items()
    ]
    scenario = write_scenario(
        tmp_path / "worklist.yaml",
        [{"assert": [{"conformant": {"with": ["standard", "dciodvfy"]}}]}],
        matrix={"locale": locales},
        patients=patients,
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--seed", "12", "--registry", ":memory:", "--out", out).check()
    studies = [
        study
        for case in record(out)["cases"]
        for patient in case["patients"]
        for study in patient["studies"]
    ]
    assert len(studies) == 200 // len(LOCALES)
    assert len({study["description"] for study in studies}) > 28
    physicians = Counter(study["referring_physician"] for study in studies)
    assert len(physicians) < 28, "those of a locale come up again"
