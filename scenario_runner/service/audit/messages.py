"""Entries as DICOM audit messages (PS3.15 A.5.1): the XML that audit repositories collect."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import ALTERED, CODED, Activity, Code, Outcome
from scenario_runner.service.audit.entry import Entry

_OUTCOMES: Final = {Outcome.SUCCESS: "0", Outcome.FAILED: "8", Outcome.DENIED: "4"}
"""EventOutcomeIndicator (PS3.15 A.5.1.1)."""
_LIFE_CYCLE: Final = {
    Activity.UPLOADED: "2",
    Activity.VIEWED: "6",
    Activity.SEARCHED: "6",
    Activity.DOWNLOADED: "10",
    Activity.SENDING: "10",
    Activity.SENT: "10",
    Activity.CORRECTED: "3",
    Activity.LINKED: "3",
    Activity.SHARED: "11",
    Activity.DELETED: "15",
}
"""ParticipantObjectDataLifeCycle (PS3.15 A.5.1.2.3)."""
_MOMENT: Final = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII)
_STUDY: Final = Code("110180", "Study Instance UID")
_APPLICATION: Final = Code("110150", "Application")
_SOURCE_TYPE: Final = "4"
"""Application server process (PS3.15 A.5.1.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSource:
    """Who reports: an ID that is unique at the site, the site, and the process that is running."""

    id: str = "dicom-fabricator"
    site: str | None = None
    process: str = "0"


def message(entry: Entry, source: AuditSource) -> bytes:
    """An entry as XML in UTF-8 without a declaration.

    What is not in a schema of 1999 is in details of the study: the number and digest of the entry, so that who has the
    messages can tell whether the trail was cut off or written anew. An entry that somebody has changed into one that no
    service writes is a security alert.
    """
    root = Element("AuditMessage")
    coded = CODED.get(entry.what, ALTERED)
    outcome = known_outcome(entry)
    event = SubElement(
        root,
        "EventIdentification",
        {
            "EventActionCode": coded.action,
            "EventDateTime": known_moment(entry),
            "EventOutcomeIndicator": _OUTCOMES[outcome],
        },
    )
    _code(event, "EventID", coded.event)
    if coded.kind is not None:
        _code(event, "EventTypeCode", coded.kind)
    if outcome is not Outcome.SUCCESS:
        said = SubElement(event, "EventOutcomeDescription")
        said.text = _xml(str(entry.detail.get("why", entry.outcome)))
    _person(root, entry)
    _process(root, source)
    reporter = {"AuditSourceID": source.id}
    if source.site is not None:
        reporter = {"AuditEnterpriseSiteID": source.site, **reporter}
    identified = SubElement(root, "AuditSourceIdentification", reporter)
    SubElement(identified, "AuditSourceTypeCode", {"csd-code": _SOURCE_TYPE})
    _object(root, entry)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return written


def known_outcome(entry: Entry) -> Outcome:
    """How it ended; a failure where somebody has written what is no outcome."""
    try:
        return Outcome(entry.outcome)
    except ValueError:
        return Outcome.FAILED


def known_moment(entry: Entry) -> str:
    """When it was; the beginning of all where somebody has written what is no moment."""
    return entry.at if _MOMENT.fullmatch(entry.at) else "1970-01-01T00:00:00Z"


def _person(root: Element, entry: Entry) -> None:
    asked = {"UserID": _xml(entry.caller or "unknown"), "UserIsRequestor": "true"}
    if entry.from_where:
        asked["NetworkAccessPointID"] = _xml(entry.from_where)
        asked["NetworkAccessPointTypeCode"] = "2" if _is_address(entry.from_where) else "1"
    person = SubElement(root, "ActiveParticipant", asked)
    for role in filter(None, entry.roles.split(",")):
        element = SubElement(person, "RoleIDCode")
        name = _xml(role)
        element.attrib.update(
            {"csd-code": name, "codeSystemName": "dicom-fabricator", "originalText": name}
        )


def _process(root: Element, source: AuditSource) -> None:
    """The service itself takes part in whatever happens there (PS3.15 A.5.3)."""
    process = SubElement(
        root,
        "ActiveParticipant",
        {"UserID": source.id, "AlternativeUserID": source.process, "UserIsRequestor": "false"},
    )
    _code(process, "RoleIDCode", _APPLICATION)


def _object(root: Element, entry: Entry) -> None:
    """The study, as a report about the patient; where none is concerned, the trail's own entry."""
    told = {"ParticipantObjectTypeCode": "2"}
    if entry.study is not None:
        told |= {"ParticipantObjectID": _xml(entry.study), "ParticipantObjectTypeCodeRole": "3"}
        if cycle := _LIFE_CYCLE.get(entry.what):
            told["ParticipantObjectDataLifeCycle"] = cycle
        kind = _STUDY
    else:
        told |= {"ParticipantObjectID": str(entry.number), "ParticipantObjectTypeCodeRole": "13"}
        kind = Code("12", "URI")
    element = SubElement(root, "ParticipantObjectIdentification", told)
    if entry.study is not None:
        _code(element, "ParticipantObjectIDTypeCode", kind)
    else:
        _code(element, "ParticipantObjectIDTypeCode", kind, scheme="RFC-3881")
    if entry.what == Activity.SEARCHED:
        query = SubElement(element, "ParticipantObjectQuery")
        query.text = _base64(json.dumps(dict(entry.detail), sort_keys=True))
    else:
        SubElement(element, "ParticipantObjectName").text = _xml(entry.what)
    for name, value in (
        ("number", str(entry.number)),
        ("digest", entry.digest),
        ("arrival", entry.arrival),
        ("detail", json.dumps(dict(entry.detail), sort_keys=True)),
    ):
        SubElement(element, "ParticipantObjectDetail", {"type": name, "value": _base64(value)})


def _code(parent: Element, name: str, code: Code, scheme: str = "DCM") -> None:
    told = {"csd-code": code.value, "codeSystemName": scheme, "originalText": code.meaning}
    SubElement(parent, name, told)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _xml(text: str) -> str:
    """Without what XML 1.0 has no way to say (2.2), and in one line, as a token is."""
    kept = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return " ".join(kept.split())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
