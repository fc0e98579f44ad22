"""Messages that are written say what the plan says, as their version has it, and strangers read them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import warnings

import hl7types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.editing import with_values
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.orders.hl7.reading import KINDS, orders
from scenario_runner.orders.hl7.writing import (
    STRUCTURES,
    VERSIONS,
    Envelope,
    check_kind,
    order_message,
    patient_message,
)
from scenario_runner.orders.numbering import PLACER, key_of, whole_key
from scenario_runner.orders.scheduled import worklist_item
from scenario_runner.orders.sources.patients import patients
from scenario_runner.planning.plan import PlannedStudy
from tests.orders.hl7.feeds import OBR, PID, message, order
from tests.planning.support import plan

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


_PLAN = """
patients:
  - id: P1
    issuer: HOSP
    name: O'NEIL^EVA^M^DR^JR
    sex: F
    birth_date: 1970-01-31
    phone: +61 491 570 006
    studies: [{accession: A1, modality: CT, date: 2026-02-03, time: "101500", description: Chest & abdomen}]
  - id: P2
    name: {family: YAMADA, given: TAROU, ideographic: 山田^太郎, phonetic: やまだ^たろう}
    studies: [{accession: A2, modality: DX}]
"""


@pytest.fixture(scope="module")
def planned() -> list[PlannedStudy]:
    (case,) = plan(_PLAN)
    return list(case.studies())


def writable() -> list[tuple[str, str]]:
    found = []
    for kind in STRUCTURES:
        for version in VERSIONS:
            try:
                check_kind(kind, version)
            except ValueError:
                continue
            found.append((kind, version))
    return found


def _message(
    planned: list[PlannedStudy], kind: str, version: str = "2.5.1", **more: object
) -> bytes:
    merged = planned[1].patient if kind in ("ADT^A34", "ADT^A40", "ADT^A47") else None
    how = {
        "kind": kind,
        "version": version,
        "now": NOW,
        "merged": merged,
        "control_id": "4711",
        **more,
    }
    return order_message(planned[0], Envelope(**how))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "version"), writable())
def test_what_is_written_is_read_back(planned: list[PlannedStudy], kind: str, version: str) -> None:
    study = planned[0]
    read = Message.read(_message(planned, kind, version))
    assert (read.kind, read.version, read.control_id) == (kind, version, "4711")
    assert read.text("PID-3.1") == study.patient.patient_id
    if kind not in KINDS:
        return
    (found,) = orders(read)
    assert found.text("PatientName") == study.patient.name
    assert found.text("AccessionNumber") == study.accession
    assert found.text("PatientTelephoneNumbers") == study.patient.phone
    assert found.text("Modality") == study.modality
    if kind != "OMG^O19":
        assert found.text("StudyInstanceUID") == study.uid
    if kind != "ORU^R01":
        assert found.text("ScheduledProcedureStepStartDate") == f"{study.date:%Y%m%d}"


@pytest.mark.parametrize("kind", STRUCTURES)
def test_a_stranger_finds_what_is_written_valid(planned: list[PlannedStudy], kind: str) -> None:
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.parser import parse_message

    data = _message(planned, kind).decode("utf-8")
    lines = [line for line in data.split("\r") if line and not line.startswith("Z")]
    parsed = parse_message(  # type: ignore[no-untyped-call]
        "\r".join(lines) + "\r", VALIDATION_LEVEL.STRICT
    )
    if kind != "ORM^O01":  # its choice of OBR, RQD, RXO, … counts for hl7apy 1.3.5 as all of them
        parsed.validate()
    assert parsed.name == STRUCTURES[kind]


@pytest.mark.parametrize("kind", ["ORM^O01", "OMI^O23", "OMG^O19", "ORU^R01"])
def test_a_procedure_has_the_code_that_the_images_will_have(kind: str) -> None:
    (case,) = plan("patients: [{locale: de_DE, studies: [{modality: CT}]}]")
    (study,) = case.studies()
    (found,) = orders(Message.read(order_message(study, Envelope(kind=kind, now=NOW))))
    assert study.procedure_codes
    assert found.said["RequestedProcedureCodeSequence"].value == study.procedure_codes
    assert found.text("RequestedProcedureDescription") == study.procedure


@pytest.mark.parametrize("kind", ["ORM^O01", "OMI^O23", "OMG^O19", "ORU^R01"])
def test_what_answers_an_order_has_the_numbers_of_the_order(kind: str) -> None:
    """A RIS finds the order of a result by ORC-2 and ORC-3; numbers of our own would be those of nobody's order."""
    (ordered,) = orders(Message.read(order(orc="ORC|NW|PL1|FI1|||||||||88^CUDDY^LISA")))
    (sourced,) = patients([ordered])
    (case,) = plan(f"patients: {json.dumps([dict(sourced.tree)])}")
    (study,) = case.studies()
    read = Message.read(order_message(study, Envelope(kind=kind, now=NOW)))
    assert (read.text("ORC-2"), read.text("ORC-3")) == ("PL1", "FI1")
    assert (read.text("OBR-2"), read.text("OBR-3")) == ("PL1", "FI1")
    assert (read.text("OBR-18"), read.text("OBR-19"), read.text("OBR-20")) == (
        "ACC1",
        "RP1",
        "SPS1",
    )
    assert read.text("OBR-4").startswith("CTCH^CT chest^L")
    assert read.text("OBR-16.2") == read.text("ORC-12.2") == "CUDDY"
    (again,) = orders(read)
    assert key_of(again) == key_of(ordered)
    code = "RequestedProcedureCodeSequence"
    assert again.said[code].value == ordered.said[code].value
    item = worklist_item(study, "CT1")
    assert item["RequestedProcedureID"] == "RP1"
    assert item["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepID"] == "SPS1"
    assert item[code] == ordered.said[code].value


@pytest.mark.parametrize("kind", ["ORM^O01", "OMI^O23", "OMG^O19", "ORU^R01"])
def test_what_answers_an_order_says_whose_its_numbers_are(kind: str) -> None:
    """Two placers may count from 1: a RIS that goes by the whole of an EI finds nothing under half of it."""
    placer, filler = "PL1^NORTH^1.2.3^ISO", "FI1^RIS"
    given = order(orc=f"ORC|NW|{placer}|{filler}", obr=OBR.replace("|PL1|FI1|", "|||"))
    (ordered,) = orders(Message.read(given))
    (sourced,) = patients([ordered])
    (case,) = plan(f"patients: {json.dumps([dict(sourced.tree)])}")
    (study,) = case.studies()
    read = Message.read(order_message(study, Envelope(kind=kind, now=NOW)))
    for segment in ("ORC", "OBR"):
        found = read.all(segment)[0]
        assert (found.raw(2), found.raw(3)) == (placer, filler)
    (again,) = orders(read)
    assert whole_key(again) == whole_key(ordered)


@pytest.mark.parametrize(
    ("authority", "meant"),
    [("{raw: hex:0000}", "PL1"), ("[{LocalNamespaceEntityID: {raw: NORTH}}]", "PL1^NORTH"), ("[]", "PL1")],
)  # fmt: skip
def test_numbers_that_are_written_as_they_are_are_those_of_the_order(
    authority: str, meant: str
) -> None:
    tags = f"{PLACER}: {{raw: PL1}}, OrderPlacerIdentifierSequence: {authority}"
    (case,) = plan(f"patients: [{{studies: [{{modality: CT, tags: {{{tags}}}}}]}}]")
    (study,) = case.studies()
    read = Message.read(order_message(study, Envelope(kind="ORU^R01", now=NOW)))
    assert read.all("ORC")[0].raw(2) == read.all("OBR")[0].raw(2) == meant


@pytest.mark.parametrize(
    ("kind", "version"), [one for one in writable() if one[1] in ("2.3", "2.5.1", "2.8")]
)
def test_another_stranger_misses_nothing_that_the_version_demands(
    planned: list[PlannedStudy], kind: str, version: str
) -> None:
    """hl7types 0.9.5 raises for what is obligatory, and escapes repetitions where there may be none."""
    envelope = Envelope(kind=kind, version=version, now=NOW, merged=planned[0].patient)
    written = order_message(planned[1], envelope).decode("utf-8")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unknown segment 'ZDS'")
        again = hl7types.encode_er7(hl7types.decode_er7(written))
    assert _known_to_it(again) == _known_to_it(written)


def _known_to_it(text: str) -> list[str]:
    """Without what it drops: Z segments, values of results, and the type of a last name."""
    lines = [line for line in text.split("\r") if line and not line.startswith("ZDS")]
    return [
        re.sub(r"^(OBX(?:\|[^|]*){4}\|)[^|]*", r"\1", line)
        if line.startswith("OBX")
        else re.sub(r"\^+L?$", "", line)
        for line in lines
    ]


def test_a_time_keeps_as_much_of_its_fraction_as_a_message_can() -> None:
    study = '{modality: CT, accession: A1, date: 2026-02-03, time: "101500.1234"}'
    (case,) = plan(f"patients: [{{studies: [{study}]}}]")
    (read,) = orders(Message.read(_message(list(case.studies()), "ORM^O01")))
    assert read.text("ScheduledProcedureStepStartTime") == "101500.1234"


@pytest.mark.parametrize(
    ("kind", "version"), [("OMI^O23", "2.4"), ("ORM^O01", "2.7"), ("ADT^A40", "2.3")]
)
def test_a_message_that_its_version_has_not_is_refused(
    planned: list[PlannedStudy], kind: str, version: str
) -> None:
    with pytest.raises(ValueError, match=version.replace(".", r"\.")):
        _message(planned, kind, version)


def test_a_patient_of_version_2_3_has_one_name(planned: list[PlannedStudy]) -> None:
    """PID-5 may be repeated from 2.3.1 on."""
    data = order_message(planned[1], Envelope(kind="ORM^O01", version="2.3", now=NOW))
    assert Message.read(data).text("PID-5") == "YAMADA^TAROU^^^^^L"


def test_names_of_several_groups_keep_them(planned: list[PlannedStudy]) -> None:
    (found,) = orders(Message.read(order_message(planned[1], Envelope(kind="ORM^O01", now=NOW))))
    assert found.text("PatientName") == "YAMADA^TAROU=山田^太郎=やまだ^たろう"
    data = order_message(planned[1], Envelope(kind="ORM^O01", now=NOW, character_set="~ISO IR87"))
    assert Message.read(data).text("PID-5[2].1") == "山田"


def test_a_character_set_that_lacks_a_letter_is_refused(planned: list[PlannedStudy]) -> None:
    with pytest.raises(ValueError, match="has no"):
        order_message(planned[1], Envelope(kind="ORM^O01", now=NOW, character_set="8859/1"))


@pytest.mark.parametrize("letter", ["Ü", "丂"])
def test_a_letter_of_the_supplement_is_written_where_that_is_declared(letter: str) -> None:
    """Python's codec for Japanese has JIS X 0212 as well, which a receiver of ISO IR87 alone need not know."""
    plain = message(PID.replace("TESTER", "YAMADA"))
    values: dict[str, str | None] = {"MSH-18[2]": "ISO IR87", "PID-5.1": letter}
    with pytest.raises(ValueError, match=f"~ISO IR87, .* has no '{letter}'"):
        with_values(plain, values)
    written = with_values(plain, {**values, "MSH-18[3]": "ISO IR159"})
    assert Message.read(written).text("PID-5.1") == letter


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        ("PID-5.1", "O|NEIL", b"|O\\F\\NEIL^EVA|"),
        ("PID-3[2].1", "P9", b"|P1^^^HOSP^MR~P9|"),
        ("OBR-44.1", "X", b"||X"),
        ("PID-8", None, b"|19700131|\r"),
        ("PID-8", '""', b'|""\r'),
        ("ZDS-1.1", "1.2.3", b"\rZDS|1.2.3\r"),
        ("MSH-18", "8859/1", b"|2.5.1||||||8859/1\r"),
    ],
)
def test_one_value_is_set_and_the_rest_stays(path: str, value: str | None, part: bytes) -> None:
    data = with_values(order(), {path: value})
    assert part in data
    assert Message.read(data).text(path) == (value or "")


@pytest.mark.parametrize("path", ["PID", "MSH-1", "MSH-2", "pid-5"])
def test_what_cannot_be_set_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|cannot be set"):
        with_values(order(), {path: "x"})


_PATHS = st.builds(
    "{}-{}[{}].{}.{}".format,
    st.sampled_from(["PID", "PV1", "ORC", "ZAB"]),
    st.integers(4, 30), st.integers(1, 3), st.integers(1, 5), st.integers(1, 3),
)  # fmt: skip


@given(
    _PATHS, st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=20)
)
def test_any_text_set_anywhere_is_read_there_again(path: str, text: str) -> None:
    data = with_values(order(charset="UNICODE UTF-8"), {path: text})
    assert Message.read(data).text(path) == text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("phone", ["+61 491 570 006", "(555) 555-0100", "0491 570 006 ext. 5"])
def test_a_telephone_number_of_any_country_is_read_as_it_was_written(
    planned: list[PlannedStudy], version: str, phone: str
) -> None:
    patient = dataclasses.replace(planned[0].patient, phone=phone)
    data = patient_message(patient, Envelope(kind="ADT^A08", version=version, now=NOW))
    (change,) = patient_changes(Message.read(data))
    assert change.said["PatientTelephoneNumbers"] == phone


@pytest.mark.parametrize("kind", ["ADT^A34", "ADT^A47"])
def test_a_merge_that_a_version_lacks_is_refused_with_the_one_it_has(kind: str) -> None:
    with pytest.raises(ValueError, match=r"went with version 2.7; write ADT\^A40"):
        check_kind(kind, "2.7")
