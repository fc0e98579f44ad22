"""Whatever a stored instance holds, searches and metadata answer in valid JSON and XML."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.dicom.elements import Element
from scenario_runner.dicom.json_model import of_elements, value_of
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.network.dicomweb.xml_model import loads
from scenario_runner.pacs.dicomweb import json_writer
from scenario_runner.pacs.dicomweb.xml_writer import as_xml
from tests.archive.samples import CT_IMAGE
from tests.pacs.dicomweb.web import get, stow

if TYPE_CHECKING:
    from scenario_runner.pacs.server import EmbeddedPacs

EXPLICIT = Encoding(implicit=False)
TAGS = {
    "IS": 0x00200013, "DS": 0x00281053, "FD": 0x00186028, "FL": 0x00720076, "US": 0x00280010,
    "AT": 0x00280009, "PN": 0x00100010, "LO": 0x00100020, "UI": 0x00080018, "DA": 0x00080020,
    "UN": 0x00091001, "OB": 0x00420011, "UT": 0x0040A160, "SQ": 0x0040A043,
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(TAGS)), st.binary(max_size=40), st.sampled_from([(), ("ISO_IR 192",)])
)
def test_any_bytes_become_json_and_xml_that_says_the_same(
    vr: str, value: bytes, terms: tuple[str, ...]
) -> None:
    elements = {TAGS[vr]: Element(vr, value, EXPLICIT)}
    data = of_elements(elements, "http://x/bulkdata/", terms)
    text = json_writer.encode(data).decode("utf-8")
    assert json.loads(text).keys() == data.keys()
    ET.fromstring(as_xml(data))


def test_the_xml_is_read_back_by_the_client_of_this_project() -> None:
    data: dict[str, Any] = {
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg", "Ideographic": "山田"}]},
        "00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [272]}}]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "http://x/1"},
    }
    read = loads(as_xml(data))
    assert read["00100010"]["Value"] == data["00100010"]["Value"]
    assert str(read["00081198"]["Value"][0]["00081197"]["Value"][0]) == "272"
    assert read["7FE00010"]["BulkDataURI"] == "http://x/1"


@pytest.mark.parametrize(
    ("vr", "text", "value"),
    [
        ("IS", "12", 12),
        ("IS", "twelve", "twelve"),
        ("DS", "1.50", 1.5),
        ("DS", "1e999", "1e999"),
        ("FD", "nan", "nan"),
        ("US", "7", 7),
        ("LO", "", None),
        ("PN", "A^B==C", {"Alphabetic": "A^B", "Phonetic": "C"}),
    ],
)
def test_a_number_that_is_none_goes_out_as_text(vr: str, text: str, value: Any) -> None:
    assert value_of(vr, text) == value


def element(tag: int, vr: str, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def odd_file() -> bytes:
    """An instance by hand, whose values break their VR wherever one can."""
    from scenario_runner.dicom.part10 import file_meta

    data = b"".join(
        (
            element(0x00080005, "CS", b"ISO_IR 192\\NONSENSE"),
            element(0x00080016, "UI", CT_IMAGE.encode() + b"\0"),
            element(0x00080018, "UI", b"1.2.3.1.1\0"),
            element(0x00080020, "DA", b"yesterday"),
            element(0x00100010, "PN", b"\xff\xfe^<script>\x00\x01"),
            element(0x0020000D, "UI", b"1.2.3\0"),
            element(0x0020000E, "UI", b"1.2.3.1\0"),
            element(0x00200013, "IS", b"first"),
            element(0x00280010, "US", b"\1"),
            element(0x00280030, "DS", b"a\\b\\\\1"),
        )
    )
    return file_meta(CT_IMAGE, "1.2.3.1.1", "1.2.840.10008.1.2.1") + data


def test_an_instance_full_of_nonsense_is_stored_found_and_shown(
    pacs: EmbeddedPacs, url: str
) -> None:
    assert stow(url, [odd_file()]).status_code == 200
    base = f"{url}/studies/1.2.3"
    (study,) = get(f"{url}/studies").json()
    assert study["00080020"]["Value"] == ["yesterday"]
    (instance,) = get(f"{base}/instances?includefield=all").json()
    assert instance["00200013"]["Value"] == ["first"]
    (metadata,) = get(f"{base}/metadata").json()
    assert metadata["00280030"]["Value"] == ["a", "b", None, 1.0]
    one = f"{base}/series/1.2.3.1/instances/1.2.3.1.1"
    answers: list[httpx2.Response] = [get(f"{one}/{what}") for what in ("frames/1", "rendered")]
    assert [answer.status_code for answer in answers] == [404, 406]
