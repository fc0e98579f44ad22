"""Names from the character set files that pydicom brings along are written as they were there."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pydicom.data
import pytest
from pydicom import Dataset, dcmread

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import judge
from scenario_runner.imaging.instance import Instance
from tests.imaging.planned import factory, plan_series

FILES = Path(pydicom.data.__file__).parent / "charset_files"
NAMED = [file.stem for file in sorted(FILES.glob("*.dcm")) if "SQ" not in file.stem]
IN_FIRST_GROUP = {"chrJapMulti", "chrJapMultiExplicitIR6", "chrKoreanMulti"}
"""Their names use escape sequences in the first component group, as PS3.5 6.2.1.2 forbids."""
NESTED = ["chrSQEncoding", "chrSQEncoding1"]

# Two ways to write the same: an empty last component group, and going back to ASCII at the end
# though G0 was never left (PS3.5 6.1.2.5.3 asks for neither).
_SAME = re.compile(rb"(=| |\x1b\(B)+$")


def made(name: str, terms: tuple[str, ...] | None) -> Instance:
    series = plan_series("CT", size=(64, 64), name=name, patient={"character_set": terms})
    return factory().instance(series.images[0])


def terms_of(dataset: Dataset) -> tuple[str, ...] | None:
    value = dataset.get("SpecificCharacterSet")
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


def raw_of(instance: Instance) -> Dataset:
    """What pydicom has before anything is decoded."""
    return dcmread(io.BytesIO(instance.meta + b"".join(instance.buffers)))


def name_of(dataset: Dataset) -> tuple[str, bytes]:
    """The text, and the bytes before pydicom decodes them."""
    raw = dataset.get_item("PatientName").value
    assert isinstance(raw, bytes)
    return str(dataset.PatientName), _SAME.sub(b"", raw)


def test_there_are_as_many_files_as_there_were() -> None:
    assert len(NAMED) == 15


@pytest.mark.parametrize("stem", NAMED)
def test_a_name_in_the_declared_character_set_is_written_byte_for_byte(stem: str) -> None:
    original = dcmread(FILES / f"{stem}.dcm")
    raw = name_of(original)
    instance = made(raw[0], terms_of(original))
    assert name_of(raw_of(instance)) == raw
    whole = io.BytesIO(instance.meta + b"".join(instance.buffers))
    found = [(one.severity, one.rule) for one in judge(read_stream(whole))]
    assert found == [("warning", "alphabetic-group")] * (stem in IN_FIRST_GROUP)


@pytest.mark.parametrize("stem", NAMED)
def test_a_name_comes_back_whatever_character_set_is_chosen_for_it(stem: str) -> None:
    original = dcmread(FILES / f"{stem}.dcm")
    text, raw = name_of(original)
    back = raw_of(made(text, None))
    again = name_of(back)
    assert again[0] == text
    if terms_of(back) == terms_of(original):
        assert again[1] == raw


@pytest.mark.parametrize("stem", NESTED)
def test_a_name_in_a_sequence_of_another_character_set_is_written_too(stem: str) -> None:
    (item,) = dcmread(FILES / f"{stem}.dcm").RequestedProcedureCodeSequence
    terms = terms_of(item) or terms_of(dcmread(FILES / f"{stem}.dcm"))
    text, _ = name_of(item)  # these files go back to ASCII where ISO IR 14 was declared
    assert str(made(text, terms).dataset().PatientName) == text
