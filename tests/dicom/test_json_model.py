"""DICOM JSON becomes the same plain values as DIMSE gives, so a check cannot tell the difference."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from scenario_runner.dicom import json_model
from scenario_runner.dicom.elements import Element, read_until
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, Encoding
from scenario_runner.targets.plain_values import values_by_keyword as plain_data_set


def example() -> Dataset:
    data_set = Dataset()
    data_set.SpecificCharacterSet = "ISO_IR 192"
    data_set.PatientName = "YAMADA^TAROU=山田^太郎=やまだ^たろう"
    data_set.PatientID = "PID000001"
    data_set.OtherPatientNames = ["A^B", "C^D"]
    data_set.ModalitiesInStudy = ["CT", "MR"]
    data_set.NumberOfStudyRelatedInstances = 3
    data_set.PatientWeight = "72.50"
    data_set.ImagePositionPatient = [1, -2.5, 0]
    data_set.Rows = 512
    data_set.AccessionNumber = ""
    data_set.FrameIncrementPointer = 0x00181063
    data_set.TextValue = "a\\b "
    data_set.EventElapsedTimes = ["1.5", "2"]
    data_set.RecommendedDisplayFrameRateInFloat = 2.5
    item = Dataset()
    item.ScheduledProcedureStepID = "S1"
    item.Modality = "CT"
    data_set.ScheduledProcedureStepSequence = [item]
    data_set.ReferencedStudySequence = []
    data_set.PixelData = b"\1\2\3\4"
    data_set["PixelData"].VR = "OW"
    block = data_set.private_block(0x0011, "ACME", create=True)
    block.add_new(0x01, "LO", "private")
    return data_set


def encoded(data_set: Dataset) -> bytes:
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    write_dataset(out, data_set)
    return out.getvalue()


def as_received(data_set: Dataset) -> Dataset:
    """What a peer would have sent of it: raw values, not yet converted."""
    return dcmread(io.BytesIO(encoded(data_set)), force=True)


def written_json(data_set: Dataset, **how: Any) -> dict[str, Any]:
    """The data set in the JSON model, as it is after it was encoded and read."""
    return json_model.of_elements(read_until(encoded(data_set), EXPLICIT_LE), "bulk/", **how)


def test_json_gives_the_very_values_that_dimse_gives() -> None:
    through_json = json.dumps([written_json(example())])
    [found] = json_model.loads(through_json)
    assert json_model.values_by_keyword(found) == plain_data_set(as_received(example()))
    assert json_model.values_by_keyword(found)["ImagePositionPatient"] == [1.0, -2.5, 0.0]
    assert json_model.values_by_keyword(found)["00110010"] == "ACME"


def test_what_we_write_is_what_pydicom_reads() -> None:
    back = Dataset.from_json(written_json(example()))
    assert str(back.PatientName) == str(example().PatientName)
    assert back.PatientWeight == 72.5
    assert back.ScheduledProcedureStepSequence[0].Modality == "CT"
    assert back.FrameIncrementPointer == 0x00181063
    assert back.PixelData == b"\1\2\3\4"
    assert back.SpecificCharacterSet == "ISO_IR 192"


def test_bulk_data_can_be_left_behind_a_uri() -> None:
    written = written_json(example(), most_inline=2)
    assert written["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulk/7FE00010"}
    assert json_model.values_by_keyword(written)["PixelData"] == "bulk/7FE00010"


def test_a_value_that_breaks_its_vr_is_written_as_it_is() -> None:
    little = Encoding(implicit=False)
    elements = {0x00201208: Element("IS", b"many", little), 0x00280010: Element("US", b"a", little)}
    written = json_model.of_elements(elements, "bulk/")
    assert written["00201208"] == {"vr": "IS", "Value": ["many"]}
    assert json_model.values_by_keyword(written)["NumberOfStudyRelatedInstances"] == "many"


def test_plain_values_are_written_and_read_back() -> None:
    values: dict[str, Any] = {
        "StudyInstanceUID": "1.2.3",
        "PatientName": "A^B=C^D",
        "NumberOfStudyRelatedInstances": 7,
        "PatientSize": 1.75,
        "ModalitiesInStudy": ["CT", "MR"],
        "AccessionNumber": None,
        "FailedSOPSequence": [{"FailureReason": 272, "ReferencedSOPInstanceUID": "1.2"}],
    }
    written = json_model.encode(values)
    assert list(written) == sorted(written)
    assert json_model.values_by_keyword(written) == values
    with pytest.raises(ValueError, match="'Nonsense' is no DICOM keyword"):
        json_model.encode({"Nonsense": 1})


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({"vr": "IS", "Value": ["12"]}, 12),
        ({"vr": "IS", "Value": [12.0]}, 12),
        ({"vr": "IS", "Value": [12.5]}, 12.5),
        ({"vr": "DS", "Value": [1]}, 1.0),
        ({"vr": "CS", "Value": ["CT\\MR"]}, ["CT", "MR"]),
        ({"vr": "CS", "Value": "CT"}, "CT"),
        ({"vr": "PN", "Value": ["A^B"]}, "A^B"),
        ({"vr": "PN", "Value": [{"Ideographic": "山"}]}, "=山"),
        ({"vr": "LO", "Value": [None, "x"]}, [None, "x"]),
        ({"vr": "LO", "Value": [None]}, None),
        ({"vr": "LO", "Value": [{}]}, "{}"),
        ({"vr": "FD", "Value": ["NaN"]}, "nan"),
        ({"vr": "SQ", "Value": [1, "x"]}, None),
        ({"vr": 7}, None),
        ({"vr": "OB", "InlineBinary": "!"}, None),
    ],
)
def test_what_servers_make_of_the_model_is_understood(element: Any, value: Any) -> None:
    found = json_model.values_by_keyword(
        {"00100010" if element["vr"] == "PN" else "00990010": element}
    )
    assert list(found.values()) == [value]


def _nested(levels: int) -> dict[str, Any]:
    deep: dict[str, Any] = {"00100020": {"vr": "LO", "Value": ["x"]}}
    for _ in range(levels):
        deep = {"00400100": {"vr": "SQ", "Value": [deep]}}
    return deep


def test_all_of_what_a_server_says_is_read() -> None:
    assert str(json_model.values_by_keyword(_nested(50))).count("Scheduled") == 50
    wide = {f"{n:08X}": {"vr": "LO", "Value": ["x"]} for n in range(0x00110011, 0x00115011)}
    assert len(json_model.values_by_keyword(wide)) == len(wide)
    long = {"00100020": {"vr": "LO", "Value": ["x" * 100_000]}}
    assert len(json_model.values_by_keyword(long)["PatientID"]) == 100_000
    several = {"00080008": {"vr": "CS", "Value": ["\\".join("A" * 1_500), *"B" * 1_500]}}
    assert json_model.values_by_keyword(several)["ImageType"] == [*"A" * 1_500, *"B" * 1_500]
    frames = [{"00209157": {"vr": "UL", "Value": [n]}} for n in range(2_500)]
    many = json_model.values_by_keyword({"52009230": {"vr": "SQ", "Value": frames}})
    assert [one["DimensionIndexValues"] for one in many["PerFrameFunctionalGroupsSequence"]] == [
        *range(2_500)
    ]
    inline = base64.b64encode(bytes(range(256)) * 200).decode()
    binary = json_model.values_by_keyword({"00281201": {"vr": "OW", "InlineBinary": inline}})
    assert binary["RedPaletteColorLookupTableData"] == bytes(range(256)).hex() * 200


def test_json_without_end_of_nesting_is_refused() -> None:
    with pytest.raises(json_model.JsonModelError):
        json_model.values_by_keyword(_nested(65))
    with pytest.raises(json_model.JsonModelError):
        json_model.loads("[" * 100_000)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["vr", "Value", "InlineBinary", "BulkDataURI", "00100010", "x"]),
                inner | st.sampled_from(["IS", "DS", "PN", "SQ", "US", "AT", "UN"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_of_a_peer_is_too_strange_to_read(body: Any) -> None:
    found = json_model.values_by_keyword(
        {"00100010": body, "00280010": {"vr": "IS", "Value": body}}
    )
    assert json.dumps(found)


def test_a_private_sequence_in_implicit_vr_is_a_sequence() -> None:
    item = b"\xfe\xff\x00\xe0\x08\x00\x00\x00" + b"\x09\x00\x02\x10\x00\x00\x00\x00"
    end = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    data = b"\x09\x00\x01\x10\xff\xff\xff\xff" + item + end
    written = json_model.of_elements(read_until(data, IMPLICIT_LE), "bulk/")
    assert written["00091001"] == {"vr": "SQ", "Value": [{"00091002": {"vr": "UN"}}]}


def test_bytes_of_a_big_endian_file_come_in_little_endian() -> None:
    elements = {0x7FE00010: Element("OW", b"\1\2", Encoding(implicit=False, little=False))}
    written = json_model.of_elements(elements, "bulk/")
    assert written["7FE00010"] == {"vr": "OW", "InlineBinary": "AgE="}
