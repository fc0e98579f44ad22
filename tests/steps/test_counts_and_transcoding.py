"""What a PACS is declared to count wrong, or to give out as it has it alone, accuses it of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

SERIES = [
    {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": "rle"},
    {"modality": "CT", "images": 3, "size": [64, 64]},
]


def run(
    folder: Path, pacs: dict[str, Any], entries: list[Any], code: int = 0
) -> dict[str, dict[str, Any]]:
    site = write_site(folder / "site.yaml", {"pacs": pacs})
    patients = [{"studies": [{"series": SERIES}]}]
    file = write_scenario(
        folder / "s.yaml", [{"send": {"to": "pacs"}}, *entries], patients=patients
    )
    out = folder / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize("declared", [True, False])
def test_counts_that_are_declared_wrong_are_not_looked_at(tmp_path: Path, declared: bool) -> None:
    off = {"embedded": {"faults": [{"counts": {"by": 1, "on": "find"}}]}}
    match = {"StudyInstanceUID": "{{ studies[0].uid }}", "NumberOfStudyRelatedInstances": 5}
    entries: list[Any] = [
        {"query": {"on": "pacs", "level": "study", "match": match}, "save_as": "found"},
        {"assert": [{"stored": {"on": "pacs"}}]},
    ]
    if declared:
        found = run(tmp_path, {**off, "expects": {"counts": False}}, entries)
        assert "does not match by NumberOfStudyRelatedInstances" in found["query"]["message"]
        assert (
            "does not have NumberOfSeriesRelatedInstances"
            in (found["assert"]["checks"][0]["message"])
        )
    else:
        told = run(tmp_path, off, entries[1:], 1)["assert"]["message"]
        assert "NumberOfSeriesRelatedInstances: 3, not 2" in told


@pytest.mark.parametrize("level", ["study", "series", "image"])
def test_what_is_stored_otherwise_is_not_asked_for_and_not_missed(
    tmp_path: Path, level: str
) -> None:
    pacs = {"embedded": {}, "expects": {"transcodes": False}}
    rle = {"from": "pacs", "level": level, "transfer_syntax": "rle"}
    entries: list[Any] = [
        {"retrieve": rle, "save_as": "back", "id": "some"},
        {"assert": [
            {"tags": {"of": "back", "equal": "sent"}},
            {"pixels": {"of": "back", "equal": "sent"}},
            {"status": {"of": "back", "expected": "success"}},
        ], "id": "compared"},
        {"retrieve": {**rle, "transfer_syntax": "jpeg-ls"}, "save_as": "neither", "id": "neither"},
        {"assert": [{"tags": {"of": "neither", "equal": "sent"}}], "id": "nothing"},
        {"retrieve": {"from": "pacs", "level": level}, "id": "all"},
    ]  # fmt: skip
    found = run(tmp_path, pacs, entries)
    why = "'pacs' gives out Explicit VR Little Endian as it is stored (expects.transcodes)"
    assert found["some"]["message"] == (
        f"2 instances retrieved; left out: {why}: 1 series, 3 instances"
    )
    assert [one["series"] for one in found["some"]["facts"]["left_out"]] == ["p1.s1.e2"]
    assert found["compared"]["outcome"] == found["all"]["outcome"] == "passed"
    assert found["neither"]["outcome"] == found["nothing"]["outcome"] == "skipped"
    assert found["all"]["facts"]["instances"] == 5
