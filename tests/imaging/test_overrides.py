"""``tags``: what a scenario says about an attribute is what the object has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.errors import InvalidInput
from tests.imaging.planned import EXPLICIT, IMPLICIT, factory, plan_series

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.instance import Instance


def made(tags: dict[str, Any], modality: str = "CT", **more: Any) -> Dataset:
    return instance(tags, modality, **more).dataset()


def instance(tags: dict[str, Any], modality: str = "CT", **more: Any) -> Instance:
    series = plan_series(modality, size=(64, 64), tags=tags, **more)
    return factory().instance(series.images[1])


def test_a_value_is_set_a_null_has_none_a_list_has_several_values() -> None:
    dataset = made(
        {"StudyDescription": "Mine", "KVP": None, "AccessionNumber": {"raw": None},
         "ScanOptions": None, "OtherPatientIDs": None, "ImageType": ["DERIVED", "SECONDARY", "AXIAL"], "PatientWeight": 71}
    )  # fmt: skip
    assert dataset.StudyDescription == "Mine"
    assert dataset["KVP"].is_empty, "Type 2 is there without a value"
    assert "AccessionNumber" not in dataset
    assert "ScanOptions" not in dataset
    assert list(dataset.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert dataset.PatientWeight == 71


def test_what_differs_per_image_can_be_fixed_or_left_out() -> None:
    one = instance({"SOPInstanceUID": "1.2.3", "InstanceNumber": 99, "SliceLocation": None})
    dataset = one.dataset()
    assert one.sop_instance_uid == dataset.SOPInstanceUID == "1.2.3"
    assert dataset.file_meta.MediaStorageSOPInstanceUID == "1.2.3"
    assert dataset.InstanceNumber == 99
    assert "SliceLocation" not in dataset


def test_a_sop_class_override_reaches_the_association_too() -> None:
    one = instance({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"})
    assert one.sop_class_uid == one.dataset().SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_private_attributes_come_with_their_creator(syntax: str) -> None:
    dataset = made(
        {
            "(0009,xx01) ACME 1": {"vr": "LO", "value": "hello"},
            "(0009,xx02) ACME 1": {"vr": "DS", "value": [1.5, 2]},
            "(0009,1001) OTHER": "plain",
        },
        transfer_syntax_uid=syntax,
    )
    assert dataset[0x0009, 0x0010].value == "ACME 1"
    assert dataset[0x0009, 0x0011].value == "OTHER"
    raw = dataset.private_block(0x0009, "ACME 1")[0x01].value
    assert (raw if isinstance(raw, str) else raw.decode().strip()) == "hello"


def test_a_sequence_is_a_list_of_mappings() -> None:
    dataset = made(
        {
            "RequestAttributesSequence": [
                {
                    "ScheduledProcedureStepID": "S1",
                    "RequestedProcedureID": {"raw": "much too long for an SH value"},
                }
            ]
        }
    )
    item = dataset.RequestAttributesSequence[0]
    assert item.ScheduledProcedureStepID == "S1"
    assert "RequestedProcedureID" in dataset.ImageComments
    with pytest.warns(UserWarning, match="exceeds the maximum length"):
        assert item.RequestedProcedureID == "much too long for an SH value"


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_raw_value_is_written_as_it_stands_and_the_object_says_so(syntax: str) -> None:
    one = instance(
        {"StudyDate": {"raw": "31 January"}, "Rows": {"raw": "hex:FFFF"}},
        transfer_syntax_uid=syntax,
    )
    assert b"31 January" in b"".join(one.buffers)
    dataset = one.dataset()
    assert dataset.Rows == 0xFFFF
    assert "Negative test: StudyDate, Rows" in dataset.ImageComments


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize(
    ("keyword", "value", "read"),
    [
        ("Rows", 5, 5),
        ("SmallestImagePixelValue", 7, 7),
        ("ReferencedFrameNumbers", [3, 4], [3, 4]),
        ("ExposureTimeInms", 1.5, 1.5),
        ("SeriesNumber", 5, 5),
        ("StationName", 5, "5"),
    ],
)
def test_a_raw_number_has_the_bytes_of_its_vr(
    keyword: str, value: Any, read: Any, syntax: str
) -> None:
    dataset = made({keyword: {"raw": value}}, transfer_syntax_uid=syntax)
    found = dataset[keyword].value
    assert (list(found) if isinstance(read, list) else found) == read


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"AccessionNumber": "this is much too long"}, "AccessionNumber.*16"),
        ({"StudyInstanceUID": "1.2.03"}, "StudyInstanceUID.*UI"),
        ({"PatientNam": "X"}, "PatientNam: is not the keyword"),
        ({"Rows": 7}, "Rows: describes the pixels"),
        ({"TransferSyntaxUID": "1.2"}, "TransferSyntaxUID: belongs to the file"),
        ({"SeriesNumber": "seven"}, "SeriesNumber: 'seven' is not a value of VR IS"),
        ({"RequestAttributesSequence": "S1"}, "is a sequence"),
        ({"(0008,xx01) ACME": "x"}, "group number is odd"),
        ({"(0009,xx01) ACME": {"vr": "ZZ", "value": 1}}, "not a value representation"),
    ],
)
def test_a_tag_that_cannot_be_is_refused_with_the_place_it_stands(
    tags: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        made(tags)
    assert caught.value.diagnostics[0].where.path == "patients[0].studies[0].series[0]"


def test_modifications_come_on_top_of_tags() -> None:
    series = plan_series("CT", size=(64, 64), tags={"StudyDescription": "A", "SeriesNumber": 5})
    for one in factory().instances(series.images, {"StudyDescription": "B"}):
        dataset = one.dataset()
        assert (dataset.StudyDescription, dataset.SeriesNumber) == ("B", 5)


def test_burned_in_text_follows_an_overridden_value() -> None:
    given = instance({"PatientID": "ZZZ"}).pixels()
    planned = instance({}, patient={"patient_id": "ZZZ"}).pixels()
    assert (given == planned).all()
    assert (given != instance({}).pixels()).any()


def test_without_pixel_data_when_told() -> None:
    dataset = made({"PixelData": None})
    assert "PixelData" not in dataset
    assert dataset.Rows == 64
