"""What a plan says comes back from every message that is written of it, and no bytes do harm."""

from __future__ import annotations

import contextlib
import datetime as dt
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.orders.hl7.reading import KINDS, orders
from scenario_runner.orders.hl7.writing import (
    STRUCTURES,
    VERSIONS,
    Envelope,
    check_kind,
    order_message,
)
from scenario_runner.orders.worklist import items, said_of
from scenario_runner.planning.plan import PlannedStudy
from tests.orders.hl7.feeds import order
from tests.planning.support import plan

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]),
    min_size=1, max_size=16,
).map(lambda text: " ".join(text.split())).filter(lambda text: text not in ("", CLEAR))  # fmt: skip
"""HL7 has CLEAR for what is to be emptied."""
_NAME_PART = _WORDS.map(
    lambda text: " ".join(text.translate(str.maketrans("^=\\", "   ")).split())
).filter(lambda part: part != CLEAR)
_NAMES = (
    st.lists(_NAME_PART, min_size=1, max_size=4)
    .map(lambda parts: "^".join(parts).rstrip("^"))
    .filter(lambda name: bool(name.strip("^ ")) and not name.startswith("^"))
)


@pytest.fixture(scope="module")
def planned() -> PlannedStudy:
    (case,) = plan("patients: [{studies: [{modality: CT}]}]")
    return next(iter(case.studies()))


def _writable() -> list[tuple[str, str]]:
    found = []
    for kind in STRUCTURES:
        for version in VERSIONS:
            with contextlib.suppress(ValueError):
                check_kind(kind, version)
                found.append((kind, version))
    return found


@given(
    what=st.sampled_from(_writable()), number=_WORDS, issuer=_WORDS, name=_NAMES, accession=_WORDS,
    description=_WORDS, sex=st.sampled_from("MFO"), doctor=_NAMES,
    born=st.dates(dt.date(1900, 1, 1), dt.date(2025, 1, 1)), coded=st.booleans(),
)  # fmt: skip
def test_what_is_planned_is_what_is_read(
    planned: PlannedStudy, what: tuple[str, str], number: str, issuer: str, name: str,
    accession: str, description: str, sex: str, doctor: str, born: dt.date, coded: bool,
) -> None:  # fmt: skip
    kind, version = what
    patient = replace(
        planned.patient, patient_id=number, issuer=issuer, name=name, sex=sex, birth_date=born
    )
    study = replace(
        planned, patient=patient, accession=accession, description=description, procedure="",
        referring_physician=doctor, procedure_code=planned.procedure_code if coded else None,
    )  # fmt: skip
    merged = replace(patient, patient_id="ANOTHER1 of them")
    envelope = Envelope(kind=kind, version=version, now=NOW, merged=merged)
    read = Message.read(order_message(study, envelope))
    if kind not in KINDS:
        (change,) = patient_changes(read)
        assert (change.patient_id, change.issuer) == (number, issuer)
        assert (change.said["PatientName"], change.said["PatientSex"]) == (name, sex)
        return
    (found,) = orders(read)
    said = {
        "PatientID": number, "IssuerOfPatientID": issuer, "PatientName": name, "PatientSex": sex,
        "PatientBirthDate": f"{born:%Y%m%d}", "AccessionNumber": accession,
        "ReferringPhysicianName": doctor, "RequestingPhysician": doctor, "Modality": "CT",
        "RequestedProcedureDescription": (
            planned.procedure_codes[0]["CodeMeaning"] if coded else description.replace("\\", "/")
        ),
        "RequestedProcedureID": planned.study_id,
    }  # fmt: skip
    assert {keyword: found.text(keyword) for keyword in said} == said


_PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"|", b"^", b"&", b"~", b"\\", b"\r", b'""', b"\rPID|1||P1", b"\rORC|NW|1|2", b"\rOBR|1",
             b"\rOBX|1|NM|29463-7||", b"\rZDS|1.2", b"\rTQ1|", b"\rMRG|P2", b"\x1b$B", b"\\M2442\\",
             b"20260203", b"\\X41\\", b"\rNTE|1||"]
        ),
    ), max_size=40,
).map(b"".join)  # fmt: skip


@given(
    st.sampled_from(["ORM^O01", "OMI^O23", "ORU^R01", "ADT^A40", "ADT^A08"]),
    st.sampled_from(["", "UNICODE UTF-8", "~ISO IR87", "8859/1", "GB 18030-2000", "KS X 1001"]),
    _PIECES,
)
def test_no_bytes_give_anything_but_orders_or_an_error(
    kind: str, charset: str, rest: bytes
) -> None:
    head = f"MSH|^~\\&|A|B|C|D|20260101||{kind}|1|P|2.5|||||| {charset}".replace(" ", "", 1)
    data = head.encode() + b"\rPID|1||P1\rORC|NW|1" + rest
    with contextlib.suppress(Hl7Error):
        read = Message.read(data)
        if kind.startswith("ADT"):
            patient_changes(read)
            return
        for one in orders(read):
            for content in items(one, station="CT1"):
                said_of(content)


@pytest.mark.parametrize(
    "more",
    [
        "|" * 1_000_000,
        "^" * 1_000_000,
        "~" * 1_000_000,
        "&" * 1_000_000,
        "\\X41\\" * 200_000,
        "\\.br\\" * 600_000,
    ],
)
def test_a_field_of_a_megabyte_costs_less_than_a_hundred(more: str) -> None:
    data = order(pid=f"PID|1||P1||{more}")
    tracemalloc.start()
    with contextlib.suppress(Hl7Error):
        orders(Message.read(data))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
