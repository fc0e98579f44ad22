"""HAPI HL7v2, which many engines are built on, takes what we send and sends what we take."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.writing import Envelope, order_message
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.listener import Answer, ListenerOptions, MllpListener
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.tls import Tls
from tests.network.test_tls import Identity, make_identity
from tests.orders.hl7.feeds import order
from tests.orders.hl7.test_writing import planned as planned
from tests.orders.hl7.test_writing import writable
from tests.peers.hapi_hl7 import Hapi, hapi_hl7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.planning.plan import PlannedStudy

pytestmark = pytest.mark.peer

NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
CONTROLS = {"ORM^O01": ("NW", "CA", "XO", "SC"), "OMI^O23": ("NW", "CA", "XO")}
IDENTIFIERS = {
    "ORM^O01": {"OBR-18": "A1", "ORC-2-1": "PA1", "ORC-3-1": "A1", "OBR-24": "CT"},
    "OMI^O23": {"IPC-1-1": "A1", "IPC-5": "CT", "ORC-2-1": "PA1", "OBR-18": "A1"},
    "OMG^O19": {"OBR-18": "A1", "OBR-24": "CT", "TQ1-7": "20260203101500"},
    "ORU^R01": {"OBR-18": "A1", "OBX-3-1": "113014"},
}


NO_STRUCTURES = "2.7.1"
"""HAPI 2.6.0 knows the version and has no structures for it."""
UNKNOWN = "2.8.2"
CHOICE = ("RQD", "RQ1", "RXO", "ODS", "ODT", "RXR")
"""An order has one of OBR and these; HAPI's model wants all of them."""


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "hapi")


@pytest.fixture(scope="module")
def hapi(tmp_path_factory: pytest.TempPathFactory, identity: Identity) -> Iterator[Hapi]:
    folder = tmp_path_factory.mktemp("hapi")
    with hapi_hl7(folder, identity.certificate, identity.key) as running:
        yield running


def peer(port: int, tls: Tls | None = None) -> Peer:
    return Peer(host="127.0.0.1", port=port, ae_title="HL7", response_timeout=20, tls=tls)


def known(fault: str, version: str) -> bool:
    """Whether HAPI's model is at fault: choices, and MSH-9 of 2.3.1, whose three parts have more than 7 characters."""
    return fault.endswith(tuple(f"lacks {name}" for name in CHOICE)) or (
        version == "2.3.1" and fault.startswith("MSH-9 has")
    )


@pytest.mark.parametrize(("kind", "version"), writable())
def test_hapi_takes_each_message_as_its_version_has_it(
    planned: list[PlannedStudy], hapi: Hapi, kind: str, version: str
) -> None:
    for control in CONTROLS.get(kind, ("NW",)):
        envelope = Envelope(
            kind=kind, version=version, control=control, control_id=f"C{control}", now=NOW,
            merged=dataclasses.replace(planned[0].patient, patient_id="OLD1"),
        )  # fmt: skip
        data = order_message(planned[0], envelope)
        with Mllp.open(peer(hapi.port), Deadline(30)) as client:
            answer = client.send(data, Deadline(30))
        if version == UNKNOWN:
            assert (answer.code, answer.text) == ("AE", "Unsupported version id")
            continue
        assert (answer.code, answer.control_id) == ("AA", f"C{control}"), answer.message
        wanted = {
            "MSH-9-1": kind[:3], "MSH-9-2": kind[4:], "MSH-12": version, "PID-3-1": "P1",
            "PID-3-4": "HOSP", "PID-5-1-1": "O'NEIL", "PID-5-2": "EVA", "PID-7": "19700131",
            "PID-8": "F", **IDENTIFIERS.get(kind, {}),
            **({"MRG-1-1": "OLD1"} if kind[4:] in ("A34", "A40", "A47") else {}),
            **({"ORC-1": control} if kind in CONTROLS else {}),
        }  # fmt: skip
        if version == "2.4":
            wanted.pop("TQ1-7", None)
        came = hapi.last(*wanted)
        assert came["values"] == wanted
        assert came["version"] == version
        if version == NO_STRUCTURES:
            continue
        assert came["structure"], "HAPI has a structure for each of them"
        assert [one for one in came["wrong"] if not known(one, version)] == []
        assert set(came["foreign"]) <= {"ZDS"}, "of other segments every message has its own"


def test_hapi_reads_names_of_every_script_and_every_delimiter_in_a_text(
    planned: list[PlannedStudy], hapi: Hapi
) -> None:
    envelope = Envelope(kind="ORM^O01", now=NOW, values={"OBR-13": "a|b^c&d~e\\f"})
    with Mllp.open(peer(hapi.port), Deadline(30)) as client:
        assert client.send(order_message(planned[1], envelope), Deadline(30)).code == "AA"
    wanted = {"PID-5(0)-1-1": "YAMADA", "PID-5(1)-1-1": "山田", "PID-5(2)-2": "たろう"}
    assert hapi.last(*wanted, "OBR-13")["values"] == {**wanted, "OBR-13": "a|b^c&d~e\\f"}


def test_many_messages_go_to_hapi_over_one_protected_connection(
    hapi: Hapi, identity: Identity
) -> None:
    tls = Tls(ca=identity.certificate)
    with Mllp.open(peer(hapi.tls_port, tls), Deadline(30)) as client:
        for number in range(20):
            answer = client.send(order(control=f"T{number}"), Deadline(30))
            assert (answer.code, answer.control_id) == ("AA", f"T{number}")
    assert hapi.last("MSH-10")["values"] == {"MSH-10": "T19"}


def test_what_hapi_does_not_take_is_told_with_its_words(hapi: Hapi) -> None:
    bad = order(pid="PID|1||P1^^^HOSP^MR||TESTER^EVA||born in May|F")
    with Mllp.open(peer(hapi.port), Deadline(30)) as client:
        answer = client.send(bad, Deadline(30))
    assert answer.code in ("AE", "AR")
    assert answer.text


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_listener_takes_what_hapi_sends(
    tmp_path: Path, hapi: Hapi, identity: Identity, *, tls: bool
) -> None:
    came: list[str] = []

    def take(data: bytes, _: str) -> Answer:
        message = Message.read(data)
        came.append(message.text("PID-5.1"))
        return Answer([acknowledgement(message, "AA")])

    files = []
    for number in range(5):
        file = tmp_path / f"{number}.hl7"
        file.write_bytes(order(control=f"H{number}", pid=f"PID|1||P{number}||MÜLLER{number}"))
        files.append(file)
    protected = Tls(certificate=identity.certificate, key=identity.key) if tls else None
    with MllpListener(take, options=ListenerOptions(tls=protected)) as listener:
        answers = hapi.send(listener.port, files, tls=tls)
    assert [answer[:2] for answer in answers] == [["AA", f"H{number}"] for number in range(5)]
    assert came == [f"MÜLLER{number}" for number in range(5)]


def test_the_embedded_pacs_is_a_ris_to_hapi(tmp_path: Path, hapi: Hapi) -> None:
    file = tmp_path / "order.hl7"
    file.write_bytes(order("ZDS|1.2.3.4^X^Application^DICOM", control="R1"))
    again = tmp_path / "again.hl7"
    again.write_bytes(order(control="R2"))
    pacs = EmbeddedPacs(tmp_path / "pacs", options=PacsOptions(station="CT1"))
    pacs.start()
    try:
        answers = hapi.send(pacs.open_hl7(), [file, again, file])
        kept = len(list(pacs.worklist.glob("*.wl")))
    finally:
        pacs.stop()
    assert [answer[:2] for answer in answers] == [["AA", "R1"], ["AE", "R2"], ["AA", "R1"]]
    assert "here already" in answers[1][2]
    assert kept == 1
