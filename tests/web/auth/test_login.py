"""The service asks who somebody is as soon as anybody has an account, and believes only proof."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.running import fabricate
from tests.web.auth.people import GOOD, add, browser, key, logged_in
from tests.web.served import Served, served

LOGIN = "/api/v1/auth/login"
SESSION = "/api/v1/auth/session"
LOGOUT = "/api/v1/auth/logout"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logins") / "data"
    add(folder, "boss", "admin")
    add(folder, "joy", "nurse")
    return folder


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[Served]:
    with served(data, "--trusted-proxy", "127.0.0.1") as running:
        yield running


def test_where_nobody_has_an_account_whoever_sits_here_may_do_everything(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        answer = service.client.get(service.url + SESSION).json()
        assert answer["name"] == "local"
        assert "delete" in answer["permissions"]
        stray = {"Authorization": "Bearer whatever", "Cookie": "fabricator-session=x"}
        assert service.client.get(service.url + SESSION, headers=stray).status_code == 200
        assert service.client.get(f"{service.url}/dicom-web/studies").status_code == 200
        misdirected = service.client.get(service.url, headers={"Host": "evil.example"})
        assert misdirected.status_code == 421
        assert "content-security-policy" in misdirected.headers
        # From the moment somebody has an account, one has to log in; no restart is needed.
        add(tmp_path / "data", "boss", "admin")
        until = time.monotonic() + 60
        while service.client.get(service.url + SESSION).status_code != 401:
            assert time.monotonic() < until, "the new account is not noticed"
            time.sleep(0.05)


def test_what_a_proxy_passes_on_is_not_taken_for_this_machine(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        for name, value in (
            ("Forwarded", "for=203.0.113.9"),
            ("X-Forwarded-For", "203.0.113.9"),
            ("Via", "1.1 proxy"),
        ):
            answer = service.client.get(service.url + SESSION, headers={name: value})
            assert answer.status_code == 401
            assert answer.json()["code"] == "accounts-needed"


def test_a_page_of_another_origin_has_a_browser_change_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            answer = service.client.post(service.url + LOGOUT, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross-site")
        for fine in ({}, {"Origin": service.url}, {"Sec-Fetch-Site": "same-origin"}):
            assert service.client.post(service.url + LOGOUT, headers=fine).status_code == 204


def test_beyond_this_machine_the_service_starts_with_an_administrator_only(tmp_path: Path) -> None:
    data = tmp_path / "data"
    start = ("serve", "--host", "0.0.0.0", "--port", "0", "--data", data)
    fabricate(*start).check(2)
    add(data, "joy", "nurse")
    fabricate(*start).check(2)
    add(data, "boss", "admin")
    with served(data, "--host", "0.0.0.0") as service:
        url = service.url.replace("0.0.0.0", "127.0.0.1")
        assert service.client.get(url + SESSION).status_code == 401
        with logged_in(url, "boss") as client:
            assert client.get(SESSION).json()["roles"] == ["admin"]


def test_without_proof_nothing_is_shown_and_the_answer_says_how_to_log_in(service: Served) -> None:
    for path in (SESSION, "/dicom-web/studies", "/dicom-web/studies/1.2.3/metadata"):
        answer = service.client.get(service.url + path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "login-needed"
    for wrong in (
        {"Authorization": "Bearer fabk_wrong"},
        {"Authorization": "Bearer fabv_wrong"},
        {"Authorization": "Bearer eyJ.a.b"},
        {"X-API-Key": "wrong"},
        {"Cookie": "fabricator-session=fabs_wrong"},
    ):
        answer = service.client.get(service.url + SESSION, headers=wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "login-over")


def test_a_person_logs_in_and_out_with_a_cookie_that_no_page_can_read(service: Served) -> None:
    with browser(service.url) as client:
        answer = client.post(LOGIN, json={"name": "JOY", "password": GOOD})
        assert answer.json()["name"] == "joy"
        assert answer.json()["permissions"] == ["view"]
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly; SameSite=Strict; Path=/" in cookie
            assert "Secure" not in cookie  # plain HTTP: a browser would throw it away
        assert client.get(SESSION).json()["csrf_token"] == answer.json()["csrf_token"]
        assert client.get("/dicom-web/studies").status_code == 200
        spoilt = client.cookies["fabricator-session"]
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        assert client.post(LOGOUT).status_code == 204
        assert client.get(SESSION).status_code == 401
    again = {"Cookie": f"fabricator-session={spoilt}"}
    assert service.client.get(service.url + SESSION, headers=again).status_code == 401


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_and_this_host_only(service: Served) -> None:
    headers = {"Forwarded": "for=203.0.113.9;proto=https;host=pacs.example"}
    body = {"name": "joy", "password": GOOD}
    with browser(service.url) as client:
        answer = client.post(LOGIN, json=body, headers=headers)
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-fabricator-")
        assert "; Secure" in cookie
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_change_by_cookie_needs_the_token_and_one_by_key_does_not(
    service: Served, data: Path
) -> None:
    with logged_in(service.url, "joy") as client:
        del client.headers["X-CSRF-Token"]
        answer = client.post(LOGOUT)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf-token-needed")
        answer = client.post(LOGOUT, headers={"X-CSRF-Token": "0" * 64})
        assert answer.status_code == 403
    secret = key(data, "joy")
    for headers in ({"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}):
        assert service.client.get(service.url + SESSION, headers=headers).json()["name"] == "joy"
        other = {**headers, "Origin": "https://portal.example"}
        assert service.client.post(service.url + LOGOUT, headers=other).status_code == 204


def test_a_nurse_may_look_and_not_store_or_delete_over_dicomweb(
    service: Served, data: Path
) -> None:
    with logged_in(service.url, "joy") as client:
        assert client.get("/dicom-web/studies").status_code == 200
        for method, path in (
            ("POST", "/dicom-web/studies"),
            ("POST", "/dicom-web/studies/1.2.3"),
            ("DELETE", "/dicom-web/studies/1.2.3"),
        ):
            answer = client.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    listed = fabricate("audit", "list", "--format", "json", "--data", data).check(0).out
    assert "DELETE /dicom-web/studies/1.2.3" in listed
    assert fabricate("audit", "verify", "--data", data).check(0).out.count(" ") == 1


def test_who_guesses_is_told_to_wait_and_others_are_not(service: Served) -> None:
    answers = []
    for _ in range(20):  # where each takes longer than the first waits, more of them are looked at
        answers.append(
            service.client.post(
                service.url + LOGIN,
                json={"name": "boss", "password": "wrong"},
                headers={"Forwarded": "for=203.0.113.77"},
            )
        )
        if answers[-1].status_code == 429:
            break
    assert {one.status_code for one in answers[:-1]} == {401}
    assert len(answers) > 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[0].json()["detail"] == "the name or the password is wrong"
    with logged_in(service.url, "boss"):
        pass


def test_a_person_changes_their_own_password_and_is_logged_out_everywhere(
    service: Served, data: Path
) -> None:
    add(data, "meredith", "doctor")
    other = "six words that nobody else has"
    with (
        logged_in(service.url, "meredith") as client,
        logged_in(service.url, "meredith") as elsewhere,
    ):
        wrong = client.post("/api/v1/auth/password", json={"old": "no", "new": other})
        assert wrong.status_code == 401
        poor = client.post("/api/v1/auth/password", json={"old": GOOD, "new": "meredith1"})
        assert poor.status_code == 422
        done = client.post("/api/v1/auth/password", json={"old": GOOD, "new": other})
        assert done.status_code == 204
        assert elsewhere.get(SESSION).status_code == 401
    with logged_in(service.url, "meredith", other):
        pass


def test_every_answer_tells_browsers_to_run_and_frame_nothing_of_others(service: Served) -> None:
    for path in ("/", "/nothing", SESSION, "/dicom-web/studies", "/openapi.json", "/docs"):
        headers = service.client.get(service.url + path).headers
        assert "frame-ancestors" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_who_logs_out_sees_no_more_of_an_upload_that_goes_on(service: Served, data: Path) -> None:
    chosen, place = str(uuid.uuid4()), urlsplit(service.url)
    boss = {"Authorization": f"Bearer {key(data, 'boss')}"}
    address = f"/api/v1/dicom/uploads/{chosen}"
    head = (
        f"POST /api/v1/dicom/upload-multiple?upload_id={chosen} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: {boss['Authorization']}\r\nContent-Length: {1 << 30}\r\n"
        "Content-Type: multipart/form-data; boundary=part\r\n\r\n"
        '--part\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    )
    with (
        socket.create_connection((place.hostname or "", place.port or 0), 60) as uploading,
        logged_in(service.url, "joy") as client,
    ):
        uploading.sendall(head.encode() + bytes(1 << 20))
        until = time.monotonic() + 60
        while client.get(address).status_code != 200:
            assert time.monotonic() < until, "the upload does not begin"
            time.sleep(0.05)
        with client.stream("GET", f"{address}/events") as events:
            told = events.iter_lines()
            assert next(told) == "event: progress"
            assert client.post(LOGOUT).status_code == 204
            assert "event: ended" not in list(told), "the upload went on"
        assert service.client.get(service.url + address, headers=boss).json()["progress"]
