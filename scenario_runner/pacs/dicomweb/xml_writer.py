"""The Native DICOM Model in XML (PS3.19 A.1) from the JSON model: the same attributes, other brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

from scenario_runner.dicom.dictionary import supplied

if TYPE_CHECKING:
    from scenario_runner.dicom.json_model import Json

_NAMESPACE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_NAME_PARTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot say."""


def as_xml(data: Json) -> bytes:
    """A data set in the JSON model as an XML document in UTF-8."""
    root = ET.Element("NativeDicomModel", {"xmlns": _NAMESPACE, "xml:space": "preserve"})
    _add(root, data)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _add(parent: ET.Element, data: Json) -> None:
    for tag, member in data.items():
        names = _private(tag, data) or {"tag": tag}
        names["vr"] = member["vr"]
        if keyword := supplied().keyword_for_tag(int(tag, 16)):
            names["keyword"] = keyword
        element = ET.SubElement(parent, "DicomAttribute", names)
        if "BulkDataURI" in member:
            ET.SubElement(element, "BulkData", {"uri": member["BulkDataURI"]})
        elif "InlineBinary" in member:
            ET.SubElement(element, "InlineBinary").text = member["InlineBinary"]
        for number, value in enumerate(member.get("Value", ()), start=1):
            _add_value(element, member["vr"], str(number), value)


def _private(tag: str, data: Json) -> dict[str, str]:
    """An owned private attribute is named by its creator, with 00 for its block (PS3.19 A.1.5)."""
    block = tag[4:6]
    if int(tag[:4], 16) % 2 == 0 or block == "00":
        return {}
    values = data.get(f"{tag[:4]}00{block}", {}).get("Value", ())
    if len(values) != 1 or not isinstance(values[0], str):
        return {}
    return {"tag": f"{tag[:4]}00{tag[6:]}", "privateCreator": _sayable(values[0])}


def _add_value(element: ET.Element, vr: str, number: str, value: Any) -> None:
    if vr == "SQ":
        _add(ET.SubElement(element, "Item", {"number": number}), value)
    elif vr == "PN" and value is not None:
        name = ET.SubElement(element, "PersonName", {"number": number})
        for group, text in value.items():
            parts = ET.SubElement(name, group)
            for part, component in zip(_NAME_PARTS, text.split("^"), strict=False):
                if component:
                    ET.SubElement(parts, part).text = _sayable(component)
    else:
        child = ET.SubElement(element, "Value", {"number": number})
        child.text = "" if value is None else _sayable(str(value))


def _sayable(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
