"""Orders as worklist items (PS3.4 table K.6-1), in a folder of files as worklist servers read them.

One file an order, so that a folder of thousands is changed by touching one; a file has its final name
only when it is whole, and is on the disk before anybody is told.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from scenario_runner.archive.keys import Answer, Match, all_texts
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET, fitting
from scenario_runner.dicom.dictionary import keyword_of, tag_of, vr_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import Elements, read_header, read_items
from scenario_runner.dicom.forms import form_fault, uid_fault
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.syntaxes import EXPLICIT_LE
from scenario_runner.errors import Where
from scenario_runner.orders.numbering import whole_key
from scenario_runner.orders.order import Order, Said
from scenario_runner.planning.identity import derive_uid
from scenario_runner.planning.value_problems import check_text

_CLASS: Final = "1.2.276.0.7230010.3.1.0.1"
"""What DCMTK's worklist files are marked with; the Standard has no storage class for them."""
ITEM: Final = (
    "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "IssuerOfPatientID",
    "PatientBirthDate", "PatientSex", "OtherPatientIDsSequence", "PatientSize", "PatientWeight",
    "MedicalAlerts", "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers",
    "StudyInstanceUID", "RequestingPhysician", "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence", "AdmissionID", "CurrentPatientLocation", "PatientState",
    "RequestedProcedureID", "ReasonForTheRequestedProcedure", "RequestedProcedurePriority",
    "PatientTransportArrangements", "RequestedProcedureComments",
    "ReasonForRequestedProcedureCodeSequence", "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest", "OrderPlacerIdentifierSequence",
    "OrderFillerIdentifierSequence", "PregnancyStatus", "Allergies", "SpecialNeeds",
    "ConfidentialityConstraintOnPatientDataDescription",
)  # fmt: skip
STEP: Final = (
    "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime", "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription", "ScheduledProtocolCodeSequence",
    "ScheduledProcedureStepID", "ScheduledStationName", "ScheduledProcedureStepLocation",
)  # fmt: skip
_LONG: Final = 64
"""Characters; of shorter values it is remembered whether they fit."""
_ALWAYS: Final = frozenset(
    (
        "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate",
        "PatientSex", "StudyInstanceUID", "RequestedProcedureDescription", "RequestedProcedureID",
        "RequestedProcedurePriority", "Modality", "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
        "ScheduledPerformingPhysicianName", "ScheduledProcedureStepDescription",
        "ScheduledProcedureStepID", "RequestingPhysician", "AdmissionID", "CurrentPatientLocation",
        "PatientState", "MedicalAlerts", "PatientWeight", "PatientTransportArrangements",
        "PregnancyStatus", "Allergies", "SpecialNeeds", "ScheduledStationName",
        "ConfidentialityConstraintOnPatientDataDescription", "ScheduledProcedureStepLocation",
    )
)  # fmt: skip
"""Of types 1 and 2: there, if empty."""


def study_uid_of(order: Order) -> str:
    """The study UID of an order; one of its own, always the same, where the placer gave none."""
    return order.text("StudyInstanceUID") or derive_uid(
        None, "order", order.text("PatientID"), whole_key(order)
    )


def unfit(order: Order) -> Iterator[tuple[str, str]]:
    """What the order says that its attribute cannot hold: the attribute and why, in words."""
    for said_of in (order.said, *order.steps):
        for keyword, said in said_of.items():
            if text := said.text:
                known = _fault if len(text) <= _LONG else _fault.__wrapped__
                if fault := known(keyword, text):
                    yield keyword, fault


@lru_cache(maxsize=2048)
def _fault(keyword: str, text: str) -> str:
    """Why an attribute cannot hold a text, in words; empty where it can."""
    vr = vr_of(tag_of(keyword))
    if vr == "SQ":
        return ""
    if problem := check_text(text, vr, keyword):
        return problem.message
    fault = uid_fault(text) if vr == "UI" else form_fault(text, vr)
    return fault and f"'{text}' {fault}"


def items(order: Order, *, station: str, now: dt.datetime | None = None) -> list[bytes]:
    """The worklist items of an order as DICOM files, one for each scheduled step (PS3.4 K.6.1.2).

    station: who is to do it where nobody is named. now: when it is to be done where nothing is said, by
    default at once: an item has a start (type 1), as it has a modality, which is OT where none is named.
    """
    return [
        _item({**order.said, **step}, order, station, now or dt.datetime.now())  # noqa: DTZ005 - local
        for step in ({}, *order.steps)
    ]


def _item(said: Mapping[str, Said], order: Order, station: str, now: dt.datetime) -> bytes:
    def text(keyword: str) -> str:
        return said[keyword].text if keyword in said else ""

    step = _answer(said, STEP)
    day = text("ScheduledProcedureStepStartDate")
    usual = {
        "ScheduledStationAETitle": station,
        "ScheduledProcedureStepID": "1",
        "Modality": "OT",
        "ScheduledProcedureStepStartDate": f"{now:%Y%m%d}",
        "ScheduledProcedureStepStartTime": "000000" if day else f"{now:%H%M%S}",
        "ScheduledProcedureStepDescription": text("RequestedProcedureDescription"),
    }
    for keyword, value in usual.items():
        if not text(keyword):
            _put(step, keyword, value)
    answer = _answer(said, ITEM) | {
        tag_of("ScheduledProcedureStepSequence"): ("SQ", [step]),
        tag_of("ReferencedStudySequence"): ("SQ", []),
        tag_of("ReferencedPatientSequence"): ("SQ", []),
    }
    _put(answer, "StudyInstanceUID", study_uid_of(order))
    if not text("RequestedProcedureID"):
        _put(answer, "RequestedProcedureID", text("AccessionNumber")[:16] or "1")
    if order.other_ids:
        others = [
            {"PatientID": one.id, "IssuerOfPatientID": one.issuer, "TypeOfPatientID": "TEXT"}
            for one in order.other_ids
        ]
        _put(answer, "OtherPatientIDsSequence", others)
    data = Match(answer, fitting(all_texts(answer), ())).encode(implicit=False)
    return file_meta(_CLASS, study_uid_of(order), EXPLICIT_LE) + data


def said_of(content: bytes) -> dict[str, Said]:
    """What a worklist item says, as an order would. Raises DamagedDatasetError for what is none."""
    meta = read_meta(content)
    header = read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
    terms = character_sets(header)
    found: dict[str, Said | None] = {keyword: _read(header, keyword, terms) for keyword in ITEM}
    for step in _items_of(header, "ScheduledProcedureStepSequence"):
        found |= {keyword: _read(step, keyword, terms) for keyword in STEP}
    return {keyword: said for keyword, said in found.items() if said is not None}


def said_in(header: Elements, keywords: Sequence[str]) -> dict[str, Said]:
    """What an item says of some attributes beside its steps."""
    terms = character_sets(header)
    found = {keyword: _read(header, keyword, terms) for keyword in keywords}
    return {keyword: said for keyword, said in found.items() if said is not None}


_THERE: Final = Where("worklist", 1, 1, 1, 1, label="worklist")


def _read(header: Elements, keyword: str, terms: Sequence[str]) -> Said | None:
    tag = tag_of(keyword)
    element = header.get(tag)
    if element is None:
        return None
    if vr_of(tag) != "SQ":
        text = "\\".join(texts(tag, element, terms))
        return Said(text, _THERE) if text else None
    rows = [
        {
            keyword_of(one): "\\".join(texts(one, value, terms))
            for one, value in row.items()
            if one != SPECIFIC_CHARACTER_SET
        }
        for row in _items_of(header, keyword)
    ]
    return Said("", _THERE, rows) if rows else None


def _items_of(header: Elements, keyword: str) -> list[Elements]:
    element = header.get(tag_of(keyword))
    return [] if element is None else list(read_items(element))


@cache
def _elements(keywords: Sequence[str]) -> Sequence[tuple[str, int, str, bool]]:
    """Keyword, tag, VR, and whether an item has it in any case."""
    return [(one, tag_of(one), vr_of(tag_of(one)), one in _ALWAYS) for one in keywords]


def _answer(said: Mapping[str, Said], keywords: Sequence[str]) -> Answer:
    """What an item, or a step of it, has of these attributes."""
    found: Answer = {}
    for keyword, tag, vr, always in _elements(keywords):
        one = said.get(keyword)
        if vr == "SQ":
            if one is not None and one.items:
                found[tag] = ("SQ", [_nested(each) for each in one.items])
        elif one is not None and one.text:
            found[tag] = (vr, [one.text])
        elif always:
            found[tag] = (vr, [])
    return found


def _put(answer: Answer, keyword: str, value: Any) -> None:
    tag = tag_of(keyword)
    vr = vr_of(tag)
    if vr == "SQ":
        items = [_nested(one) for one in value or ()]
        if items:
            answer[tag] = ("SQ", items)
        return
    if value or keyword in _ALWAYS:
        answer[tag] = (vr, [str(value)] if value else [])


def _nested(given: Mapping[str, Any]) -> Answer:
    found: Answer = {}
    for keyword, value in given.items():
        tag = tag_of(keyword)
        found[tag] = (vr_of(tag), [str(value)] if value else [])
    return found


_HEX_OF_NUMBER: Final = 32


def file_name(key: str) -> str:
    """What files of an order are called. key: as ``whole_key`` gives it; those of one number begin alike."""
    number, _, authority = key.partition("\0")
    after = hashlib.sha256(authority.encode()).hexdigest()[:16] if authority else ""
    return hashlib.sha256(number.encode()).hexdigest()[:_HEX_OF_NUMBER] + after


def number_of(name: str) -> str:
    """What the names of all orders with one number begin with."""
    return name[:_HEX_OF_NUMBER]


class OrderFiles:
    """A folder of worklist items, each under a name that its order gives. Made when it is written to."""

    def __init__(self, folder: Path, *, synced: bool = False) -> None:
        self.folder = folder
        self._synced = synced

    def path(self, name: str, number: int = 0) -> Path:
        """Where an order's item lies, or would. number: of the scheduled step, from 0."""
        return self.folder / (f"{name}-{number}.wl" if number else f"{name}.wl")

    def steps(self, name: str) -> list[Path]:
        """The files of an order that are there: one for each scheduled step."""
        found: list[Path] = []
        while (path := self.path(name, len(found))).exists():
            found.append(path)
        return found

    def replace(self, path: Path, content: bytes) -> None:
        """Write a file, whole or not at all. Raises OSError."""
        whole = str(path)
        half = f"{whole.removesuffix('.wl')}.part"
        try:
            self._write(half, content)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(half, content)
        os.replace(half, whole)  # noqa: PTH105 - a path would take as long as the writing

    def _write(self, path: str, content: bytes) -> None:
        with open(path, "wb", buffering=0) as file:  # noqa: PTH123
            view = memoryview(content)
            while view:
                view = view[file.write(view) :]
            if self._synced:
                os.fsync(file.fileno())

    def remove(self, name: str, beyond: int = 0) -> list[Path]:
        """Take the items away from that step on; those that were there, the last one first.

        Raises OSError.
        """
        gone = self.steps(name)[beyond:][::-1]
        for path in gone:
            path.unlink(missing_ok=True)
        return gone

    def __iter__(self) -> Iterator[Path]:
        return iter(sorted(self.folder.glob("*.wl")) if self.folder.is_dir() else [])
