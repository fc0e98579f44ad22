"""What a PACS answers must arrive as plain values, whatever it is."""

from __future__ import annotations

import json
import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.filereader import read_dataset

from scenario_runner.dicom.characters import UndeclaredText
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.queries import encode
from scenario_runner.targets.plain_values import values_by_keyword


def _over_the_wire(ds: Dataset, syntax: str = EXPLICIT_LE) -> Dataset:
    return read_dataset(
        BytesIO(encode(ds, syntax)), is_implicit_VR=syntax == IMPLICIT_LE, is_little_endian=True
    )


@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE])
def test_every_kind_of_value_becomes_plain(syntax: str) -> None:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "YAMADA^TARO=山田^太郎=やまだ^たろう"
    ds.StudyDate = "20260131"
    ds.AccessionNumber = ""
    ds.InstanceNumber = 7
    ds.SliceThickness = "2.50"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.Rows = 512
    item = Dataset()
    item.CodeMeaning = "Thórax"
    ds.ProcedureCodeSequence = [item]
    ds.private_block(0x0011, "OURS", create=True).add_new(0x01, "LO", "private")
    found = values_by_keyword(_over_the_wire(ds, syntax))
    assert found == {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "YAMADA^TARO=山田^太郎=やまだ^たろう",
        "StudyDate": "20260131",
        "AccessionNumber": None,
        "InstanceNumber": 7,
        "SliceThickness": 2.5,
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "Rows": 512,
        "ProcedureCodeSequence": [{"CodeMeaning": "Thórax"}],
        "00110010": "OURS",
        "00111001": "private",
    }


def _answer(name: bytes, terms: bytes | None) -> Dataset:
    sets = b"" if terms is None else b"\x08\0\x05\0CS" + struct.pack("<H", len(terms)) + terms
    value = name + b" " * (len(name) % 2)
    data = sets + b"\x10\0\x10\0PN" + struct.pack("<H", len(value)) + value
    return read_dataset(BytesIO(data), is_implicit_VR=False, is_little_endian=True)


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        (b"ISO_IR 100", b"M\xdcLLER", "MÜLLER"),
        (b"ISO_IR 203", b"TESTB\xbcUF^25 \xa4", "TESTBŒUF^25 €"),
        (b"\\ISO 2022 IR 58 ", b"\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab", "王^小东"),
        (b"GBK ", "壜^王".encode("gbk"), "壜^王"),
        (None, "undeclared Å".encode(), "undeclared Å"),
        (None, b"undeclared \xc5", "undeclared Å"),
        (b"ISO_IR 192", b"broken \xff", "broken \ufffd"),
    ],
)
def test_text_is_read_by_its_character_set(terms: bytes | None, raw: bytes, text: str) -> None:
    undeclared: list[UndeclaredText] = []
    assert values_by_keyword(_answer(raw, terms), (), undeclared.append)["PatientName"] == text
    assert undeclared == ([] if terms else [("PatientName", raw + b" " * (len(raw) % 2), "PN")])


def test_text_without_a_declaration_is_read_by_what_the_site_says() -> None:
    undeclared: list[UndeclaredText] = []
    assert values_by_keyword(
        _answer(b"Wa\xb3\xeasa", None), ("ISO_IR 101",), undeclared.append
    ) == {"PatientName": "Wałęsa"}
    assert [one.keyword for one in undeclared] == ["PatientName"]
    assert undeclared[0].value.strip() == b"Wa\xb3\xeasa"
    declared = _answer(b"M\xdcLLER", b"ISO_IR 100")
    assert values_by_keyword(declared, ("ISO_IR 101",))["PatientName"] == "MÜLLER"


def test_a_number_that_is_none_stays_text() -> None:
    raw = b"\x20\x00\x13\x00IS\x04\x00many\x18\x00\x50\x00DS\x04\x00nan "
    found = values_by_keyword(
        read_dataset(BytesIO(raw), is_implicit_VR=False, is_little_endian=True)
    )
    assert found == {"InstanceNumber": "many", "SliceThickness": "nan"}


def test_all_of_an_answer_is_read() -> None:
    ds = Dataset()
    ds.TextValue = "x" * 40_000
    ds.ImageType = ["A"] * 3_000
    ds.RedPaletteColorLookupTableData = struct.pack("<3000H", *range(3_000))
    ds.ReferencedSeriesSequence = [Dataset() for _ in range(2_500)]
    for number, item in enumerate(ds.ReferencedSeriesSequence):
        item.InstanceNumber = number
    found = values_by_keyword(_over_the_wire(ds))
    assert len(found["TextValue"]) == 40_000
    assert len(found["ImageType"]) == 3_000
    assert [one["InstanceNumber"] for one in found["ReferencedSeriesSequence"]] == list(
        range(2_500)
    )


def test_a_deep_sequence_is_read_or_refused_and_never_empty() -> None:
    ds = Dataset()
    for _ in range(12):
        around = Dataset()
        around.ContentSequence = [ds]
        ds = around
    assert str(values_by_keyword(_over_the_wire(ds))).count("ContentSequence") == 12
    for _ in range(60):
        around = Dataset()
        around.ContentSequence = [ds]
        ds = around
    with pytest.raises(DamagedDatasetError, match="deep"):
        values_by_keyword(_over_the_wire(ds))


@given(
    st.binary(max_size=64),
    st.sampled_from(
        [
            "AE",
            "AT",
            "CS",
            "DA",
            "DS",
            "FD",
            "IS",
            "LO",
            "PN",
            "SH",
            "SS",
            "TM",
            "UI",
            "UN",
            "US",
            "UL",
        ]
    ),
)
def test_any_bytes_in_any_vr_become_json(raw: bytes, vr: str) -> None:
    header = b"\x11\x00\x01\x10" + vr.encode()
    length = struct.pack("<xxI" if vr == "UN" else "<H", len(raw))
    ds = read_dataset(BytesIO(header + length + raw), is_implicit_VR=False, is_little_endian=True)
    assert json.loads(json.dumps(values_by_keyword(ds), allow_nan=False)).keys() == {"00111001"}
