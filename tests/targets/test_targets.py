"""A target of the site file, whatever services it has, is one PACS to a step."""

from __future__ import annotations

import socket
import subprocess
import sys
from http.client import parse_headers
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.api import FindRequest, RetrieveRequest, StoreOptions, Target
from scenario_runner.deadline import Deadline
from scenario_runner.errors import ConnectionFailed, OperationFailed, ProtocolViolation, Unsupported
from scenario_runner.language.site_model import Receiver as SiteReceiver
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.site_services import (
    Auth,
    BasicAuth,
    DicomService,
    EmbeddedService,
    HttpService,
    TlsFiles,
)
from scenario_runner.plugins import Plugins
from scenario_runner.targets.open import Opening
from tests.network.hostile import Wire, hostile
from tests.network.objects import PAIR, Study
from tests.network.test_tls import make_identity
from tests.peers.processes import Modality, free_port, orthanc, storescp

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.api import Received

PASSWORD = "s3cr3t-pa55word"


def open_one(spec: TargetSpec, folder: Path, receiver_port: int = 11113) -> Target:
    receiver = SiteReceiver(port=receiver_port)
    site = Site(schema_="site/v1", name="north", receiver=receiver, targets={"pacs": spec})
    kinds = Plugins(outside=False).named("fabricate_target_kinds")
    return Opening(site=site, kinds=kinds).target("pacs", spec, folder)


def rest(url: str, password: str = PASSWORD) -> HttpService:
    return HttpService(
        url=url, auth=Auth(basic=BasicAuth(user="fab", password=password)), timeout=5
    )


def test_knowing_the_kinds_loads_no_wire_code() -> None:
    code = (
        "import sys; from scenario_runner.plugins import Plugins;"
        "list(Plugins(outside=False).named('fabricate_target_kinds').values());"
        "print([m for m in ('pynetdicom', 'pydicom', 'httpx2', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_query_tells_on_which_association_it_was_asked(tmp_path: Path) -> None:
    facts: dict[str, Any] = {}
    target = open_one(TargetSpec(embedded=EmbeddedService()), tmp_path)
    try:
        target.find(FindRequest(level="study", match={}, opened=facts.update), Deadline(20))
    finally:
        target.close()
    assert facts["called_ae_title"] == "EMBEDDED"
    assert facts["contexts"][0]["accepted"]


def test_a_target_without_a_service_says_which_one_to_give_it(tmp_path: Path) -> None:
    target = open_one(TargetSpec(), tmp_path)
    assert target.capabilities == frozenset()
    with pytest.raises(Unsupported, match="'pacs' has no way to echo") as caught:
        target.echo(Deadline(1))
    assert caught.value.hint == "give 'pacs' a 'dicom' service in the site file"
    target.close()


def test_a_dimse_only_target_cannot_delete(tmp_path: Path) -> None:
    spec = TargetSpec(dicom=DicomService(host="127.0.0.1", port=104, ae_title="ANY"))
    target = open_one(spec, tmp_path)
    assert "delete" not in target.capabilities
    with pytest.raises(Unsupported, match="delete"):
        target.delete(["1.2"], Deadline(1))


def test_an_error_names_the_target_its_address_and_the_reason(tmp_path: Path) -> None:
    port = free_port()
    spec = TargetSpec(dicom=DicomService(host="127.0.0.1", port=port, ae_title="GONE"))
    target = open_one(spec, tmp_path)
    with pytest.raises(ConnectionFailed) as caught:
        target.echo(Deadline(5))
    assert str(caught.value).startswith(f"'pacs' (GONE at 127.0.0.1:{port}): cannot connect:")


def do_everything(target: Target) -> None:
    """Echo, store, find, retrieve, delete, and find nothing."""
    study, deadline = Study(), Deadline(60)
    assert target.capabilities >= {"echo", "store", "find", "retrieve", "delete"}
    assert target.echo(deadline).status == 0
    sent = list(study.instances(3))
    statuses = list(target.store(sent, StoreOptions(contexts=[PAIR]), deadline))
    assert [s.status for s in statuses] == [0, 0, 0]
    request = FindRequest(
        level="study",
        match={"StudyInstanceUID": study.uid},
        returned=["NumberOfStudyRelatedInstances", "PatientName"],
    )
    [found] = target.find(request, deadline)
    assert found["NumberOfStudyRelatedInstances"] == 3
    assert found["PatientName"] == "CITIZEN^JANE"
    images = FindRequest(
        level="image",
        match={"StudyInstanceUID": study.uid, "SeriesInstanceUID": study.series_uid},
    )
    counts = [len(matches) for matches in target.find_each([request, images], deadline)]
    assert counts == [1, 3]
    received: list[Received] = []
    retrieval = RetrieveRequest(
        level="study", keys={"StudyInstanceUID": study.uid}, contexts=[PAIR]
    )
    assert target.retrieve(retrieval, received.append, deadline).completed == 3
    assert {bytes(r.data) for r in received} == {i.data for i in sent}
    assert target.delete([study.uid, "1.2.3"], deadline) == [study.uid]
    assert target.find(request, deadline) == []


@pytest.mark.peer
def test_orthanc_with_dimse_and_rest_does_everything(tmp_path: Path) -> None:
    with orthanc(tmp_path, users={"fab": PASSWORD}) as server:
        dicom = DicomService(host=server.host, port=server.port, ae_title="ORTHANC")
        target = open_one(TargetSpec(dicom=dicom, orthanc=rest(server.http)), tmp_path)
        assert target.facts.kind == "dimse"
        do_everything(target)
        target.close()


@pytest.mark.peer
def test_orthanc_moves_to_our_receiver_and_commits_itself(tmp_path: Path) -> None:
    port = free_port()
    with orthanc(tmp_path, modalities=[Modality("FABRICATE", port)]) as server:
        dicom = DicomService(host=server.host, port=server.port, ae_title="ORTHANC")
        move_and_commit(open_one(TargetSpec(dicom=dicom), tmp_path, port))


@pytest.mark.peer
def test_a_target_speaks_tls_with_files_beside_the_site_file(tmp_path: Path) -> None:
    server_side, our_side = make_identity(tmp_path, "server"), make_identity(tmp_path, "client")
    options = ["+tls", str(server_side.key), str(server_side.certificate)]
    options += ["+cf", str(our_side.certificate)]
    with storescp(tmp_path, options=options) as server:
        tls = TlsFiles(ca="server.crt", certificate="client.crt", key="client.key", minimum="1.3")
        service = DicomService(host=server.host, port=server.port, ae_title="SCP", tls=tls)
        spec = TargetSpec(dicom=service)
        site = Site(schema_="site/v1", name="north", targets={"pacs": spec})
        kinds = Plugins(outside=False).named("fabricate_target_kinds")
        target = Opening(site=site, kinds=kinds, folder=tmp_path).target(
            "pacs", spec, tmp_path / "scratch"
        )
        assert target.echo(Deadline(10)).status == 0


def test_a_performed_procedure_step_is_created_completed_and_then_final(tmp_path: Path) -> None:
    target = open_one(TargetSpec(embedded=EmbeddedService()), tmp_path)
    uid, deadline = "1.2.3.4.5", Deadline(30)
    begun = {
        "PerformedProcedureStepStatus": "IN PROGRESS",
        "PerformedProcedureStepID": "PPS1",
        "PerformedProcedureStepStartDate": "20260131",
        "PerformedProcedureStepStartTime": "093000",
        "PerformedStationAETitle": "FABRICATE",
        "Modality": "CT",
        "PatientName": "MÜLLER^ÅSA",
        "PatientID": "PID7",
        "ScheduledStepAttributesSequence": [{"StudyInstanceUID": "1.2.3", "AccessionNumber": ""}],
        "PerformedSeriesSequence": [],
    }
    try:
        assert target.mpps(uid, begun, deadline, create=True).status == 0
        assert target.mpps(uid, begun, deadline, create=True).status == 0x0111
        done = {
            "PerformedProcedureStepStatus": "COMPLETED",
            "PerformedProcedureStepEndDate": "20260131",
            "PerformedProcedureStepEndTime": "100000",
            "PerformedSeriesSequence": [
                {
                    "SeriesInstanceUID": "1.2.3.1",
                    "ProtocolName": "HEAD",
                    "SeriesDescription": "",
                    "PerformingPhysicianName": "",
                    "OperatorsName": "",
                    "RetrieveAETitle": "",
                    "ReferencedImageSequence": [],
                    "ReferencedNonImageCompositeSOPInstanceSequence": [],
                }
            ],
        }
        assert target.mpps(uid, done, deadline).status == 0
        assert target.mpps(uid, done, deadline).status == 0x0110
    finally:
        target.close()


def move_and_commit(target: Target) -> None:
    """What comes back to our own receiver."""
    study, deadline = Study(), Deadline(60)
    sent = list(study.instances(3))
    list(target.store(sent, StoreOptions(contexts=[PAIR], associations=2), deadline))
    received: list[Received] = []
    keys = {"StudyInstanceUID": study.uid}
    request = RetrieveRequest(level="study", keys=keys, contexts=[PAIR])
    assert target.move(request, received.append, deadline).status == 0
    assert {bytes(r.data) for r in received} == {i.data for i in sent}
    nowhere = target.move(request, received.append, deadline, destination="NOBODY")
    assert nowhere.status != 0
    asked = [(i.sop_class_uid, i.sop_instance_uid) for i in sent]
    result = target.commit(asked, deadline, patience=15)
    assert set(result.committed) == {i.sop_instance_uid for i in sent}
    assert result.failed == {}


def test_the_embedded_pacs_starts_when_used_does_everything_and_stops(tmp_path: Path) -> None:
    target = open_one(TargetSpec(embedded=EmbeddedService()), tmp_path)
    assert (target.facts.kind, target.facts.port) == ("embedded", None)
    try:
        do_everything(target)
        move_and_commit(target)
        port = target.facts.port
        assert port
    finally:
        target.close()
        target.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


@pytest.mark.peer
def test_the_hl7_port_that_others_know_is_open_as_long_as_the_pacs_runs(tmp_path: Path) -> None:
    port = free_port()
    target = open_one(TargetSpec(embedded=EmbeddedService(hl7_port=port)), tmp_path)
    try:
        target.echo(Deadline(60))
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            pass
    finally:
        target.close()


def test_a_refused_password_is_said_and_never_shown(tmp_path: Path) -> None:
    with orthanc(tmp_path, users={"fab": "another"}) as server:
        target = open_one(TargetSpec(orthanc=rest(server.http)), tmp_path)
        with pytest.raises(OperationFailed, match="not authorized") as caught:
            target.delete(["1.2.3"], Deadline(10))
    chain: BaseException | None = caught.value
    while chain is not None:
        assert PASSWORD not in f"{chain!r} {chain}"
        chain = chain.__cause__


def test_rest_that_is_not_there_or_not_orthanc_is_said(tmp_path: Path) -> None:
    target = open_one(TargetSpec(orthanc=rest(f"http://127.0.0.1:{free_port()}")), tmp_path)
    with pytest.raises(ConnectionFailed, match="refused"):
        target.delete(["1.2.3"], Deadline(10))
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n[{"Type": "Study", "ID": "../../x"}] '

    def not_orthanc(wire: Wire) -> None:
        wire.connection.recv(9999)
        wire.send(answer)

    with hostile(not_orthanc) as peer:
        target = open_one(TargetSpec(orthanc=rest(f"http://127.0.0.1:{peer.port}")), tmp_path)
        with pytest.raises(ProtocolViolation, match="not Orthanc"):
            target.delete(["1.2.3"], Deadline(10))


def test_a_study_is_deleted_where_nobody_may_ask_for_the_version(tmp_path: Path) -> None:
    asked: list[bytes] = []
    study = "-".join(["0badcafe"] * 5)

    def guarded(wire: Wire) -> None:
        reading = wire.connection.makefile("rb")
        while line := reading.readline():
            asked.append(line)
            headers = parse_headers(reading)
            reading.read(int(headers["Content-Length"] or 0))
            body = (
                b'[{"Type": "Study", "ID": "%s"}]' % study.encode() if b"lookup" in line else b"{}"
            )
            status = b"403 Forbidden" if b"/system" in line else b"200 OK"
            head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            wire.send(head + body)

    with hostile(guarded) as peer:
        target = open_one(TargetSpec(orthanc=rest(f"http://127.0.0.1:{peer.port}")), tmp_path)
        seen: list[object] = []
        assert target.watched(seen.append).delete(["1.2.3"], Deadline(10)) == ["1.2.3"]
    assert seen == []
    assert any(line.startswith(b"GET /system") for line in asked)
    assert any(line.startswith(b"DELETE /studies/" + study.encode()) for line in asked)


def test_a_rest_answer_without_end_is_cut_off(tmp_path: Path) -> None:
    def endless(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            wire.send(bytes(65536))

    with hostile(endless) as peer:
        target = open_one(TargetSpec(orthanc=rest(f"http://127.0.0.1:{peer.port}")), tmp_path)
        with pytest.raises(ProtocolViolation, match="too large"):
            target.delete(["1.2.3"], Deadline(10))
