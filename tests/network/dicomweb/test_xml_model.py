"""The Native DICOM Model is read where a service sends it, and nothing that XML can hide."""

from __future__ import annotations

import pytest

from scenario_runner.dicom import json_model
from scenario_runner.network.dicomweb import xml_model
from scenario_runner.network.dicomweb.xml_model import XmlModelError, loads

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>'
NAMES = b"""<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">
<DicomAttribute tag="00100010" vr="PN" keyword="PatientName">
 <PersonName number="1">
  <Alphabetic><FamilyName>Yamada</FamilyName><GivenName>Tarou</GivenName></Alphabetic>
  <Ideographic><FamilyName>\xe5\xb1\xb1\xe7\x94\xb0</FamilyName></Ideographic>
 </PersonName>
</DicomAttribute>
<DicomAttribute tag="00080061" vr="CS"><Value number="1">CT</Value><Value number="2">MR</Value></DicomAttribute>
<DicomAttribute tag="00201208" vr="IS"><Value number="1">3</Value></DicomAttribute>
<DicomAttribute tag="00080050" vr="SH"/>
<DicomAttribute tag="7fe00010" vr="OW"><BulkData uri="http://pacs/bulk/1"/></DicomAttribute>
<DicomAttribute tag="00420011" vr="OB"><InlineBinary>AQI=</InlineBinary></DicomAttribute>
<DicomAttribute tag="00400275" vr="SQ"><Item number="1">
 <DicomAttribute tag="00400009" vr="SH"><Value number="1">S1</Value></DicomAttribute>
</Item></DicomAttribute>
</NativeDicomModel>"""


def test_xml_gives_the_same_plain_values_as_json() -> None:
    assert json_model.values_by_keyword(xml_model.loads(HEAD + NAMES)) == {
        "PatientName": "Yamada^Tarou=山田",
        "ModalitiesInStudy": ["CT", "MR"],
        "NumberOfStudyRelatedInstances": 3,
        "AccessionNumber": None,
        "PixelData": "http://pacs/bulk/1",
        "EncapsulatedDocument": "0102",
        "RequestAttributesSequence": [{"ScheduledProcedureStepID": "S1"}],
    }


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html><body/></html>",
        b"<NativeDicomModel>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><NativeDicomModel/>',
        b"<NativeDicomModel>" + b"<a>" * 100_000,
        b"<NativeDicomModel>" + b"<a/>" * 2_000_001 + b"</NativeDicomModel>",
    ],
)
def test_what_is_no_native_dicom_model_or_hides_something_is_refused(text: bytes) -> None:
    with pytest.raises(XmlModelError):
        xml_model.loads(text)


def test_a_private_attribute_comes_into_the_block_of_its_creator() -> None:
    head = '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
    creator = (
        '<DicomAttribute tag="00110020" vr="LO"><Value number="1">ACME</Value></DicomAttribute>'
    )
    owned = '<DicomAttribute tag="00110001" vr="LO" privateCreator="ACME"><Value>x</Value></DicomAttribute>'
    read = loads(f"{head}{creator}{owned}</NativeDicomModel>".encode())
    assert read["00112001"]["Value"] == ["x"]


def test_line_breaks_around_a_uid_are_no_part_of_it() -> None:
    uid = '<DicomAttribute tag="00081155" vr="UI"><Value number="1">\n  1.2.3\n</Value></DicomAttribute>'
    read = loads(f"<NativeDicomModel>{uid}</NativeDicomModel>".encode())
    assert read["00081155"]["Value"] == ["1.2.3"]
