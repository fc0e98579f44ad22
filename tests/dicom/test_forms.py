"""One definition of what may be sent: what ``validate`` passes is written, and ``check`` has nothing to say.

And the other way round: what ``validate`` refuses is told at its place.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom._dicom_dict import DicomDictionary

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.rules.table import ELEMENTS, READING
from scenario_runner.conformance.standard import judge
from scenario_runner.dicom import forms, vrs
from scenario_runner.dicom.datasets import encode_dataset
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.sop_classes import RAW_DATA
from scenario_runner.dicom.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, encoding_of
from scenario_runner.imaging.overrides import apply
from scenario_runner.planning.tags import DESCRIBE_PIXELS, Path, check_tags
from scenario_runner.planning.value_problems import ValueProblem

VALUE_RULES = {rule.id for rule in READING} | {
    "vr-length", "vr-form", "vr-size", "padding", "uid", "multiplicity", "characters",
}  # fmt: skip
assert {rule.id for rule in (*ELEMENTS, *READING)} >= VALUE_RULES
KEYWORDS = sorted(
    keyword
    for tag, (vr, _vm, _name, retired, keyword) in DicomDictionary.items()
    if keyword
    and not retired
    and 8 <= tag >> 16 < 0x7FE0
    and vr not in ("SQ", "NONE")
    and keyword not in DESCRIBE_PIXELS
    and keyword not in ("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID")
)
SEQUENCES = sorted(
    keyword
    for tag, (vr, _vm, _name, retired, keyword) in DicomDictionary.items()
    if vr == "SQ" and not retired and 8 <= tag >> 16 < 0x7FE0
)
PLAUSIBLE = [
    "", " ", "1", "-1", "0", "5.1", "1.2.840.10008.1.2", "2.25.1", "1.02", "20251", "20250231",
    "20240229", "2025", "202512", "20251231235960.5+0100", "2359", "235959.999999", "24", "040Y",
    "40Y", "CT", "ct", "A^B", "A^B^C^D^E^F", "Ä^Ö=山田", "a\\b", "a\\\\b", "1\\2\\3", "1\\", "00 FF",
    "00FF", "0", "FF FF FF", "(0010,0020)", "00100020", "1e5", "1e400", "nan", "65535", "65536",
    "-32769", "2147483648", "x" * 16, "x" * 17, "x" * 64, "x" * 65, "x" * 1025, "http://a/b", "é",
    "a\nb", "a\tb", "a\x1bb", "a\x85b", "UPPER_CASE 1", "  padded  ", "0.30000000000000004", "+5", "1_0",
    "٣", "12:30",
]  # fmt: skip
SCALARS = (
    st.sampled_from(PLAUSIBLE)
    | st.integers(-(2**70), 2**70)
    | st.integers(-300, 70000)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.text(max_size=20)
)
VALUES = SCALARS | st.lists(SCALARS, max_size=6)


def refused(tags: dict[str, Any]) -> list[tuple[Path, ValueProblem]]:
    found: list[tuple[Path, ValueProblem]] = []
    check_tags(tags, lambda path, problem: found.append((path, problem)))
    return found


def judged(tags: dict[str, Any], syntax: str) -> list[str]:
    """What ``check`` says of values when these tags were written."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = RAW_DATA, "1.2.3"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    apply(dataset, tags, encoding=encoding_of(syntax))
    data = encode_dataset(dataset, encoding_of(syntax), ["ISO_IR 192"])
    file = read_stream(BytesIO(file_meta(RAW_DATA, "1.2.3", syntax) + data))
    assert file.whole
    return [f"{one.attribute} {one.message}" for one in judge(file) if one.rule in VALUE_RULES]


@settings(deadline=None, max_examples=800)
@given(
    st.sampled_from(KEYWORDS),
    VALUES,
    st.sampled_from((EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)),
    st.none() | st.sampled_from(SEQUENCES),
)
def test_what_validate_passes_is_written_and_has_nothing_wrong(
    keyword: str, value: Any, syntax: str, sequence: str | None
) -> None:
    tags: dict[str, Any] = {keyword: value}
    if sequence:
        tags = {sequence: [tags]}
    if problems := refused(tags):
        inside = (sequence, 0, keyword) if sequence else (keyword,)
        assert all(path[: len(inside)] == inside for path, _ in problems)
        assert all(problem.message for _, problem in problems)
        return
    assert judged(tags, syntax) == []


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(sorted(vrs.ALL - {"SQ"})), VALUES, st.sampled_from((EXPLICIT_LE, EXPLICIT_BE))
)
def test_a_private_attribute_is_no_exception(vr: str, value: Any, syntax: str) -> None:
    tags = {"(0009,xx01) MY COMPANY": {"vr": vr, "value": value}}
    if not refused(tags):
        assert judged(tags, syntax) == []


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("AcquisitionDateTime", "20251"),
        ("StudyDate", "20250231"),
        ("FrameOfReferenceUID", "5.1"),
        ("FrameOfReferenceUID", "1"),
        ("FrameOfReferenceUID", "2.25.340282366920938463463374607431768211456"),
        ("AcquisitionDateTime", "20250231120000"),
        ("ImageOrientationPatient", [1, 0, 0]),
        ("SmallestImagePixelValue", 70000),
        ("RecommendedDisplayFrameRateInFloat", "1e400"),
        ("PatientWeight", 0.30000000000000004),
        ("PatientAge", "40Y"),
        ("RetrieveURL", "http://ä"),
        ("RetrieveURL", "http://pacs/a study"),
        ("RetrieveURL", "http://pacs/{uid}"),
    ],
)
def test_what_check_would_fault_is_refused_before(keyword: str, value: Any) -> None:
    assert refused({keyword: value})


@pytest.mark.parametrize(
    ("keyword", "value", "vr"),
    [("SmallestImagePixelValue", -5, "SS"), ("SmallestImagePixelValue", 65535, "US")],
)
def test_a_value_is_written_in_the_vr_that_it_fits(keyword: str, value: int, vr: str) -> None:
    dataset = Dataset()
    apply(dataset, {keyword: value}, encoding=encoding_of(EXPLICIT_LE))
    assert (dataset[keyword].VR, dataset[keyword].value) == (vr, value)


@pytest.mark.parametrize(
    ("vm", "fits", "does_not"),
    [("1", [1], [0, 2]), ("1-3", [1, 2, 3], [4]), ("2-2n", [2, 4], [1, 3]), ("3-n", [3, 9], [2])],
)
def test_multiplicities_are_read_as_the_dictionary_writes_them(
    vm: str, fits: list[int], does_not: list[int]
) -> None:
    assert [count for count in (*fits, *does_not) if forms.allowed(vm, count)] == fits


@pytest.mark.parametrize("vr", ["AS", "DA", "DS", "DT", "FD", "IS", "TM", "US"])
def test_digits_are_those_of_ascii(vr: str) -> None:
    written = {"AS": "012Y", "DA": "20250131", "TM": "1030", "DT": "2025"}.get(vr, "12")
    fault = forms.number_fault if vr in vrs.STRUCT_CODES else forms.form_fault
    assert not fault(written, vr)
    assert fault(written.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), vr)
    assert forms.uid_fault("1.٢")


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("2025", True), ("202512", True), ("20251231235960.5+0100", True), ("2025+1400", True),
        ("202513", False), ("202500", False), ("20250228120000+2500", False),
        ("20250228120000-1300", False), ("20250228-0000", False),
    ],
)  # fmt: skip
def test_a_month_and_an_offset_that_nobody_has_are_no_moment(value: str, right: bool) -> None:
    assert (forms.form_fault(value, "DT") == "") is right
    assert (refused({"AcquisitionDateTime": value}) == []) is right
