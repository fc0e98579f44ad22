"""Requirements and what proves them as ReqIF 1.2 (OMG formal/16-07-01), for tools that manage requirements.

A requirement is a SPEC-OBJECT whose identifier is the same in every run, so that a tool takes a later file for news of it. Each
thing that names it is one, too, and a relation leads from the requirement to it. Names of attributes are those of the
implementation guide of prostep ivip: ``ReqIF.ForeignID``, ``ReqIF.Name``.
"""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final

from scenario_runner.evidence.times import moment
from scenario_runner.evidence.traceability import WORST_FIRST
from scenario_runner.evidence.xml_text import xml_text

if TYPE_CHECKING:
    from scenario_runner.evidence.record import ProofRecord, RunRecord

_SCHEMA: Final = "http://www.omg.org/spec/ReqIF/20110401/reqif.xsd"
_NAMESPACE: Final = uuid.UUID("5b0c1f6e-6f5b-5d0a-9d52-0e1f6b2f7a41")
_TOOL: Final = "DICOM Fabricator"
_NEVER: Final = "1970-01-01T00:00:00Z"
_LONGEST: Final = 4000
"""Characters of a value."""
_FIELDS: Final = {
    "requirement": {"ReqIF.ForeignID": "string", "outcome": "outcome"},
    "proof": {
        "ReqIF.Name": "string", "case": "string", "step": "string", "check": "string", "run": "string",
        "outcome": "outcome",
    },
}  # fmt: skip
_KIND: Final = {"string": "STRING", "outcome": "ENUMERATION"}


def requirements_reqif(record: RunRecord) -> bytes:
    """The document, UTF-8. The same record gives the same bytes."""
    return _Document(record).text()


class _Document:
    def __init__(self, record: RunRecord) -> None:
        self._record = record
        ended = moment(record.finished) or moment(record.started)
        self._time = _NEVER if ended is None else ended.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._root = ET.Element("REQ-IF", xmlns=_SCHEMA)
        content = ET.SubElement(self._header(), "REQ-IF-CONTENT")
        parts = ("DATATYPES", "SPEC-TYPES", "SPEC-OBJECTS", "SPEC-RELATIONS", "SPECIFICATIONS")
        types, kinds, self._objects, self._relations, specifications = (
            ET.SubElement(content, part) for part in parts
        )
        self._datatypes(types)
        for name, fields in _FIELDS.items():
            self._object_type(kinds, name, fields)
        self._named(kinds, "SPEC-RELATION-TYPE", "proved by")
        self._named(kinds, "SPECIFICATION-TYPE", "requirements of a run")
        whole = self._named(specifications, "SPECIFICATION", f"run {record.id}")
        _reference(ET.SubElement(whole, "TYPE"), "SPECIFICATION-TYPE", "requirements of a run")
        self._fill(ET.SubElement(whole, "CHILDREN"))

    def text(self) -> bytes:
        """What is written to a file."""
        ET.indent(self._root)
        text: bytes = ET.tostring(self._root, encoding="UTF-8", xml_declaration=True)
        return text + b"\n"

    def _header(self) -> ET.Element:
        header = ET.SubElement(ET.SubElement(self._root, "THE-HEADER"), "REQ-IF-HEADER")
        header.set("IDENTIFIER", _identifier("header", self._record.id))
        told = {
            "COMMENT": f"Run {self._record.id}: {self._record.outcome}",
            "CREATION-TIME": self._time,
            "REQ-IF-TOOL-ID": _TOOL,
            "REQ-IF-VERSION": "1.0",
            "SOURCE-TOOL-ID": _TOOL,
            "TITLE": "Requirements and what proves them",
        }
        for name, value in told.items():
            ET.SubElement(header, name).text = xml_text(value)
        return ET.SubElement(self._root, "CORE-CONTENT")

    def _named(self, parent: ET.Element, tag: str, name: str, key: str = "") -> ET.Element:
        """An identifiable element. key: what its identifier is made from, by default its kind and name."""
        made = ET.SubElement(parent, tag, IDENTIFIER=_identifier(tag, key or name))
        made.set("LAST-CHANGE", self._time)
        made.set("LONG-NAME", xml_text(name[:_LONGEST]))
        return made

    def _datatypes(self, parent: ET.Element) -> None:
        text = self._named(parent, "DATATYPE-DEFINITION-STRING", "string")
        text.set("MAX-LENGTH", str(_LONGEST))
        outcomes = self._named(parent, "DATATYPE-DEFINITION-ENUMERATION", "outcome")
        values = ET.SubElement(outcomes, "SPECIFIED-VALUES")
        for number, outcome in enumerate(WORST_FIRST):
            value = self._named(values, "ENUM-VALUE", outcome)
            key = ET.SubElement(ET.SubElement(value, "PROPERTIES"), "EMBEDDED-VALUE")
            key.set("KEY", str(number))
            key.set("OTHER-CONTENT", "")

    def _object_type(self, parent: ET.Element, name: str, fields: dict[str, str]) -> None:
        attributes = ET.SubElement(self._named(parent, "SPEC-OBJECT-TYPE", name), "SPEC-ATTRIBUTES")
        for field, type_ in fields.items():
            tag = f"ATTRIBUTE-DEFINITION-{_KIND[type_]}"
            definition = self._named(attributes, tag, field, f"{name}.{field}")
            if type_ == "outcome":
                definition.set("MULTI-VALUED", "false")
            kind = ET.SubElement(definition, "TYPE")
            _reference(kind, f"DATATYPE-DEFINITION-{_KIND[type_]}", type_)

    def _fill(self, children: ET.Element) -> None:
        for number, one in enumerate(self._record.requirements):
            values = {"ReqIF.ForeignID": one.id, "outcome": one.outcome}
            requirement = self._object("requirement", one.id, one.id, values)
            place = self._placed(children, requirement, f"{number}")
            below = ET.SubElement(place, "CHILDREN")
            for count, proof in enumerate(one.proved_by):
                key = f"{self._record.id}/{number}/{count}"
                made = self._object("proof", _title(proof), key, self._values(proof))
                self._placed(below, made, f"{number}.{count}")
                relation = self._named(self._relations, "SPEC-RELATION", "proved by", key)
                for end, whose in (("SOURCE", requirement), ("TARGET", made)):
                    ET.SubElement(ET.SubElement(relation, end), "SPEC-OBJECT-REF").text = whose
                _reference(ET.SubElement(relation, "TYPE"), "SPEC-RELATION-TYPE", "proved by")

    def _values(self, proof: ProofRecord) -> dict[str, str]:
        return {
            "ReqIF.Name": _title(proof),
            "case": proof.case,
            "step": proof.step or "",
            "check": proof.check or "",
            "run": self._record.id,
            "outcome": proof.outcome,
        }

    def _object(self, type_: str, name: str, key: str, values: dict[str, str]) -> str:
        made = self._named(self._objects, "SPEC-OBJECT", name, f"{type_}/{key}")
        inside = ET.SubElement(made, "VALUES")
        for field, kind in _FIELDS[type_].items():
            value = ET.SubElement(inside, f"ATTRIBUTE-VALUE-{_KIND[kind]}")
            if kind == "string":
                value.set("THE-VALUE", xml_text(values[field][:_LONGEST]))
            else:
                _reference(ET.SubElement(value, "VALUES"), "ENUM-VALUE", values[field])
            definition = ET.SubElement(value, "DEFINITION")
            _reference(definition, f"ATTRIBUTE-DEFINITION-{_KIND[kind]}", f"{type_}.{field}")
        _reference(ET.SubElement(made, "TYPE"), "SPEC-OBJECT-TYPE", type_)
        return made.get("IDENTIFIER", "")

    def _placed(self, children: ET.Element, identifier: str, place: str) -> ET.Element:
        key = f"{self._record.id}/{place}"
        made = ET.SubElement(children, "SPEC-HIERARCHY", IDENTIFIER=_identifier("place", key))
        made.set("LAST-CHANGE", self._time)
        ET.SubElement(ET.SubElement(made, "OBJECT"), "SPEC-OBJECT-REF").text = identifier
        return made


def _title(proof: ProofRecord) -> str:
    return " › ".join(part for part in (proof.case, proof.step, proof.check) if part)


def _reference(parent: ET.Element, tag: str, name: str) -> None:
    ET.SubElement(parent, f"{tag}-REF").text = _identifier(tag, name)


def _identifier(kind: str, name: str) -> str:
    """An xsd:ID, which begins with no digit."""
    return f"_{uuid.uuid5(_NAMESPACE, f'{kind}/{name}'.encode('utf-8', 'replace').decode())}"
