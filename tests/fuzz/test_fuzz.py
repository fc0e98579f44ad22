"""A short, always equal run of each fuzzer; long ones are for ``python dev.py fuzz``."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.mutating import inputs
from tests.fuzz.targets import TARGETS

_EXAMPLES = {
    "dicom": 12,
    "scenario": 25,
    "http": 25,
    "pdus": 25,
    "pdus-client": 15,
    "http-client": 15,
    "mllp": 15,
    "hl7": 40,
    "fhir": 40,
}


@pytest.mark.parametrize("name", TARGETS)
def test_no_bytes_lead_to_anything_but_an_error_that_was_meant(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=_EXAMPLES.get(name, 60), deadline=None, database=None, derandomize=True,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(inputs(target.all_seeds()))
    def each(data: bytes) -> None:
        target.run(data)

    each()


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_taken_whole(name: str) -> None:
    for data in TARGETS[name].all_seeds():
        TARGETS[name].run(data)
