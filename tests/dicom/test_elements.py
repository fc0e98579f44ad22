"""Reading encoded data sets: the same as pydicom reads, and never more than the bytes allow."""

from __future__ import annotations

import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence

from scenario_runner.archive.transcoding import TranscodingError, transcode
from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    read_elements,
    read_header,
    read_items,
    write_elements,
)
from scenario_runner.dicom.one_element import replace_element
from scenario_runner.dicom.syntaxes import encoding_of
from tests.archive.samples import EXPLICIT, IMPLICIT, Sample, encoded, sample

BIG = "1.2.840.10008.1.2.2"


def nested(transfer_syntax: str, *, undefined: bool) -> Sample:
    """An instance with sequences two deep."""
    inner = Dataset()
    inner.CodeValue, inner.CodeMeaning = "T-D3000", "Chest"
    outer = Dataset()
    outer.RequestedProcedureID = "R1"
    outer.ScheduledProtocolCodeSequence = Sequence([inner, inner])
    ds = dcmread(BytesIO(sample(RequestAttributesSequence=[outer, outer]).file))
    for sequence in (ds["RequestAttributesSequence"], outer["ScheduledProtocolCodeSequence"]):
        sequence.is_undefined_length = undefined
    for item in ds.RequestAttributesSequence:
        item.is_undefined_length_sequence_item = undefined
    ds.set_original_encoding(None, None)
    one = encoded(ds, transfer_syntax)
    assert (b"\xff\xff\xff\xff" in one.data) is undefined
    return one


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_sequences_are_found_whatever_their_length_is_written_as(
    syntax: str, *, undefined: bool
) -> None:
    elements = read_header(nested(syntax, undefined=undefined).data, syntax)
    items = read_items(elements[0x00400275])
    assert len(items) == 2
    codes = read_items(items[1][0x00400008])
    assert texts(0x00080104, codes[1][0x00080104]) == ["Chest"]
    assert texts(0x00280010, elements[0x00280010]) == ["8"]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (EXPLICIT, IMPLICIT), (IMPLICIT, EXPLICIT), (BIG, EXPLICIT), (BIG, IMPLICIT),
    ],
)  # fmt: skip
def test_transcoding_changes_nothing_but_the_encoding(
    before: str, after: str, *, undefined: bool
) -> None:
    one = nested(before, undefined=undefined)
    changed = transcode(one.data, before, after)
    assert texts(0x00100010, read_header(changed, after)[0x00100010]) == ["CITIZEN^JANE"]
    expected = dcmread(BytesIO(one.file))
    if before == BIG:  # pydicom leaves the words of OW in the order they came in
        words = bytearray(expected.PixelData)
        words[::2], words[1::2] = words[1::2], words[::2]
        expected.PixelData = bytes(words)
    head = nested(after, undefined=undefined)
    read = dcmread(BytesIO(head.file[: -len(head.data)] + changed))
    assert read == expected
    assert transcode(changed, after, after) is changed


@pytest.mark.parametrize("after", [EXPLICIT, IMPLICIT])
def test_a_deflated_data_set_is_given_inflated(after: str) -> None:
    one = sample()
    squeeze = zlib.compressobj(wbits=-15)
    deflated = squeeze.compress(one.data) + squeeze.flush()
    expected = transcode(one.data, EXPLICIT, after)
    assert transcode(deflated, "1.2.840.10008.1.2.1.99", after) == expected


def test_pixels_that_no_decoder_reads_are_not_transcoded() -> None:
    with pytest.raises(TranscodingError):
        transcode(sample().data, "1.2.840.10008.1.2.4.80", EXPLICIT)


def test_reading_stops_before_the_pixels() -> None:
    one = sample(size=64)
    head = one.data[: one.data.index(b"\xe0\x7f\x10\x00") + 12]
    assert read_header(head, EXPLICIT) == read_header(one.data, EXPLICIT)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_what_is_read_is_written_again_byte_for_byte(syntax: str) -> None:
    one = nested(syntax, undefined=False)
    elements = read_elements(one.data, encoding_of(syntax))
    assert write_elements(elements, implicit=syntax == IMPLICIT) == one.data


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("tag", [0x00080005, 0x00100010, 0x00400275, 0x7FE00010, 0x00081030])
def test_one_element_is_replaced_and_no_other_touched(syntax: str, tag: int) -> None:
    one = nested(syntax, undefined=True)
    before = read_elements(one.data, encoding_of(syntax))
    data = replace_element(one.data, syntax, tag, "LO", b"new!")
    after = read_elements(data, encoding_of(syntax))
    assert after.pop(tag).value == b"new!"
    before.pop(tag, None)
    assert after == before
    assert list(after) == sorted(after)


@settings(max_examples=300)
@given(st.data())
def test_no_bytes_lead_anywhere_but_to_elements_or_a_complaint(data: st.DataObject) -> None:
    syntax = data.draw(st.sampled_from((EXPLICIT, IMPLICIT, BIG, "1.2.840.10008.1.2.1.99")))
    whole = bytearray(nested(EXPLICIT, undefined=True).data)
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        elements = read_header(cut, syntax)
        for tag, element in elements.items():
            texts(tag, element, ("", "ISO 2022 IR 87"))
            read_items(element)
    except DamagedDatasetError:
        return


def test_sequences_without_end_are_refused_in_time() -> None:
    deep = b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(DamagedDatasetError):
        read_elements(deep * 10_000, encoding_of(EXPLICIT))
