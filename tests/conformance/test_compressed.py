"""What our own imaging room compresses has no finding, in any transfer syntax."""

from __future__ import annotations

import io

import pytest

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import judge
from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES
from tests.imaging.planned import factory, plan_series

EIGHT_BITS = ["US", "XA", "XC"]


@pytest.mark.parametrize("modality", ["CT", "DX", *EIGHT_BITS])
def test_no_transfer_syntax_has_a_finding(modality: str) -> None:
    for name, uid in TRANSFER_SYNTAXES.items():
        if name == "jpeg-baseline" and modality not in EIGHT_BITS:
            continue
        series = plan_series(modality, size=(64, 64), transfer_syntax_uid=uid)
        one = factory().instance(series.images[0])
        raw = b"".join((one.meta, *one.buffers))
        assert judge(read_stream(io.BytesIO(raw))) == [], name
