"""``/viewer`` without OHIF: every link leads to the light viewer, and nobody has it show what they may not see."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.web.auth.people import add, logged_in
from tests.web.imaging_files import ct
from tests.web.served import Served, served

OURS, OTHER = "1.2.41", "1.2.42"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("pages") / "data"
    add(data, "joy", "doctor")
    with served(data) as running:
        with logged_in(running.url, "joy") as joy:
            for study in (OURS, OTHER):
                files = [("files", ("a.dcm", ct(study)))]
                assert joy.post("/api/v1/dicom/upload", files=files).status_code == 201
        yield running


def test_the_address_that_the_api_tells_leads_to_a_page(service: Served) -> None:
    with logged_in(service.url, "joy") as joy:
        url = joy.get(f"/api/v1/dicom/viewer-url/{OURS}").json()["url"]
        page = joy.get(url, follow_redirects=True)
        made = joy.post("/api/v1/dicom/viewer-token", json={"study_instance_uid": OURS}).json()
    assert page.status_code == 200
    assert page.url.path == "/viewer/light"
    assert page.url.params["StudyInstanceUIDs"] == OURS
    shared = service.client.get(made["url"], follow_redirects=True)
    assert shared.url.path == "/viewer/light"
    assert shared.url.params["token"] == made["token"]
    assert "no-store" in shared.history[0].headers["cache-control"]
    assert shared.headers["referrer-policy"] == "no-referrer"


def test_all_that_the_page_is_made_of_is_there_and_kept_while_it_is_the_same(
    service: Served,
) -> None:
    page = service.client.get(f"{service.url}/viewer/light").text
    names = [part.split('"')[0] for part in page.split("/viewer/light/")[1:]]
    assert {"main.js", "style.css", "tokens.css"} <= set(names)
    for name in names:
        answer = service.client.get(f"{service.url}/viewer/light/{name}")
        assert answer.status_code == 200, name
        again = {"If-None-Match": answer.headers["etag"]}
        assert service.client.get(str(answer.url), headers=again).status_code == 304


def test_the_light_viewer_runs_no_script_within_a_page_and_shows_in_no_page_of_others(
    service: Served,
) -> None:
    headers = service.client.get(f"{service.url}/viewer/light").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/viewer/light/../../../pyproject.toml",
        "/viewer/light/%2e%2e/%2e%2e/serving.py",
        "/viewer/light/..%2frouter.py",
        "/viewer/light/..%5crouter.py",
        "/viewer/light//etc/passwd",
        "/viewer/app/3.13.2-1/%2e%2e/%2e%2e/registry.sqlite3",
        "/viewer/app/%2e%2e/registry.sqlite3",
        "/viewer/app/3.13.2-1//etc/passwd",
        "/viewer/%2e%2e/registry.sqlite3",
        "/viewer/light/main.js%00.css",
    ],
)
def test_no_address_leads_out_of_what_is_served(service: Served, path: str) -> None:
    answer = service.client.get(service.url + path)
    assert answer.status_code in (400, 404), answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_asks_for_ohif_is_told_how_to_have_it(service: Served) -> None:
    problem = service.client.get(f"{service.url}/viewer/tmtv").json()
    assert problem["code"] == "ohif-not-installed"
    assert "fabricate viewer install" in problem["hint"]


def test_a_link_that_has_ended_shows_nothing_any_more(service: Served) -> None:
    with logged_in(service.url, "joy") as joy:
        asked = {"study_instance_uid": OURS, "seconds": 1}
        token = joy.post("/api/v1/dicom/viewer-token", json=asked).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    url = f"{service.url}/dicom-web/studies/{OURS}/metadata"
    until = time.monotonic() + PATIENCE
    while (answer := service.client.get(url, headers=bearer)).status_code == 200:
        assert time.monotonic() < until, "it goes on"
    assert (answer.status_code, answer.json()["code"]) == (401, "login-over")


def test_a_link_to_one_study_shows_no_other(service: Served) -> None:
    with logged_in(service.url, "joy") as joy:
        asked = {"study_instance_uid": OURS}
        token = joy.post("/api/v1/dicom/viewer-token", json=asked).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for path in (
        "/dicom-web/studies/{}/series",
        "/dicom-web/studies/{0}/series/{0}.1/instances/{0}.1.1/frames/1",
        "/dicom-web/studies/{0}/series/{0}.1/thumbnail",
        "/api/v1/dicom/tags/{}",
        "/dicom-web/studies?StudyInstanceUID={}",
        "/wado?requestType=WADO&studyUID={0}&objectUID={0}.1.1",
    ):
        for study, status in ((OURS, 200), (OTHER, 403)):
            found = service.client.get(service.url + path.format(study), headers=bearer)
            assert found.status_code == status, (path, study, found.text[:200])
        assert service.client.get(service.url + path.format(OURS)).status_code == 401
