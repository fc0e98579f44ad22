"""The trail as others read it: messages of the Standard, in files and at a real syslog receiver."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.database.engine import Database
from scenario_runner.errors import TargetError
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.audit.entry import Entry
from scenario_runner.service.audit.messages import AuditSource, message
from scenario_runner.service.audit.syslog import Receiver, SyslogSender, syslog_message
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.permissions import LOCAL, Arrival, Caller, Role
from scenario_runner.ul.tls import Tls
from tests.peers.syslog import SyslogReceiver, rsyslog

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("audit_message.xsd"))
SOURCE = AuditSource(id="imaging-1", site="North", process="4711")
ANN = Caller("ann", frozenset({Role.RADIOLOGIST, Role.ADMIN}), Arrival.SESSION)


def an_entry(what: Activity = Activity.DELETED, **other: object) -> Entry:
    values: dict[str, object] = {
        "number": 7,
        "at": "2026-11-29T08:00:00.000000Z",
        "caller": "ann",
        "roles": "admin,radiologist",
        "arrival": "session",
        "what": what,
        "study": "1.2.3",
        "from_where": "192.0.2.7",
        "outcome": Outcome.SUCCESS,
        "detail": {"reason": "a double"},
        "digest": "0" * 64,
    }
    return Entry(**{**values, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("what", Activity)
def test_every_activity_makes_a_message_of_the_standards_schema(
    what: Activity, outcome: Outcome
) -> None:
    for study in ("1.2.3", None):
        SCHEMA.validate(message(an_entry(what, outcome=outcome, study=study), SOURCE).decode())


def test_a_deletion_says_who_what_where_and_why_with_the_codes_of_the_standard() -> None:
    root = ET.fromstring(message(an_entry(), SOURCE))
    event = root.find("EventIdentification")
    assert event is not None
    assert event.attrib == {
        "EventActionCode": "D",
        "EventDateTime": "2026-11-29T08:00:00.000000Z",
        "EventOutcomeIndicator": "0",
    }
    code = event.find("EventID")
    assert code is not None
    assert code.attrib == {
        "csd-code": "110105",
        "codeSystemName": "DCM",
        "originalText": "DICOM Study Deleted",
    }
    person, process = root.findall("ActiveParticipant")
    assert person.attrib == {
        "UserID": "ann",
        "UserIsRequestor": "true",
        "NetworkAccessPointID": "192.0.2.7",
        "NetworkAccessPointTypeCode": "2",
    }
    assert process.attrib["AlternativeUserID"] == "4711"
    study = root.find("ParticipantObjectIdentification")
    assert study is not None
    assert study.attrib["ParticipantObjectID"] == "1.2.3"
    assert study.attrib["ParticipantObjectDataLifeCycle"] == "15"
    details = {
        one.attrib["type"]: base64.b64decode(one.attrib["value"]).decode()
        for one in study.findall("ParticipantObjectDetail")
    }
    assert json.loads(details["detail"]) == {"reason": "a double"}
    assert (details["number"], details["digest"]) == ("7", "0" * 64)


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_stranger_calls_themselves_the_message_is_well_formed(
    caller: str, where: str, why: str
) -> None:
    entry = an_entry(caller=caller, from_where=where, outcome=Outcome.DENIED, detail={"why": why})
    SCHEMA.validate(message(entry, SOURCE).decode())


@pytest.mark.parametrize(
    "changed",
    [
        {"what": "nothing \u00e9\0"},
        {"outcome": "splendid"},
        {"at": "yesterday \u00e9\n<1>1 forged"},
        {"roles": "admin\0,\u00e9"},
    ],
    ids=["activity", "outcome", "moment", "roles"],
)
def test_an_entry_that_somebody_has_changed_goes_out_as_what_it_is_and_holds_no_other_up(
    changed: dict[str, object],
) -> None:
    """Else whoever writes one into the database would silence all that come after it."""
    entry = an_entry(**changed)  # type: ignore[arg-type]
    written = message(entry, SOURCE)
    SCHEMA.validate(written.decode())
    assert (b'"110113"' in written) == ("what" in changed)
    sent = syslog_message(entry, SOURCE, "host")
    assert sent.endswith(written)
    assert b"forged" not in sent


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyslogReceiver]:
    with rsyslog(tmp_path_factory.mktemp("syslog")) as running:
        yield running


@pytest.mark.peer
def test_a_real_receiver_gets_every_message_whole_over_tls(receiver: SyslogReceiver) -> None:
    with Database(":memory:") as database:
        trail = Trail(database)
        trail.record(LOCAL, Activity.STARTED)
        detail = {"reason": "M\u00fcller\nand <b>\u7f8e</b>" + "x" * 900}
        trail.record(ANN, Activity.DELETED, "1.2.3", "192.0.2.7", detail=detail)
        for number in range(200):
            trail.record(ANN, Activity.VIEWED, f"1.2.{number}", "192.0.2.7")
        entries = list(trail.entries())
    tls = Tls(ca=receiver.certificate)
    with SyslogSender(Receiver(host="127.0.0.1", port=receiver.port, tls=tls), SOURCE) as sender:
        assert sender.send(entries) == 202
        sender.finish()
    until = time.monotonic() + 60
    while len(receiver.lines()) < 202:
        assert time.monotonic() < until, f"{len(receiver.lines())} of 202 came"
        time.sleep(0.05)
    for entry, line in zip(entries, receiver.lines(), strict=True):
        head, xml = line[: line.index("<Audit")], line[line.index("<Audit") :]
        priority, version, at, _, app, process, kind, data, _ = head.split("|")
        assert (priority, version, app, process) == ("85", "1", "dicom-fabricator", "4711")
        assert (kind, data) == ("DICOM+RFC3881", "-")
        assert at[:26] == entry.at[:26]
        assert xml.encode() == message(entry, SOURCE)


@pytest.mark.peer
def test_a_receiver_that_is_not_believed_is_told_nothing(receiver: SyslogReceiver) -> None:
    before = len(receiver.lines())
    for tls, host in ((Tls(), "127.0.0.1"), (Tls(ca=receiver.certificate), "127.0.0.2")):
        with pytest.raises(TargetError, match="cannot be reached"):
            SyslogSender(Receiver(host=host, port=receiver.port, tls=tls), SOURCE)
    assert len(receiver.lines()) == before
