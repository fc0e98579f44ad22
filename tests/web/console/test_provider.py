"""People log in at their house's provider: to it, back with a session, and never by a link of a stranger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.peers.oauth2 import Provider, provider
from tests.running import fabricate
from tests.web.auth.people import add
from tests.web.auth.people import browser as client_of
from tests.web.console.browsing import LOOKS, tab
from tests.web.served import Served, served

pytestmark = pytest.mark.peer
BUTTON = "Log in with the hospital"


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def service(idp: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("provider")
    add(folder / "data", "boss", "admin")
    file = folder / "service.yaml"
    file.write_text(
        "schema: service/v1\n"
        f"oidc: {{issuer: '{idp.issuer}', audience: imaging, client_id: console, client_secret: 'a b',"
        " label: the hospital, roles: {RadDoctors: doctor}}\n",
        "utf-8",
    )
    with served(folder / "data", "--config", file) as running:
        yield running


def test_a_doctor_logs_in_at_the_provider_and_is_back_where_they_were(
    service: Served, idp: Provider, browser: Browser
) -> None:
    idp.people(preferred_username="dr.ann", roles=["RadDoctors"])
    with tab(browser, service.url) as it:
        it.expected.append(f"asked {idp.issuer}")
        page = it.go("/studies?sort=date")
        for look in LOOKS:
            it.look(*look)
            assert it.violations() == []
            assert it.overflow() == 0
        page.get_by_role("link", name=BUTTON).click()
        page.wait_for_url(f"{service.url}/studies?sort=date")
        page.get_by_text("dr.ann").wait_for()
        (cookie,) = [one for one in page.context.cookies() if one["name"].endswith("session")]
        assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(f"{service.url}/login")
        assert it.go("/studies").url.startswith(f"{service.url}/login")
    trail = fabricate("audit", "list", "--format", "json", "--data", service.data).out
    entries = [json.loads(one) for one in trail.splitlines()]
    assert any("dr.ann" in json.dumps(one) and idp.issuer in json.dumps(one) for one in entries)


def test_who_has_no_role_here_is_told_so_and_has_no_session(
    service: Served, idp: Provider, browser: Browser
) -> None:
    idp.people(preferred_username="cook", roles=["Kitchen"])
    with tab(browser, service.url) as it:
        it.expected.append(f"asked {idp.issuer}")
        it.expects(403)
        page = it.go("/login")
        page.get_by_role("link", name=BUTTON).click()
        page.get_by_text("'cook' has no role here").wait_for()
        assert it.violations() == []
        page.get_by_role("link", name="Back to the page to log in").click()
        page.wait_for_url(f"{service.url}/login")


def test_a_session_of_a_provider_counts_in_the_api_with_its_token_against_forgery(
    service: Served, idp: Provider
) -> None:
    idp.people(preferred_username="dr.ann", roles=["RadDoctors"])
    with client_of(service.url) as client:
        asked = client.get("/login/provider").headers["location"]
        query = parse_qs(urlsplit(asked).query)
        assert query["code_challenge_method"] == ["S256"]
        assert len(query["state"][0]) >= 32
        came = client.get(asked).headers["location"]
        done = client.get(came)
        assert done.status_code == 200
        said = client.get("/api/v1/auth/session").json()
        assert (said["name"], said["roles"]) == ("dr.ann", ["doctor"])
        assert said["ends"]
        body = {"study_instance_uid": "1.2.3"}
        refused = client.post("/api/v1/dicom/viewer-token", json=body)
        assert refused.json()["code"] == "csrf-token-needed"
        client.headers["X-CSRF-Token"] = said["csrf_token"]
        assert client.post("/api/v1/dicom/viewer-token", json=body).status_code == 404
        # Nobody comes back twice by the same address, nor by one that was made for another browser.
        assert client.get(came).status_code == 403
        with client_of(service.url) as stranger, ExitStack():
            answer = stranger.get(came)
            assert answer.status_code == 403
            assert "not begun in this browser" in answer.text
            assert stranger.get("/api/v1/auth/session").status_code == 401


def test_what_the_provider_refuses_and_a_wrong_code_let_nobody_in(
    service: Served, idp: Provider
) -> None:
    with client_of(service.url) as client:
        for told in ("error=access_denied&error_description=no%3Cb%3E", "code=invented", ""):
            asked = client.get("/login/provider?next=//evil.example").headers["location"]
            state = parse_qs(urlsplit(asked).query)["state"][0]
            answer = client.get(f"/login/provider/back?state={state}&{told}")
            assert answer.status_code == 403
            assert "<b>" not in answer.text
            assert client.get("/api/v1/auth/session").status_code == 401
