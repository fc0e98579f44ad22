"""The exchanges of this room with PACS of other makers, as they are installed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread

from scenario_runner.deadline import Deadline
from scenario_runner.errors import AssociationRejected, NoAcceptedContext
from scenario_runner.network.echo import echo
from scenario_runner.network.find import Query, find
from scenario_runner.network.retrieve import get
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.network.objects import PAIR, Encoded, Study
from tests.peers.processes import Server, dcmqrscp, orthanc, storescp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from scenario_runner.answers import Received
    from scenario_runner.dicom.retrieve_keys import Level

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module", params=["orthanc", "dcmqrscp"])
def pacs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    start = orthanc if request.param == "orthanc" else dcmqrscp
    with start(tmp_path_factory.mktemp(request.param)) as server:
        yield server


def peer_of(server: Server, **changes: str) -> Peer:
    return Peer(
        host=server.host,
        port=server.port,
        ae_title=changes.get("ae_title", server.ae_title),
        calling_ae_title=changes.get("calling_ae_title", "FABRICATE"),
        response_timeout=10,
    )


def ask(peer: Peer, level: Level, limit: int | None = None, **keys: str) -> list[Dataset]:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level.upper()
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    query = Query(level=level, identifier=identifier, limit=limit)
    [answer] = find(peer, [query], Deadline(20))
    assert answer.status in (0, 0xFE00)
    return answer.matches


def send(peer: Peer, instances: list[Encoded]) -> None:
    answers = list(store(peer, instances, [PAIR], Deadline(60)))
    assert [a.status for a in answers] == [0] * len(instances)
    assert [a.sop_instance_uid for a in answers] == [i.sop_instance_uid for i in instances]


def test_echo_tells_who_answers(pacs: Server) -> None:
    answer = echo(peer_of(pacs), Deadline(10))
    assert answer.status == 0
    evidence = answer.association
    assert evidence["implementation_version_name"] == "OFFIS_DCMTK_367"
    assert evidence["max_pdu"] == 16384
    assert [(c["accepted"], c["reason"]) for c in evidence["contexts"]] == [(True, "accepted")]


def test_what_is_stored_is_found_at_every_level_and_comes_back_unchanged(pacs: Server) -> None:
    peer = peer_of(pacs)
    study = Study(patient_id="PIDLEVELS", accession="ACCLEVELS")
    sent = {i.sop_instance_uid: i for i in study.instances(7)}
    send(peer, list(sent.values()))

    [patient] = ask(peer, "patient", PatientID="PIDLEVELS", PatientName="")
    assert str(patient.PatientName) == "CITIZEN^JANE"
    [found] = ask(peer, "study", AccessionNumber="ACCLEVELS", StudyInstanceUID="")
    assert found.StudyInstanceUID == study.uid
    [series] = ask(peer, "series", StudyInstanceUID=study.uid, SeriesInstanceUID="", Modality="CT")
    assert series.SeriesInstanceUID == study.series_uid
    images = ask(
        peer,
        "image",
        StudyInstanceUID=study.uid,
        SeriesInstanceUID=study.series_uid,
        SOPInstanceUID="",
    )
    assert {image.SOPInstanceUID for image in images} == set(sent)

    received: list[Received] = []
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = study.uid
    answer = get(peer, "study", identifier, [PAIR], received.append, Deadline(30))
    assert (answer.status, answer.completed, answer.failed) == (0, 7, 0)
    assert {r.sop_instance_uid for r in received} == set(sent)
    for instance in received:
        assert bytes(instance.data) == sent[instance.sop_instance_uid].data
        assert instance.transfer_syntax_uid == PAIR[1]


def test_a_name_beyond_ascii_is_stored_and_found(pacs: Server) -> None:
    peer = peer_of(pacs)
    study = Study(patient_id="PIDUMLAUT", patient_name="MÜLLER^ÅSA", accession="ACCUMLAUT")
    send(peer, list(study.instances(1)))
    [found] = ask(
        peer,
        "study",
        SpecificCharacterSet="ISO_IR 192",
        AccessionNumber="ACCUMLAUT",
        PatientName="",
        StudyInstanceUID="",
    )
    assert str(found.PatientName) == "MÜLLER^ÅSA"


def test_a_query_stops_at_its_limit(pacs: Server) -> None:
    peer = peer_of(pacs)
    study = Study(patient_id="PIDLIMIT", accession="ACCLIMIT")
    send(peer, list(study.instances(40)))
    keys = {"StudyInstanceUID": study.uid, "SeriesInstanceUID": study.series_uid}
    assert len(ask(peer, "image", limit=5, SOPInstanceUID="", **keys)) == 5
    assert len(ask(peer, "image", limit=40, SOPInstanceUID="", **keys)) == 40


def test_several_queries_share_an_association(pacs: Server) -> None:
    peer = peer_of(pacs)
    study = Study(patient_id="PIDSEVERAL", accession="ACCSEVERAL")
    send(peer, list(study.instances(1)))
    opened: list[Mapping[str, Any]] = []
    queries = []
    levels: list[Level] = ["study", "patient", "study"]
    for level in levels:
        identifier = Dataset()
        identifier.QueryRetrieveLevel = level.upper()
        identifier.PatientID = "PIDSEVERAL"
        identifier.StudyInstanceUID = ""
        queries.append(Query(level=level, identifier=identifier, opened=opened.append))
    answers = list(find(peer, queries, Deadline(20)))
    assert [len(a.matches) for a in answers] == [1, 1, 1]
    assert len({facts["connect_seconds"] for facts in opened}) == 1


def test_a_retrieve_whose_sink_fails_ends_with_that_failure(pacs: Server) -> None:
    peer = peer_of(pacs)
    study = Study(patient_id="PIDSINK", accession="ACCSINK")
    send(peer, list(study.instances(2)))
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = study.uid

    def full(instance: Received) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        get(peer, "study", identifier, [PAIR], full, Deadline(20))
    assert echo(peer, Deadline(10)).status == 0


def test_a_wrong_called_ae_title_is_rejected_in_words(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path) as server:
        with pytest.raises(AssociationRejected, match="called AE title not recognized") as caught:
            echo(peer_of(server, ae_title="NOT_IT"), Deadline(10))
        assert caught.value.hint is not None
        assert "NOT_IT" in caught.value.hint
    with (
        orthanc(tmp_path, configuration={"DicomCheckCalledAet": True}) as server,
        pytest.raises(AssociationRejected, match="called AE title not recognized"),
    ):
        echo(peer_of(server, ae_title="NOT_IT"), Deadline(10))


def test_a_service_the_peer_does_not_have_is_named(tmp_path: Path) -> None:
    with storescp(tmp_path) as server, pytest.raises(NoAcceptedContext, match="C-FIND"):
        ask(peer_of(server), "study", StudyInstanceUID="")


def test_storescp_writes_what_was_sent(tmp_path: Path) -> None:
    sent = list(Study().instances(3, size=512))
    with storescp(tmp_path) as server:
        send(peer_of(server), sent)
        files = [dcmread(path) for path in server.folder.iterdir()]
    assert {f.SOPInstanceUID for f in files} == {i.sop_instance_uid for i in sent}
    pixels = {i.sop_instance_uid: i.data[-2 * 512 * 512 :] for i in sent}
    assert all(f.PixelData == pixels[f.SOPInstanceUID] for f in files)


def test_a_peer_with_a_tiny_maximum_pdu_gets_no_longer_ones(tmp_path: Path) -> None:
    sent = list(Study().instances(2))
    with storescp(tmp_path, options=["--max-pdu", "4096"]) as server:
        send(peer_of(server), sent)
        assert len(list(server.folder.iterdir())) == 2


def test_orthanc_as_installed_takes_150_small_images_a_second(tmp_path: Path) -> None:
    rates: list[float] = []
    with orthanc(tmp_path) as server:
        # A machine busy with other things is given a second and a third chance.
        while len(rates) < 3 and max(rates, default=0) < 150:
            instances = list(Study().instances(1000))
            started = time.monotonic()
            send(peer_of(server), instances)
            rates.append(len(instances) / (time.monotonic() - started))
    assert max(rates) >= 150
