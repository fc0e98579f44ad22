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

from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.network.queries import encode
from scenario_runner.targets.values import MOST_CHARACTERS, MOST_VALUES, decoder, plain


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
    found = plain(_over_the_wire(ds, syntax))
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


@pytest.mark.parametrize(
    ("terms", "raw", "text"),
    [
        (["ISO_IR 100"], b"M\xdcLLER", "MÜLLER"),
        (["ISO_IR 192"], "山田".encode(), "山田"),
        (
            ["", "ISO 2022 IR 87"],
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B",
            "Yamada^Tarou=山田^太郎",
        ),
        (
            ["", "ISO 2022 IR 149"],
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7",
            "Hong^Gildong=洪^吉洞",
        ),
        ([""], "undeclared Å".encode(), "undeclared Å"),
        ([""], b"undeclared \xc5", "undeclared Å"),
        (["NO_SUCH"], b"plain", "plain"),
        (["ISO_IR 192"], b"broken \xff", "broken \ufffd"),
    ],
)
def test_text_is_read_by_its_character_set(terms: list[str], raw: bytes, text: str) -> None:
    assert decoder(terms)(raw) == text


def test_a_number_that_is_none_stays_text() -> None:
    raw = b"\x20\x00\x13\x00IS\x04\x00many\x18\x00\x50\x00DS\x04\x00nan "
    found = plain(read_dataset(BytesIO(raw), is_implicit_VR=False, is_little_endian=True))
    assert found == {"InstanceNumber": "many", "SliceThickness": "nan"}


def test_size_and_number_of_values_are_bounded() -> None:
    ds = Dataset()
    ds.TextValue = "x" * (MOST_CHARACTERS * 3)
    ds.ImageType = ["A"] * (MOST_VALUES * 2)
    found = plain(_over_the_wire(ds))
    assert len(found["TextValue"]) == MOST_CHARACTERS
    assert len(found["ImageType"]) == MOST_VALUES


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
    assert json.loads(json.dumps(plain(ds), allow_nan=False)).keys() == {"00111001"}
