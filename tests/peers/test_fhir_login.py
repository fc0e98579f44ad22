"""A real FHIR server behind a gate: it lets us in as the site file says, and nobody else learns how."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.network.dicomweb.front import tls_front
from tests.peers.fhir_samples import everything
from tests.peers.gate import basic, bearer, gate, tokens_of
from tests.peers.hapi import FhirServer, hapi
from tests.peers.oauth2 import Provider, provider
from tests.running import Finished, fabricate, record, steps, write_scenario, write_site
from tests.targets.test_private_authority import issue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.peers.gate import Doorman

pytestmark = pytest.mark.peer
SECRET = "s3cret-of-nobody"
HERE = {"FABRICATE_REGISTRY": ":memory:", "EHR_SECRET": SECRET}
SCOPE = "system/ImagingStudy.read"
STUDIES = 60
"""More than one page has."""


@pytest.fixture(scope="module")
def server() -> Iterator[FhirServer]:
    with hapi("R4") as running:
        running.load(everything(STUDIES))
        yield running


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as running:
        yield running


def asked_by(
    folder: Path, port: int, auth: dict[str, Any], code: int = 0, scheme: str = "http", **more: Any
) -> Finished:
    """A run that reads a study of the server as its source, searches and writes."""
    given = [
        {"fhir_search": {"on": "ehr", "resource": "ImagingStudy"}, "save_as": "found"},
        {"fhir_write": {"to": "ehr", "body": {"resourceType": "Patient", "id": "new"}}},
        {"assert": [{"equal": {"actual": "{{ found | length }}", "expected": STUDIES}}]},
    ]
    source = {"fhir": "ehr", "query": {"_id": "s6"}}
    path = write_scenario(folder / "s.yaml", given, patients=[{"from": source}])
    service = {"url": f"{scheme}://127.0.0.1:{port}/fhir", "version": "R4", **more}
    if auth:
        service["auth"] = auth
    where = write_site(folder / "site.yaml", {"ehr": {"fhir": service}})
    done = fabricate(
        "run", path, "--site", where, "--out", folder / "out", env={**os.environ, **HERE}
    )
    return done.check(code)


def logins(idp: Provider, scope: str = SCOPE) -> dict[str, tuple[Doorman, dict[str, Any]]]:
    """How the gate judges, and what the site file says, by kind."""
    secret = "{{ env.EHR_SECRET }}"
    client = {"token_url": f"{idp.issuer}/token", "client_id": "fabricate", "client_secret": secret}
    return {
        "basic": (basic("fabricate", SECRET), {"basic": {"user": "fabricate", "password": secret}}),
        "bearer": (bearer(SECRET), {"bearer": secret}),
        "client_credentials": (
            tokens_of(idp, SCOPE),
            {"client_credentials": {**client, "scope": scope}},
        ),
    }


@pytest.mark.parametrize("kind", ["basic", "bearer", "client_credentials"])
def test_a_login_of_each_kind_is_good_for_pages_source_and_writing_and_is_written_nowhere(
    tmp_path: Path, server: FhirServer, idp: Provider, kind: str
) -> None:
    judge, auth = logins(idp)[kind]
    with gate(urlsplit(server.base), judge) as (port, asked):
        asked_by(tmp_path, port, auth)
    assert {one.method for one in asked} == {"GET", "PUT"}
    assert any("_getpages" in one.path for one in asked), "one page only"
    told = {one.headers["authorization"].split()[1] for one in asked}
    written = b"".join(
        file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()
    )
    for secret in (SECRET, *told):
        assert secret.encode() not in written


@pytest.mark.parametrize("kind", ["basic", "bearer", "nobody", "client_credentials"])
def test_who_is_not_let_in_is_told_where_to_look(
    tmp_path: Path, server: FhirServer, idp: Provider, kind: str
) -> None:
    known = logins(idp, scope="system/Patient.read")
    judge, auth = known.get(kind, (bearer(SECRET), {}))
    if kind in ("basic", "bearer"):
        text = json.dumps(auth).replace("{{ env.EHR_SECRET }}", "another")
        auth = json.loads(text)
    with gate(urlsplit(server.base), judge) as (port, _):
        done = asked_by(tmp_path, port, auth, 4)
    assert ("HTTP 403" if kind == "client_credentials" else "HTTP 401") in done.err
    assert "check 'auth' of the target's 'fhir' service in the site file" in done.err


def test_a_server_of_a_private_authority_is_refused_until_the_site_names_it(
    tmp_path: Path, server: FhirServer
) -> None:
    root = issue(tmp_path, "root", "authority", None)
    identity = issue(tmp_path, "server", "server", root)
    issue(tmp_path, "other", "authority", None)
    body = {"resourceType": "Patient", "id": "tls"}
    path = write_scenario(
        tmp_path / "s.yaml",
        [{"fhir_write": {"to": "ehr", "body": body}}, {"fhir_read": {"on": "ehr", "url": "Patient/tls"}}],
    )  # fmt: skip
    with tls_front(urlsplit(server.base).port or 0, identity) as port:
        for out, tls, code in (
            ("none", None, 4),
            ("other", "other.crt", 4),
            ("root", "root.crt", 0),
        ):
            service: dict[str, Any] = {"url": f"https://127.0.0.1:{port}/fhir"}
            if tls:
                service["tls"] = {"ca": tls}
            where = write_site(tmp_path / "site.yaml", {"ehr": {"fhir": service}})
            fabricate("run", path, "--site", where, "--out", tmp_path / out, env=HERE).check(code)
            first = next(iter(steps(record(tmp_path / out)).values()))
            assert ("certificate" in first["message"]) is (code != 0), first


def test_a_token_that_is_over_before_the_work_is_gets_a_new_one(
    tmp_path: Path, server: FhirServer, idp: Provider
) -> None:
    judge, auth = logins(idp)["client_credentials"]
    with gate(urlsplit(idp.issuer), lambda _: 200) as (token_port, given):
        uses: dict[int, int] = {}

        def for_one_request(authorization: str) -> int:
            uses[len(given)] = uses.get(len(given), 0) + 1
            return judge(authorization) if uses[len(given)] == 1 else 401

        auth["client_credentials"]["token_url"] = f"http://127.0.0.1:{token_port}/token"
        with gate(urlsplit(server.base), for_one_request) as (port, _):
            asked_by(tmp_path, port, auth)
    search = next(iter(steps(record(tmp_path / "out")).values()))
    # Each page but the first was asked for twice, and all of it is one conversation in the record.
    pages, further = divmod(search["facts"]["exchange"]["requests"] + 1, 2)
    assert (pages > 1, further) == (True, 0), search


def test_a_new_token_that_is_refused_is_not_asked_for_again_and_again(
    tmp_path: Path, server: FhirServer, idp: Provider
) -> None:
    judge, auth = logins(idp)["client_credentials"]
    with gate(urlsplit(idp.issuer), lambda _: 200) as (token_port, given):
        auth["client_credentials"]["token_url"] = f"http://127.0.0.1:{token_port}/token"
        first: list[str] = []

        def once(authorization: str) -> int:
            first.append(authorization)
            return judge(authorization) if len(first) == 1 else 401

        with gate(urlsplit(server.base), once) as (port, _):
            done = asked_by(tmp_path, port, auth, 4)
        assert "HTTP 401" in done.err
        assert len(given) == 2
