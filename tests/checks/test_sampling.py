"""How many of many are looked at, and which."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scenario_runner.api.sampling import Sample, chosen
from tests.running import fabricate, record, steps, write_scenario


@pytest.mark.parametrize(
    ("confidence", "defects", "size"), [(0.95, 0.01, 298), (0.99, 0.01, 458), (0.95, 0.05, 59)]
)
def test_of_very_many_the_well_known_numbers_are_looked_at(
    confidence: float, defects: float, size: int
) -> None:
    assert abs(Sample(confidence=confidence, defects=defects).size(1_000_000) - size) <= 1


@given(st.integers(1, 400), st.floats(0.5, 0.999), st.floats(0.001, 0.6))
def test_no_fewer_would_do(total: int, confidence: float, defects: float) -> None:
    size = Sample(confidence=confidence, defects=defects).size(total)
    bad = max(1, math.ceil(total * Fraction(f"{defects:.12f}")))

    def unseen(looked: int) -> float:
        return math.comb(total - bad, looked) / math.comb(total, looked)

    assert unseen(size) <= (1 - confidence) * (1 + 1e-9)
    assert size == 1 or unseen(size - 1) > (1 - confidence) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("total", "confidence", "defects", "size"),
    [
        (
            100,
            0.95,
            0.07,
            34,
        ),  # 7 stay unseen by 34 with 4.9 %, by 33 with 5.4 %; of the 8 that floats come to 31 would do
        (1000, 0.95, 1.1 / 100, 238),  # 11 of them, which floats have as 12
        (100, 0.95, 0.01, 95),  # of 1: 5 of 100 chances are left with 95
        (1000, 0.99, 0.001, 990),
    ],
)
def test_a_share_of_all_is_as_many_as_its_decimals_say(
    total: int, confidence: float, defects: float, size: int
) -> None:
    assert Sample(confidence=confidence, defects=defects).size(total) == size


def test_the_same_ones_are_drawn_again_and_each_has_its_chance() -> None:
    first = chosen(range(1000), 100, "7", str)
    assert first == chosen(range(1000), 100, "7", str) == sorted(first)
    assert len(set(first)) == 100
    assert first != chosen(range(1000), 100, "8", str)
    assert chosen(range(5), 9, "7", str) == [0, 1, 2, 3, 4]


def test_stored_looks_at_a_sample_and_says_how_sure_it_is(tmp_path: Path) -> None:
    sample = {"confidence": "90%", "defects": "10%"}
    series = {"modality": "CT", "images": 60, "size": [8, 8]}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"assert": [{"stored": {"on": "pacs", "sample": sample}}]},
            {"delete": {"from": "pacs"}},
            {"assert": [{"stored": {"on": "pacs", "what": "all", "sample": sample}}]},
        ],
        patients=[{"studies": [{"series": [series]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    found = steps(record(out))
    [there] = found["assert"]["checks"]
    assert there["outcome"] == "passed"
    assert there["actual"]["instances"] == Sample(confidence=0.9, defects=0.1).size(60) < 60
    assert "with 90 % confidence fewer than 10 % of all" in there["message"]
    [gone] = found["assert-2"]["checks"]
    assert (gone["outcome"], gone["actual"]["instances"]) == ("failed", 0)


def test_a_sample_that_says_nothing_is_refused() -> None:
    for said in ({"confidence": "0%"}, {"defects": 0}):
        with pytest.raises(ValidationError, match="greater than 0"):
            Sample.model_validate(said)
