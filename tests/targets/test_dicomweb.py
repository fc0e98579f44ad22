"""A target reached over DICOMweb is a whole PACS to a step, alone or beside other services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.api import (
    Fetched,
    FetchRequest,
    FindRequest,
    RetrieveRequest,
    StoreOptions,
    Target,
)
from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    OperationFailed,
    ProtocolViolation,
    TargetError,
    Unsupported,
)
from scenario_runner.language.site_model import Expectations, Site, TargetSpec
from scenario_runner.language.site_services import (
    Auth,
    BasicAuth,
    DicomService,
    HttpService,
    TlsFiles,
)
from scenario_runner.network.dicomweb.search import PAGE
from scenario_runner.plugins import Plugins
from scenario_runner.targets.open import Opening
from tests.network.dicomweb.front import tls_front
from tests.network.dicomweb.services import DICOM_JSON, Reply, dicom_json, service
from tests.network.objects import PAIR, Study
from tests.network.test_tls import make_identity
from tests.peers.processes import free_port, orthanc
from tests.targets.test_targets import do_everything, open_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.api import Received
    from tests.peers.processes import Server

PLUGIN = "libOrthancDicomWeb.so"
PASSWORD = "s3cr3t-pa55word"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dicomweb")
    with orthanc(folder, plugins=[PLUGIN], users={"fab": PASSWORD}) as running:
        yield running


def login(url: str, password: str = PASSWORD, **more: Any) -> HttpService:
    basic = BasicAuth(user="fab", password=password)
    return HttpService(url=url, auth=Auth(basic=basic), timeout=10, **more)


def web(server: Server, folder: Path, **expects: Any) -> Target:
    spec = TargetSpec(dicomweb=login(f"{server.http}/dicom-web"), expects=Expectations(**expects))
    return open_one(spec, folder)


def stored(target: Target, count: int, study: Study | None = None, size: int = 16) -> Study:
    study = study or Study()
    options = StoreOptions(contexts=[PAIR])
    answers = list(target.store(study.instances(count, size), options, Deadline(60)))
    assert [answer.status for answer in answers] == [0] * count
    return study


@pytest.mark.peer
def test_dicomweb_and_rest_do_everything_that_dimse_does(server: Server, tmp_path: Path) -> None:
    rest = login(server.http)
    spec = TargetSpec(dicomweb=login(f"{server.http}/dicom-web"), orthanc=rest)
    target = open_one(spec, tmp_path)
    assert target.facts.kind == "dicomweb"
    assert target.facts.url == f"{server.http}/dicom-web"
    do_everything(target)


@pytest.mark.peer
def test_a_query_gives_the_same_values_by_either_way(server: Server, tmp_path: Path) -> None:
    dicom = DicomService(host=server.host, port=server.port, ae_title="ORTHANC")
    spec = TargetSpec(dicom=dicom, dicomweb=login(f"{server.http}/dicom-web"))
    target = open_one(spec, tmp_path)
    study = stored(
        target.by("stow"), 2, Study("P77", "MÜLLER^ÅSA", "ACC77", character_set="ISO_IR 192")
    )
    returned = ["PatientName", "PatientID", "AccessionNumber", "StudyDate", "StudyDescription"]
    returned += ["NumberOfStudyRelatedInstances", "ModalitiesInStudy"]
    request = FindRequest(level="study", match={"PatientID": "P77"}, returned=returned)
    [by_dimse] = target.by("c-find").find(request, Deadline(10))
    [by_web] = target.by("qido").find(request, Deadline(10))
    asked = ["StudyInstanceUID", *returned]
    assert {key: by_web[key] for key in asked} == {key: by_dimse[key] for key in asked}
    assert by_web["StudyInstanceUID"] == study.uid
    assert by_web["NumberOfStudyRelatedInstances"] == 2
    # Without being asked, it goes the way of DIMSE.
    assert target.find(request, Deadline(10)) == [by_dimse]


@pytest.mark.peer
def test_qido_finds_by_a_day_and_an_hour_as_people_write_them(
    server: Server, tmp_path: Path
) -> None:
    target = web(server, tmp_path)
    stored(target, 1, Study("P78", "DOE^JANE", "ACC78"))
    [study] = target.find(
        FindRequest(level="study", match={"PatientID": "P78"}, returned=["StudyDate", "StudyTime"]),
        Deadline(10),
    )
    date, time = study["StudyDate"], study["StudyTime"]
    day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    hour = f"{time[:2]}:{time[2:4]}:{time[4:6]}"
    keys: list[tuple[dict[str, Any], int]] = [
        ({"StudyDate": day}, 1),
        ({"StudyDate": f"{day}-{day}", "StudyTime": hour}, 1),
        ({"StudyDate": {"raw": date}}, 1),
        ({"StudyDate": {"raw": "19000101"}}, 0),
    ]
    for match, count in keys:
        request = FindRequest(level="study", match={"PatientID": "P78", **match})
        assert len(target.find(request, Deadline(10))) == count, match


@pytest.mark.peer
def test_more_matches_than_one_page_all_come_once(server: Server, tmp_path: Path) -> None:
    target = web(server, tmp_path)
    study = stored(target, PAGE + 35, size=4)
    request = FindRequest(level="image", match={"StudyInstanceUID": study.uid})
    found = target.find(request, Deadline(20))
    assert len({match["SOPInstanceUID"] for match in found}) == len(found) == PAGE + 35


@pytest.mark.peer
def test_patients_are_those_of_the_studies_that_match(server: Server, tmp_path: Path) -> None:
    target = web(server, tmp_path)
    for accession in ("A1", "A2"):
        stored(target, 1, Study("TWICE", "DOE^JANE", accession))
    request = FindRequest(level="patient", match={"PatientID": "TWICE"}, returned=["PatientName"])
    [patient] = target.find(request, Deadline(10))
    assert patient["PatientName"] == "DOE^JANE"
    assert "StudyInstanceUID" not in patient
    worklist = FindRequest(level="worklist", match={})
    with pytest.raises(Unsupported, match="worklist"):
        target.find(worklist, Deadline(5))


@pytest.mark.peer
@pytest.mark.parametrize("level", ["patient", "study", "series", "image"])
def test_instances_of_any_level_come_back_as_they_were_sent(
    server: Server, tmp_path: Path, level: Any
) -> None:
    target = web(server, tmp_path)
    study = Study(f"PAT-{level}")
    sent = list(study.instances(3, 16))
    list(target.store(sent, StoreOptions(contexts=[PAIR]), Deadline(10)))
    keys: dict[str, Any] = {
        "patient": {"PatientID": study.patient_id},
        "study": {"StudyInstanceUID": [study.uid]},
        # The study is not named, so it is looked up.
        "series": {"SeriesInstanceUID": study.series_uid},
        "image": {
            "StudyInstanceUID": study.uid,
            "SeriesInstanceUID": study.series_uid,
            "SOPInstanceUID": [one.sop_instance_uid for one in sent[:2]],
        },
    }
    received: list[Received] = []
    request = RetrieveRequest(level=level, keys=keys[level], contexts=[])
    result = target.retrieve(request, received.append, Deadline(10))
    assert (result.status, result.http) == (0, 200)
    wanted = sent[:2] if level == "image" else sent
    assert {bytes(one.data) for one in received} == {one.data for one in wanted}
    assert result.completed == len(wanted)
    assert result.association["server"] is not None


@pytest.mark.peer
def test_another_transfer_syntax_is_asked_for_by_accept(server: Server, tmp_path: Path) -> None:
    target = web(server, tmp_path)
    study = stored(target, 1)
    lossless = "1.2.840.10008.1.2.4.70"
    accept = [f'multipart/related; type="application/dicom"; transfer-syntax={lossless}']
    received: list[Received] = []
    request = RetrieveRequest(
        level="study", keys={"StudyInstanceUID": study.uid}, contexts=[], accept=accept
    )
    target.retrieve(request, received.append, Deadline(10))
    assert [one.transfer_syntax_uid for one in received] == [lossless]
    request = RetrieveRequest(
        level="study", keys={"StudyInstanceUID": study.uid}, contexts=[], accept=["image/x-none"]
    )
    result = target.retrieve(request, received.append, Deadline(10))
    assert (result.status, result.http) == (0xC000, 400)
    assert "cannot generate the following content type" in result.comment


@pytest.mark.peer
def test_what_is_not_there_is_404_and_no_error(server: Server, tmp_path: Path) -> None:
    target = web(server, tmp_path)
    received: list[Received] = []
    request = RetrieveRequest(
        level="study", keys={"StudyInstanceUID": "1.2.3.4.5.6"}, contexts=[PAIR]
    )
    result = target.retrieve(request, received.append, Deadline(10))
    assert (result.status, result.http, received) == (0xC000, 404, [])
    metadata = FetchRequest(
        what="metadata", level="study", keys={"StudyInstanceUID": "1.2.3.4.5.6"}
    )
    fetched: list[Fetched] = []
    answer = target.fetch(metadata, fetched.append, Deadline(10))
    assert (answer.http, fetched) == (404, [])


@pytest.mark.peer
def test_a_wrong_password_and_a_wrong_url_are_told_with_a_hint(
    server: Server, tmp_path: Path
) -> None:
    cases: list[tuple[HttpService, type[TargetError], str]] = [
        (login(f"{server.http}/dicom-web", "wrong"), OperationFailed, "'auth'"),
        (login(f"{server.http}/nowhere"), OperationFailed, "url"),
        # Orthanc's explorer answers everything with a page.
        (login(f"{server.http}/app/explorer.html?"), TargetError, "url"),
        (login(f"http://127.0.0.1:{free_port()}"), ConnectionFailed, ""),
        (login(f"http://127.0.0.1:{server.port}"), AssociationAborted, ""),
    ]
    for given, error, hint in cases:
        target = open_one(TargetSpec(dicomweb=given), tmp_path)
        with pytest.raises(error) as caught:
            target.echo(Deadline(20))
        assert caught.value.target == "pacs"
        assert hint in (caught.value.hint or "")
        assert PASSWORD not in str(caught.value)


@pytest.mark.peer
def test_tls_with_a_client_certificate_and_what_is_missing_without(
    server: Server, tmp_path: Path
) -> None:
    ours, theirs = make_identity(tmp_path, "client"), make_identity(tmp_path, "server")
    assert server.http_port is not None
    with tls_front(server.http_port, theirs, ours) as port:

        def target(**tls: Any) -> Target:
            url = f"https://127.0.0.1:{port}"
            files = TlsFiles(**tls)
            dicomweb = login(f"{url}/dicom-web", tls=files)
            spec = TargetSpec(dicomweb=dicomweb, orthanc=login(url, tls=files))
            site = Site(schema_="site/v1", name="north", targets={"pacs": spec})
            kinds = Plugins(outside=False).named("fabricate_target_kinds")
            return Opening(site=site, kinds=kinds, folder=tmp_path).target(
                "pacs", spec, tmp_path / "scratch"
            )

        works = target(ca="server.crt", certificate="client.crt", key="client.key")
        assert works.echo(Deadline(10)).association["tls"] is True
        study = stored(works, 2)
        assert works.delete([study.uid], Deadline(10)) == [study.uid]
        with pytest.raises(TargetError) as caught:
            target(ca="server.crt").echo(Deadline(10))
        assert "certificate required" in str(caught.value)
        with pytest.raises(ConnectionFailed, match="TLS handshake") as refused:
            target(certificate="client.crt", key="client.key").echo(Deadline(10))
        assert "certificate is not accepted" in refused.value.reason
        assert "'tls: {ca: FILE}'" in str(refused.value.hint)


@pytest.mark.peer
def test_delete_is_offered_only_where_the_site_says_so_and_refused_honestly(
    server: Server, tmp_path: Path
) -> None:
    target = web(server, tmp_path)
    assert "delete" not in target.capabilities
    assert "delete" in web(server, tmp_path, dicomweb_delete=True).capabilities
    with pytest.raises(Unsupported, match="no way to delete over DICOMweb"):
        target.by("dicomweb").delete(["1.2"], Deadline(10))


def test_a_service_that_deletes_says_what_was_there() -> None:
    there = {"1.2": 204, "1.3": 404}
    with service(lambda asked: Reply(there[asked.path.rpartition("/")[2]])) as running:
        spec = TargetSpec(dicomweb=HttpService(url=running.peer.url))
        site = Site(schema_="site/v1", name="north", targets={"pacs": spec})
        kinds = Plugins(outside=False).named("fabricate_target_kinds")
        from pathlib import Path

        target = Opening(site=site, kinds=kinds).target("pacs", spec, Path())
        assert target.by("dicomweb").delete(["1.2", "1.3"], Deadline(5)) == ["1.2"]
    assert [asked.method for asked in running.asked] == ["DELETE", "DELETE"]


def test_a_way_that_the_target_has_not_names_the_service_to_give_it(tmp_path: Path) -> None:
    target = open_one(TargetSpec(dicomweb=HttpService(url="http://127.0.0.1:1")), tmp_path)
    assert target.by("stow") is target.by(None)
    with pytest.raises(Unsupported) as caught:
        target.by("c-store")
    assert caught.value.hint == "give 'pacs' a 'dicom' service in the site file"


def test_what_did_not_come_whole_is_no_success(tmp_path: Path) -> None:
    instance = Study().instance(1, 4)
    body = b"--b\r\n\r\nno file\r\n--b--"
    kinds = {"Content-Type": "multipart/related; boundary=b"}
    with service(lambda _: Reply(200, body, kinds)) as running:
        target = open_one(TargetSpec(dicomweb=HttpService(url=running.peer.url)), tmp_path)
        request = RetrieveRequest(
            level="study", keys={"StudyInstanceUID": instance.sop_instance_uid}, contexts=[]
        )
        result = target.retrieve(request, lambda _: None, Deadline(5))
    assert (result.status, result.failed, result.completed) == (0xB000, 1, 0)


def test_facts_of_a_query_reach_who_asked(tmp_path: Path) -> None:
    facts: dict[str, Any] = {}
    body = dicom_json({"StudyInstanceUID": "1.2"})
    with service(lambda _: Reply(200, body, {**DICOM_JSON, "Server": "PACS/1.0"})) as running:
        target = open_one(TargetSpec(dicomweb=HttpService(url=running.peer.url)), tmp_path)
        request = FindRequest(level="study", match={}, opened=facts.update)
        target.find(request, Deadline(5))
    assert facts["method"] == "GET"
    assert facts["requests"] == 2
    assert facts["bytes_received"] > len(body)
    assert facts["server"].startswith("BaseHTTP")


def test_broken_json_is_an_error_that_names_the_target(tmp_path: Path) -> None:
    with service(lambda _: Reply(200, b"{")) as running:
        target = open_one(TargetSpec(dicomweb=HttpService(url=running.peer.url)), tmp_path)
        with pytest.raises(ProtocolViolation, match="'pacs'"):
            target.echo(Deadline(5))
