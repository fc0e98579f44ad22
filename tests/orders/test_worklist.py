"""Worklist items say what their order says, have what the Standard obliges them to, and are read back."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.editing import with_values
from scenario_runner.orders.hl7.mapping import Line, standard
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.order import Order
from scenario_runner.orders.worklist import items, said_of, unfit
from scenario_runner.orders.worklist_item import ITEM, STEP
from tests.orders.hl7.feeds import message, order

NOW = dt.datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001 - local
_SAMPLES: dict[str, tuple[str, Any]] = {
    "text": ("7", "7"),
    "lines": ("one", "one"),
    "identifier": ("P7", "P7"),
    "issuer": ("^^^NORTH", "NORTH"),
    "name": ("ROE^RUE", "ROE^RUE"),
    "person": ("9^ROE^RUE", "ROE^RUE"),
    "performer": ("9&ROE&RUE", "ROE^RUE"),
    "date": ("20260203101500", "20260203"),
    "time": ("20260203101500", "101500"),
    "sex": ("F", "F"),
    "priority": ("S", "STAT"),
    "modality": ("NMR", "MR"),
    "pregnancy": ("B6", 3),
    "address": ("Street 1^^Town", "Street 1, Town"),
    "phone": ("+61 491 570 006", "+61 491 570 006"),
    "place": ("WARD^4^B", "WARD 4 B"),
    "code": ("A1^Words^L", "A1"),
    "authority": ("7^HIS", "HIS"),
    "second code": ("X^Y^L^A1^Words^L", "A1"),
}
_OBSERVATIONS = {
    "weight": ("OBX|1|NM|29463-7^^LN||70|kg", 70),
    "size": ("OBX|1|NM|8302-2^^LN||170|cm", 1.7),
    "study": ("OBX|1|ST|113014^DICOM Study^DCM||1.2.3", "1.2.3"),
}


def item(found: Order) -> Dataset:
    (content,) = items(found, station="CT1", now=NOW)
    read = dcmread(BytesIO(content))
    step = read.ScheduledProcedureStepSequence[0]
    return Dataset({**dict(read.items()), **dict(step.items())})


def _of(line: Line) -> str:
    kinds = {"OMI": "OMI^O23", "ORU": "ORU^R01", "": "ORM^O01"}
    return kinds[line.of]


def _lines() -> list[Any]:
    found = []
    for line in standard():
        if line.attribute.startswith("Issue"):
            continue  # dates what is made of the order, and a change has another
        for path in (*line.paths, *((None,) if line.observation else ())):
            name = f"{line.of or 'any'}-{line.attribute}-{path or line.observation}"
            found.append(pytest.param(line, path, id=name))
    return found


@pytest.mark.parametrize(("line", "path"), _lines())
def test_every_line_of_the_mapping_brings_its_field_to_the_worklist(
    line: Line, path: Path | None
) -> None:
    """Nothing else in the message gives the attribute, so the path is what fills it."""
    kind = _of(line)
    number = "" if line.attribute.startswith("Placer") else "PL1"
    patient = "PID|1" if line.attribute == "PatientID" else "PID|1||P1"
    segments = [patient, f"ORC|NW|{number}", "OBR|1"]
    if path is None:
        text, expected = _OBSERVATIONS[line.observation]
        data = message(*segments, text, kind=kind)
    else:
        text, expected = _SAMPLES[line.reads_as]
        if line.attribute == "StudyInstanceUID":
            text = expected = "1.2.3"
        if line.attribute == "AccessionNumber" and str(path).startswith("ORC-3"):
            segments[1] = f"ORC|NW|{number}|7"
        data = message(*segments, "", kind=kind)
        data = with_raw(data, path, text)
    found = orders(Message.read(data))[-1]
    value = item(found).get(line.attribute)
    if line.reads_as.endswith("code"):
        value = value[0].CodeValue
    if line.reads_as == "authority":
        value = value[0].LocalNamespaceEntityID
    assert value == expected


def with_raw(data: bytes, path: Path, text: str) -> bytes:
    """A message with a value at a path, its delimiters as they are."""
    lines = [one for one in data.decode().split("\r") if one]
    if not any(one.startswith(path.segment) for one in lines):
        lines.append(path.segment)
    if path.component or path.subcomponent:
        return with_values("\r".join([*lines, ""]).encode(), {str(path): text})
    at = next(n for n, one in enumerate(lines) if one.startswith(path.segment))
    fields = lines[at].split("|")
    fields += [""] * (path.field + 1 - len(fields))
    fields[path.field] = text
    lines[at] = "|".join(fields)
    return "\r".join([*lines, ""]).encode()


_TYPE_1 = (
    "PatientName", "PatientID", "StudyInstanceUID", "RequestedProcedureID", "Modality",
    "ScheduledStationAETitle", "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepID", "ScheduledProcedureStepDescription",
    "RequestedProcedureDescription",
)  # fmt: skip
_TYPE_2 = (
    "AccessionNumber", "ReferringPhysicianName", "RequestingPhysician", "AdmissionID",
    "CurrentPatientLocation", "ReferencedPatientSequence", "ReferencedStudySequence",
    "PatientBirthDate", "PatientSex", "PatientWeight", "PatientState", "PregnancyStatus",
    "MedicalAlerts", "Allergies", "SpecialNeeds", "RequestedProcedurePriority",
    "PatientTransportArrangements", "ScheduledPerformingPhysicianName", "ScheduledStationName",
    "ScheduledProcedureStepLocation", "ConfidentialityConstraintOnPatientDataDescription",
)  # fmt: skip


def test_the_barest_order_gives_an_item_that_has_all_it_must() -> None:
    data = message("PID|1||P1||ROE", "ORC|NW|PL1", "OBR|1|||^CT chest")
    found = item(orders(Message.read(data))[0])
    assert [keyword for keyword in _TYPE_1 if not found.get(keyword)] == []
    assert [keyword for keyword in _TYPE_2 if keyword not in found] == []
    assert (found.Modality, found.ScheduledProcedureStepStartDate) == ("OT", "20260304")
    assert found.ScheduledProcedureStepStartTime == "050607"


def test_an_item_is_read_back_as_it_was_said() -> None:
    data = order(
        "NTE|1||本", "TQ1|1||||||20260203101500||S", "AL1|1|DA|^Iodine",
        pid="PID|1||P1^^^HOSP^MR~X^^^OTHER^SS||MÜLLER^EVA~田中^^^^^^L^I||19700131|F|||Street 1",
        charset="UNICODE UTF-8",
    )  # fmt: skip
    (found,) = orders(Message.read(data))
    (content,) = items(found, station="CT1")
    again = said_of(content)
    kept = {name: said.value for name, said in found.said.items() if name in (*ITEM, *STEP)}
    assert {name: again[name].value for name in kept} == kept
    assert again["OtherPatientIDsSequence"].items[0]["PatientID"] == "X"


@pytest.mark.parametrize(
    ("segments", "keyword"),
    [
        ({"obr": "OBR|1|||X" + "|" * 14 + "A" * 17}, "AccessionNumber"),
        ({"more": "ZDS|1.02.3"}, "StudyInstanceUID"),
        ({"pid": "PID|1||" + "9" * 65}, "PatientID"),
    ],
)
def test_what_no_attribute_holds_is_named(segments: dict[str, str], keyword: str) -> None:
    more = [segments.pop("more")] if "more" in segments else []
    (found,) = orders(Message.read(order(*more, **segments)))
    assert [name for name, _ in unfit(found)] == [keyword]
