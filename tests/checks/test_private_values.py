"""A PACS is not accused of values that it kept, where nobody says their VR or a number has seven digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.dicom.matching import matcher
from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

VALUES: dict[str, tuple[str, Any, Any]] = {
    "01": ("US", 7, 8),
    "02": ("FD", 1.5, 1.25),
    "03": ("FL", 1.1, 1.2),
    "04": ("DS", 2.5, 25),
    "05": ("SS", [-3, 4], [-3, 5]),
    "06": ("CS", ["A", "B"], ["A", "C"]),
    "07": ("LO", "odd", "even"),
    "08": ("DA", "2026-01-31", "2026-01-30"),
    "09": ("AT", "(0018,1063)", "(0018,1064)"),
}
"""By element: VR, value, and another one."""


@pytest.mark.parametrize("syntax", ["implicit-le", "explicit-le"])
def test_values_of_private_attributes_are_read_in_any_vr_that_they_may_have(
    tmp_path: Path, syntax: str
) -> None:
    """In Implicit VR ``US 7`` came back as two bytes, and the PACS was accused of having changed it."""
    private = {
        f"(0009,xx{at}) FABRICATOR": {"vr": vr, "value": value}
        for at, (vr, value, _) in VALUES.items()
    }
    tags = {**private, "RecommendedDisplayFrameRateInFloat": 24.7}
    series = {"modality": "CT", "images": 1, "size": [16, 16], "transfer_syntax": syntax}
    wanted = {f"(0009,xx{at}) FABRICATOR": value for at, (_, value, _) in VALUES.items()}
    others = {f"(0009,xx{at}) FABRICATOR": other for at, (_, _, other) in VALUES.items()}
    right = [{name: value} for name, value in wanted.items()]
    wrong = [{name: value} for name, value in others.items()]
    entries = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"assert": [{"tags": {"of": "back", "values": one}} for one in (*right, *wrong)]},
    ]
    entries[1:1] = [
        {
            "query": {
                "on": "pacs",
                "level": "image",
                "match": {
                    "StudyInstanceUID": "{{ studies[0].uid }}",
                    "SeriesInstanceUID": "{{ series[0].uid }}",
                    "RecommendedDisplayFrameRateInFloat": 24.7,
                },
            }
        }
    ]
    patients = [{"studies": [{"series": [{**series, "tags": tags}]}]}]
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    told = steps(record(out))
    assert told["query"]["message"] == "1 match"
    outcomes = [check["outcome"] for check in told["assert"]["checks"]]
    assert outcomes == ["passed"] * len(right) + ["failed"] * len(wrong)


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [("1.1", "1.10000002384", True), ("1.1", "1.1000003", False), ("1e60", "1e60", True)],
)
def test_a_number_of_single_precision_is_met_by_what_it_is_stored_as(
    key: str, value: str, fits: bool
) -> None:
    test = matcher("FL", [key])
    assert test is not None
    assert test([value]) is fits
