"""What a site may decide: tokens of its provider, two people for a deletion, a collector of the audit trail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.errors import InvalidInput
from scenario_runner.service.deletions import Deletions
from scenario_runner.service.permissions import Arrival, Caller, Role
from scenario_runner.service.service import REGISTRY
from scenario_runner.service.settings import read_settings
from tests.peers.oauth2 import provider
from tests.peers.syslog import rsyslog
from tests.running import fabricate
from tests.web.auth.people import add, logged_in
from tests.web.imaging_files import ct
from tests.web.served import served

ANN = Caller("ann", frozenset({Role.RADIOLOGIST}), Arrival.SESSION)


def config(folder: Path, text: str) -> Path:
    file = folder / "service.yaml"
    file.write_text("schema: service/v1\n" + text, encoding="utf-8")
    return file


def test_variables_win_over_the_file_key_by_key(tmp_path: Path) -> None:
    file = config(tmp_path, "sessions: {idle: 10m}\ndeletion: {second_person: true}\n")
    settings = read_settings(file, {"FABRICATE_SERVICE_SESSIONS": "{absolute: 1h}"})
    assert (settings.sessions.idle, settings.sessions.absolute) == (1_800.0, 3_600.0)
    assert settings.deletion.second_person
    assert read_settings(None, {}).oidc is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sesions: {}\n", "sesions"),
        ("sessions: {idle: soon}\n", "soon"),
        ("oidc: {issuer: https://idp.example}\n", "audience"),
        ("oidc: {issuer: https://i.example, audience: a, roles: {x: king}}\n", "king"),
    ],
)
def test_a_wrong_setting_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        read_settings(config(tmp_path, text), {})
    assert caught.value.diagnostics[0].where.line == 2
    fabricate("serve", "--port", "0", "--config", tmp_path / "service.yaml", cwd=tmp_path).check(3)


@pytest.mark.peer
def test_a_token_of_the_sites_provider_opens_the_service_for_its_roles(tmp_path: Path) -> None:
    data = tmp_path / "data"
    add(data, "boss", "admin")
    with provider() as idp:
        file = config(
            tmp_path,
            f"oidc: {{issuer: '{idp.issuer}', audience: imaging, roles: {{RadNurse: nurse}}}}\n",
        )
        with served(data, "--config", file) as service:
            token = idp.token(aud="imaging", sub="u1", roles=["RadNurse"])
            bearer = {"Authorization": f"Bearer {token}"}
            assert service.client.get(f"{service.api}/studies", headers=bearer).status_code == 200
            upload = service.client.post(f"{service.api}/upload", headers=bearer)
            assert upload.status_code == 403
            wrong = {"Authorization": f"Bearer {idp.token(aud='other', sub='u1')}"}
            answer = service.client.get(f"{service.api}/studies", headers=wrong)
            assert (answer.status_code, answer.json()["code"]) == (401, "token-not-valid")


def test_where_the_site_wants_it_a_second_person_decides_on_a_deletion(tmp_path: Path) -> None:
    data = tmp_path / "data"
    add(data, "boss", "admin")
    add(data, "ann", "radiologist")
    file = config(tmp_path, "deletion: {second_person: true}\n")
    api = "/api/v1/dicom"
    with (
        served(data, "--config", file) as service,
        logged_in(service.url, "ann") as ann,
        logged_in(service.url, "boss") as boss,
    ):
        boss.post(f"{api}/upload", files={"file": ("a.dcm", ct("1.2.3"))}).raise_for_status()
        for wrong in ("", "?reason=%20"):
            assert ann.delete(f"{api}/studies/1.2.3{wrong}").status_code == 422
        asked = ann.delete(f"{api}/studies/1.2.3?reason=a+double")
        assert asked.status_code == 202
        assert asked.json()["status"] == "waiting"
        assert ann.delete(f"{api}/studies/1.2.3?reason=a+double").status_code == 409
        page = ann.get("/studies/1.2.3").text
        assert "ann has asked for this study to be deleted" in page
        assert 'data-opens="delete"' not in page  # a second time it is refused
        assert "CITIZEN, JANE" in boss.get("/deletions").text
        with Database(data / REGISTRY) as database:  # of a study that somebody else has removed
            gone = Deletions(database, second_person=True).ask(ANN, "1.2.9", "a double")
        page = boss.get("/deletions").raise_for_status().text
        assert "1.2.9" in page
        assert "CITIZEN, JANE" in page
        boss.post(f"{api}/deletions/{gone.number}/refuse").raise_for_status()
        over = boss.delete("/dicom-web/studies/1.2.3?reason=a+double")
        assert over.status_code == 403
        (waiting,) = boss.get(f"{api}/deletions").json()["deletions"]
        assert (waiting["asked_by"], waiting["reason"]) == ("ann", "a double")
        own = ann.post(f"{api}/deletions/{waiting['number']}/consent")
        assert (own.status_code, own.json()["code"]) == (403, "second-person-needed")
        assert boss.get(f"{api}/studies/1.2.3").status_code == 200
        done = boss.post(f"{api}/deletions/{waiting['number']}/consent")
        assert done.json()["state"] == "approved"
        assert boss.get(f"{api}/studies/1.2.3").status_code == 404
        again = boss.post(f"{api}/deletions/{waiting['number']}/refuse")
        assert again.status_code == 409
    said = fabricate("audit", "list", "--study", "1.2.3", "--format", "json", "--data", data).out
    assert '"deletion-asked"' in said
    assert '"asked_by": "ann"' in said


@pytest.mark.peer
def test_the_collector_has_every_entry_also_those_of_its_own_absence(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with rsyslog(tmp_path) as receiver:
        port, certificate = receiver.port, receiver.certificate
        file = config(
            tmp_path,
            f"audit: {{source: north-1, syslog: {{host: 127.0.0.1, port: {port}, ca: '{certificate}'}}}}\n",
        )
        with served(data, "--config", file) as service:
            service.client.get(f"{service.api}/studies")
            assert service.stop() == 0
        entries = fabricate("audit", "list", "--format", "json", "--data", data).out.splitlines()
        until = time.monotonic() + 60
        while len(receiver.lines()) < len(entries):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert "Application Start" in receiver.lines()[0]
        assert 'AuditSourceID="north-1"' in receiver.lines()[0]
        before = len(receiver.lines())
        sent = fabricate(
            *("audit", "export", "--syslog", f"127.0.0.1:{port}", "--tls-ca", certificate),
            *("--after", "1", "--data", data),
        ).check(0)
        count, last = map(int, sent.out.split())
        assert (count, last) == (before, before + 1)  # listing the trail is in it, too
        until = time.monotonic() + 60
        while len(receiver.lines()) < before + count:
            assert time.monotonic() < until
            time.sleep(0.05)
    out = tmp_path / "trail.xml"
    fabricate("audit", "export", out, "--data", data).check(0)
    assert out.read_text("utf-8").splitlines()[0].startswith("<AuditMessage>")
    fabricate("audit", "export", "--data", data).check(2)
    gone = fabricate("audit", "export", "--syslog", f"127.0.0.1:{port}", "--data", data).check(4)
    assert "cannot be reached" in gone.err


def test_who_asks_too_often_is_told_when_to_try_again_over_every_face(tmp_path: Path) -> None:
    file = config(tmp_path, "rates: {account: {requests: 5, within: 1h}}\n")
    with served(tmp_path / "data", "--config", file) as service:
        for path in ("/api/v1/dicom/studies", "/dicom-web/studies", "/api/v1/auth/session"):
            answers = [service.client.get(service.url + path) for _ in range(4)]
        refused = answers[-1]
        assert refused.status_code == 429
        assert (refused.json()["code"], refused.headers["content-type"]) == (
            "too-often",
            "application/problem+json",
        )
        assert 700 <= int(refused.headers["retry-after"]) <= 720
        web = service.client.get(f"{service.url}/dicom-web/studies")
        assert (web.status_code, "retry-after" in web.headers) == (429, True)
        assert service.client.get(f"{service.url}/health").status_code == 200
