"""Each order of a message becomes a study with the identifiers that the mapping names."""

from __future__ import annotations

from typing import Any

import pytest

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.mapping import standard, with_rules
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.hl7.values import READERS
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.patients import patients, performed
from tests.orders.hl7.feeds import OBR, PID, message, order

OMI = (
    PID,
    "PV1|1|I",
    "ORC|NW|PL1|FI1",
    "TQ1|1||||||20260203101500||S",
    "OBR|1|PL1|FI1|CTCH^CT chest^L",
    "IPC|ACC9|RP9|1.2.9|SPS9|CT|CTC^Chest protocol^99P|CT1|ROOM^Room 4|CT_AE",
)


def _only(data: bytes, **how: Any) -> Order:
    (found,) = orders(Message.read(data), **how)
    return found


@pytest.mark.parametrize(
    ("segments", "keyword", "value"),
    [
        ({}, "PatientID", "P1"),
        ({}, "IssuerOfPatientID", "HOSP"),
        ({}, "PatientName", "TESTER^EVA"),
        ({}, "PatientBirthDate", "19700131"),
        ({}, "PatientSex", "F"),
        ({}, "ReferringPhysicianName", "HOUSE^GREG"),
        ({}, "PlacerOrderNumberImagingServiceRequest", "PL1"),
        ({}, "FillerOrderNumberImagingServiceRequest", "FI1"),
        ({}, "AccessionNumber", "ACC1"),
        ({}, "RequestedProcedureID", "RP1"),
        ({}, "ScheduledProcedureStepID", "SPS1"),
        ({}, "Modality", "CT"),
        ({}, "RequestedProcedureDescription", "CT chest"),
        ({"obr": OBR.replace("ACC1", "")}, "AccessionNumber", "FI1"),
        ({"obr": OBR.replace("ACC1", "").replace("FI1", "")}, "AccessionNumber", "FI1"),
        ({"pid": PID.replace("P1^^^HOSP", "44021&x^^^HOSP")}, "PatientID", "44021"),
        ({"obr": OBR.replace("ACC1", "ACC1&x")}, "AccessionNumber", "ACC1"),
        ({"obr": OBR.replace("ACC1", "AT\\T\\1")}, "AccessionNumber", "AT&1"),
        ({"obr": OBR.replace("CT chest", "Head & neck")}, "RequestedProcedureDescription", "Head & neck"),
        ({"more": "ZDS|1.2.3^RIS^Application^DICOM"}, "StudyInstanceUID", "1.2.3"),
        ({"more": "NTE|1||Claustrophobic"}, "RequestedProcedureComments", "Claustrophobic"),
        ({"more": "OBX|1|NM|29463-7^Body weight^LN||72.5|kg"}, "PatientWeight", "72.5"),
        ({"more": "OBX|1|NM|29463-7^Body weight^LN||160|lb"}, "PatientWeight", "72.5748"),
        ({"more": "OBX|1|NM|HT^Height^L||180|cm"}, "PatientSize", "1.8"),
        ({"more": "OBX|1|NM|3141-9^Body weight^LN||154|[lb_av]^pound^UCUM"}, "PatientWeight", "69.8532"),
        ({"more": "OBX|1|NM|8302-2^Height^LN||70.5|[in_i]"}, "PatientSize", "1.7907"),
        ({"more": "OBX|1|NM|8302-2^Height^LN||520|mm"}, "PatientSize", "0.52"),
        ({"orc": "ORC|NW|PL1|FI1||||^^^20260203101500^^S"}, "ScheduledProcedureStepStartDate",
         "20260203"),
        ({"orc": "ORC|NW|PL1|FI1||||^^^20260203101500^^S"}, "ScheduledProcedureStepStartTime",
         "101500"),
        ({"orc": "ORC|NW|PL1|FI1||||^^^20260203^^S"}, "ScheduledProcedureStepStartTime", ""),
        ({"orc": "ORC|NW|PL1|FI1||||^^^20260203^^S"}, "RequestedProcedurePriority", "STAT"),
        ({"pid": PID.replace("|F", "|U")}, "PatientSex", ""),
        ({"pid": PID.replace("|F", "|A")}, "PatientSex", "O"),
        ({"pid": PID.replace("TESTER^EVA", "TESTER^EVA^M^JR^DR")}, "PatientName",
         "TESTER^EVA^M^DR^JR"),
        ({"pid": PID.replace("TESTER^EVA", "TANAKA^KUMI^^^^^^A~田中^久美^^^^^^I~たなか^くみ^^^^^^P"),
          "charset": "UNICODE UTF-8"}, "PatientName", "TANAKA^KUMI=田中^久美=たなか^くみ"),
        ({"pid": PID.replace("TESTER^EVA", "van&van&Dijk^EVA")}, "PatientName", "van^EVA"),
        ({"pid": PID + "|||Street 1&Street&1^^Town^ST^12345^AU||+61 491 570 006"}, "PatientAddress",
         "Street 1, Town, ST, 12345, AU"),
        ({"pid": PID + "|||||+61 491 570 006"}, "PatientTelephoneNumbers", "+61 491 570 006"),
        ({"pid": PID + "|||||^PRN^PH^^61^491^570006"}, "PatientTelephoneNumbers", "+61 491 570006"),
    ],
)  # fmt: skip
def test_a_field_becomes_its_attribute(segments: dict[str, str], keyword: str, value: str) -> None:
    more = [segments.pop("more")] if "more" in segments else []
    assert _only(order(*more, **segments)).text(keyword) == value


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("AccessionNumber", "ACC9"),
        ("RequestedProcedureID", "RP9"),
        ("StudyInstanceUID", "1.2.9"),
        ("ScheduledProcedureStepID", "SPS9"),
        ("Modality", "CT"),
        ("ScheduledProcedureStepDescription", "Chest protocol"),
        ("ScheduledStationName", "CT1"),
        ("ScheduledProcedureStepLocation", "Room 4"),
        ("ScheduledStationAETitle", "CT_AE"),
        ("ScheduledProcedureStepStartDate", "20260203"),
        ("RequestedProcedurePriority", "STAT"),
    ],
)
def test_an_omi_has_them_in_ipc(keyword: str, value: str) -> None:
    assert _only(message(*OMI, kind="OMI^O23")).text(keyword) == value


def test_a_result_names_its_study_in_an_observation() -> None:
    obx = "OBX|1|HD|113014^DICOM Study^DCM||1.2.3.4"
    found = _only(message(PID, "OBR|1|PL1|FI1|CTCH^CT chest^L", obx, kind="ORU^R01"))
    assert (found.text("StudyInstanceUID"), found.status) == ("1.2.3.4", "completed")


def test_every_order_group_is_a_study_of_its_own() -> None:
    second = OBR.replace("ACC1", "ACC2").replace("|CT", "|MR")
    read = Message.read(order("ORC|NW|PL2|FI2", second, "ZDS|1.2.3"))
    found = orders(read)
    assert [one.text("AccessionNumber") for one in found] == ["ACC1", "ACC2"]
    assert [one.text("StudyInstanceUID") for one in found] == ["1.2.3", "1.2.3"]
    (patient,) = patients(found)
    assert [study["accession"] for study in patient.tree["studies"]] == ["ACC1", "ACC2"]


def test_orders_without_orc_are_divided_by_obr() -> None:
    read = Message.read(message(PID, OBR, OBR.replace("ACC1", "ACC2")))
    assert [one.text("AccessionNumber") for one in orders(read)] == ["ACC1", "ACC2"]


@pytest.mark.parametrize(
    ("control", "status"),
    [
        ("NW", "new"),
        ("CA", "cancelled"),
        ("XO", "changed"),
        ("DC", "discontinued"),
        ("HD", "held"),
        ("OK", "changed"),
        ("UX", "changed"),
        ("UA", "cancelled"),
    ],
)
def test_what_becomes_of_an_order_is_read(control: str, status: str) -> None:
    found = _only(order(orc=f"ORC|{control}|PL1|FI1"))
    assert found.status == status
    assert bool(performed([found])) == (status in ("new", "changed"))


@pytest.mark.parametrize("written", ["QQ", "NEW", '""'])
def test_an_order_control_that_nobody_knows_is_told(written: str) -> None:
    found = _only(order(orc=f"ORC|{written}|PL1|FI1"))
    assert (found.status, performed([found])) == ("unknown", [found])
    assert [one for one in found.remarks if f"ORC-1 '{written}'" in one and "new order" in one]
    for known in ("nw", "", "RE", "CH", "XX", "SR"):
        assert _only(order(orc=f"ORC|{known}|PL1|FI1")).remarks == []


def test_a_status_change_says_it_in_orc_5() -> None:
    assert _only(order(orc="ORC|SC|PL1|FI1||IP")).status == "in-progress"


def test_repeated_identifiers_are_kept_with_their_issuers() -> None:
    found = _only(order(pid=PID.replace("P1^^^HOSP^MR", "P1^^^HOSP^MR~P2^^^OTHER^PI")))
    (patient,) = patients([found])
    assert patient.tree["tags"]["OtherPatientIDsSequence"] == [
        {"PatientID": "P2", "IssuerOfPatientID": "OTHER", "TypeOfPatientID": "TEXT"}
    ]


def test_a_cleared_field_is_empty_in_the_images_and_an_absent_one_is_generated() -> None:
    cleared = _only(order(pid=PID.replace("19700131", '""')))
    (patient,) = patients([cleared])
    assert patient.tree["tags"]["PatientBirthDate"] is None
    (other,) = patients([_only(order(pid=PID.replace("19700131", "")))])
    assert "tags" not in other.tree
    assert "birth_date" not in other.tree


@pytest.mark.parametrize(
    ("given", "is_told"),
    [
        ("P1&x^^^HOSP^MR", True),
        ("S1^^^TAX^SS~P1&x^^^HOSP^MR", True),
        ("S1&x^^^TAX^SS~P1^^^HOSP^MR", False),
        ("P1^^^HOSP&1.2.3&ISO^MR", False),
    ],
)
def test_it_is_told_where_the_own_number_and_no_other_has_subcomponents(
    given: str, is_told: bool
) -> None:
    order = _only(message(PID.replace("P1^^^HOSP", given), "ORC|NW|PL1|FI1", OBR))
    assert order.text("PatientID") == "P1"
    assert ("PID-3 is read up to its subcomponents" in order.remarks) == is_told


def test_an_identifier_with_braces_is_no_pattern() -> None:
    (patient,) = patients([_only(order(obr=OBR.replace("ACC1", "A{1}")))])
    assert patient.tree["studies"][0]["tags"]["AccessionNumber"] == "A{1}"


def test_a_birth_date_without_a_day_is_left_out_and_told() -> None:
    found = _only(order(pid=PID.replace("19700131", "197001")))
    assert found.text("PatientBirthDate") == ""
    assert "PID-7" in found.remarks[-1]


def test_an_impossible_start_is_an_error_with_its_place() -> None:
    with pytest.raises(Hl7Error) as caught:
        _only(order(orc="ORC|NW|PL1|FI1||||^^^tomorrow"))
    assert caught.value.diagnostics[0].where.label == "message 4711, ORC-7.4"


@pytest.mark.parametrize(
    ("written", "modality"),
    [("ct", "CT"), ("NMR", "MR"), ("RUS", "US"), ("XR", "XR"), ("RAD", None)],
)
def test_a_section_of_table_0074_stands_for_its_modality(
    written: str, modality: str | None
) -> None:
    found = _only(order(obr=OBR.removesuffix("CT") + written))
    said = found.said.get("Modality")
    assert (said.text if said else None) == modality
    told = [one for one in found.remarks if "department" in one]
    assert told == (
        [] if modality else ["OBR-24 is left out: 'RAD' is a department and no modality"]
    )


def test_a_backslash_makes_no_second_value_of_a_codes_meaning() -> None:
    written = OBR.replace("CT chest", r"CT chest \E\ abdomen")
    (code,) = _only(order(obr=written)).said["RequestedProcedureCodeSequence"].items
    assert code["CodeMeaning"] == "CT chest / abdomen"


def test_what_was_not_read_is_told() -> None:
    assert "not read: ZXX" in _only(order("ZXX|1")).remarks


@pytest.mark.parametrize("end", [b" ", b"\\r", b"<CR>", b"\t"])
@pytest.mark.parametrize(("lost", "name"), [(0, "PID"), (1, "OBR")])
def test_a_message_that_lost_its_line_ends_says_so(end: bytes, lost: int, name: str) -> None:
    """Out of a mail or a log it is often one line."""
    lines = message(PID, OBR).rstrip(b"\r").split(b"\r")
    data = b"\r".join(lines[:lost]) + (b"\r" if lost else b"") + end.join(lines[lost:])
    with pytest.raises(Hl7Error) as caught:
        orders(Message.read(data))
    hint = caught.value.diagnostics[0].hint
    assert hint == f"line {lost + 1} goes on with {name}: each segment begins a line of its own"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (message(PID, kind="ADT^A01"), "ADT^A01 holds no order"),
        (message("PV1|1", OBR), "no PID"),
        (message(PID, "PV1|1"), "nothing is ordered"),
    ],
)
def test_a_message_without_an_order_is_told(data: bytes, words: str) -> None:
    with pytest.raises(Hl7Error) as caught:
        orders(Message.read(data))
    assert words in caught.value.message


def test_a_site_may_take_the_accession_number_from_elsewhere() -> None:
    rules = with_rules({"AccessionNumber": ["OBR-3", "ORC-3"]})
    assert _only(order(), lines=rules).text("AccessionNumber") == "FI1"
    with pytest.raises(ValueError, match="Colour"):
        with_rules({"Colour": ["OBR-3"]})


def test_every_line_of_the_mapping_has_a_source_and_a_reader() -> None:
    from pydicom.datadict import tag_for_keyword

    for line in standard():
        assert line.source, line.attribute
        assert line.reads_as in READERS
        assert line.paths or line.observation
        assert tag_for_keyword(line.attribute) is not None


ISSUED = "ORC|NW|PL1|FI1||||||20260907094500"
NEWBORN = PID.replace("19700131", "20260908")


@pytest.mark.parametrize(
    ("segments", "date", "time"),
    [
        ({"orc": ISSUED}, "20260907", "094500"),
        ({}, "20260101", "120000"),
        ({"orc": ISSUED.replace("094500", "")}, "20260907", None),
        ({"orc": ISSUED.replace("0907094500", "")}, None, None),
        ({"orc": ISSUED.replace("||||||2", "||||^^^20260203||2")}, "20260203", None),
        ({"orc": ISSUED, "pid": NEWBORN}, None, None),
    ],
    ids=["ORC-9", "MSH-7", "a day", "no day", "scheduled", "before birth"],
)
def test_what_is_not_scheduled_is_done_when_it_is_ordered(
    segments: dict[str, str], date: str | None, time: str | None
) -> None:
    (patient,) = patients(orders(Message.read(order(**segments))))
    (study,) = patient.tree["studies"]
    assert (study.get("date"), study.get("time")) == (date, time)


def test_a_result_is_of_when_it_was_observed() -> None:
    done = OBR.replace("|CTCH^CT chest^L|||", "|CTCH^CT chest^L|||20260203101500")
    data = message(PID, "ORC|RE|PL1|FI1||||||20260204", done, kind="ORU^R01")
    (patient,) = patients(orders(Message.read(data)))
    (study,) = patient.tree["studies"]
    assert (study["date"], study["time"]) == ("20260203", "101500")


@pytest.mark.parametrize("done", ["TBD", "202602", "20260230"])
def test_a_result_is_taken_though_nobody_can_tell_when_it_was_observed(done: str) -> None:
    observed = OBR.replace("|CTCH^CT chest^L|||", f"|CTCH^CT chest^L|||{done}")
    data = message(PID, "ORC|RE|PL1|FI1||||^^^20260203101500^^S", observed, kind="ORU^R01")
    only = _only(data)
    assert only.text("ScheduledProcedureStepStartDate") == "20260203"
    assert [one for one in only.remarks if one.startswith("OBR-7 is left out")][1:] == []
    assert any(f"'{done}'" in one for one in only.remarks)
