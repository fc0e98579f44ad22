"""What files, messages, people and addresses bring is text on every page of the console, and no markup."""

from __future__ import annotations

import zipfile
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.running import fabricate
from tests.web.auth.people import add, key
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    import httpx2

MARK = "'\"><xp>"
"""Short enough for SH, and out of any attribute."""
LONG = f"{MARK}<img src=x onerror=alert(1)>"
STUDY = "1.2.77"
OTHER_PLACES = ("/viewer", "/docs", "/api/", "/console/", "/dicom-web", "/wado", "/logout")
EVERYWHERE: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 192", "PatientName": LONG, "PatientID": MARK, "AccessionNumber": MARK,
    "StudyDescription": LONG, "SeriesDescription": LONG, "StationName": MARK, "InstitutionName": LONG,
    "ReferringPhysicianName": LONG, "Modality": MARK, "PatientSex": MARK, "StudyDate": MARK, "StudyTime": MARK,
    "StudyID": MARK, "BodyPartExamined": MARK, "ImageComments": LONG, "PatientBirthDate": MARK,
    "IssuerOfPatientID": LONG, "WindowCenterWidthExplanation": LONG, "ImageType": [MARK, MARK],
    "RequestedProcedureDescription": LONG, "OperatorsName": LONG, "FrameOfReferenceUID": MARK,
}  # fmt: skip
ORDER = (
    f"MSH|^~\\&|{LONG}|{LONG}|X|Y|20260131||ORM^O01|{MARK}|P|2.3\r"
    f"PID|||{MARK}||{LONG}^{LONG}||19700131|F\rORC|NW|{MARK}\rOBR|1|{MARK}||{LONG}\rZ<xp>|{LONG}\r"
)


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "xp" or any(name.startswith("on") for name in given):
            self.wrong.append(f"<{tag} {given}>")
        if tag == "script" and not given.get("src"):
            self.wrong.append("a script within the page")
        for name in ("href", "src", "action", "hx-get", "hx-post", "data-href"):
            place = (given.get(name) or "").strip()
            if place.lower().startswith(("javascript:", "vbscript:", "data:text", "//")):
                self.wrong.append(place)
            if name in ("href", "hx-get") and place:
                self.links.append(place)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("markup") / "data"
    data.mkdir()
    fabricate(
        "patient", "generate", "--registry", data / "registry.sqlite3", "--name", f"{LONG}^{MARK}", "--id", MARK,
    ).check(0)  # fmt: skip
    add(data, "boss", "admin")
    with served(data) as running:
        running.client.headers["X-API-Key"] = key(data, "boss")
        running.client.headers["Accept"] = "text/html"
        bring(running)
        yield running


def bring(service: Served) -> None:
    client = service.client
    files = [ct(STUDY, number=number, **EVERYWHERE) for number in (1, 2)]
    named = [(f"{LONG}{number}.dcm", one) for number, one in enumerate(files)]
    assert upload(service, *named, (f"{LONG}.txt", LONG.encode())).json()["status"] == "partial"
    tags = {"PatientName": f"{LONG}^CORRECTED", "AccessionNumber": MARK}
    body = {"study_instance_uid": STUDY, "tags": tags, "reason": LONG}
    assert client.post(f"{service.api}/modify-tags", json=body).status_code == 200
    assert upload(service, ct("1.2.78", PatientID=MARK, PatientName=LONG)).status_code == 201
    gone = client.delete(f"{service.api}/studies/1.2.78", params={"reason": LONG})
    assert gone.status_code == 200
    chosen = client.post(
        f"{service.url}/studies/{STUDY}/match", data={"patient_id": MARK, "order_id": LONG}
    )
    assert chosen.status_code in (204, 422)
    made = client.post(f"{service.url}/users/boss/keys", data={"label": LONG})
    assert Page(made.text).wrong == []
    client.put(
        f"{service.url}/api/v1/scenarios/marked",
        json={"text": f"schema: scenario/v1\ntitle: {LONG!r}\npatients: [{{studies: []}}]\n"},
    )


def shown(client: httpx2.Client, url: str) -> tuple[str, Page]:
    answer = client.get(url, follow_redirects=True)
    assert answer.status_code < 500, f"{url}: {answer.text}"
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    assert "'unsafe-inline'" not in answer.headers.get("content-security-policy", "")
    return (answer.text, Page(answer.text)) if is_page else ("", Page(""))


def test_no_page_that_a_link_leads_to_has_markup_of_others(service: Served) -> None:
    todo, seen, marked = deque(["/"]), {"/"}, set[str]()
    while todo and len(seen) < 300:
        here = todo.popleft()
        text, page = shown(service.client, service.url + here)
        assert page.wrong == [], here
        if "&lt;xp&gt;" in text:
            marked.add(urlsplit(here).path)
        for link in page.links:
            place = urljoin(here, link).partition("#")[0]
            if place.startswith("/") and place not in seen and not place.startswith(OTHER_PLACES):
                seen.add(place)
                todo.append(place)
    begun = {f"/{one.split('/')[1]}" for one in marked}
    assert begun >= {"/", "/studies", "/uploads", "/patients", "/audit", "/users"}, begun


@pytest.mark.parametrize(
    "path",
    [
        "/studies?name={}", "/studies?patient_id={}&sort={}", "/studies/{}", f"/studies/{STUDY}/images/{{}}",
        f"/studies/{STUDY}/images?series={{}}", "/studies/compare?study={}&study={}", "/patients?search={}", "/patients/{}?issuer={}",
        "/uploads/{}", "/audit?study={}", "/users/{}", "/runs/{}", "/runs?state={}", "/scenarios/{}", "/new-scenario?from={}",
        "/login?next={}", "/orders/messages/{}", "/orders/messages?search={}", "/send?study={}", "/send/{}", "/query/matches/{}.csv",
        "/generate?patient={}", "/generate/patients?search={}", "/pacs/edit?name={}", "/{}", "/login/provider/back?error={}&state={}",
    ],
)  # fmt: skip
def test_what_stands_in_an_address_is_no_markup_on_the_page_that_answers(
    service: Served, path: str
) -> None:
    for value in (LONG, "javascript:alert(1)//" + MARK, "//evil.example/" + MARK):
        _, page = shown(service.client, service.url + path.replace("{}", quote(value, safe="")))
        assert page.wrong == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/orders/tree", {"text": ORDER}),
        ("/orders/send", {"text": ORDER, "address": LONG}),
        ("/pacs/test", {"address": LONG}),
        ("/query/matches", {"address": LONG, "level": LONG}),
        ("/generate/preview", {"modality": LONG, "text": ORDER}),
        ("/login", {"name": LONG, "password": LONG, "next": LONG}),
        ("/users", {"name": LONG, "password": LONG}),
        (f"/studies/{STUDY}/correct", {"PatientID": LONG * 9, "reason": LONG}),
    ],
)
def test_what_is_sent_in_a_form_is_no_markup_in_its_answer(
    service: Served, path: str, fields: dict[str, str]
) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = service.client.post(service.url + path, data=fields, headers=headers)
        assert answer.status_code < 500, answer.text
        assert Page(answer.text).wrong == []


def test_names_in_downloads_are_none_of_those_that_came(service: Served, tmp_path: Path) -> None:
    answer = service.client.get(f"{service.api}/download/{STUDY}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{STUDY}.zip"'
    archive = tmp_path / "study.zip"
    archive.write_bytes(answer.content)
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == [
            "DICOM/S0000001/I0000001",
            "DICOM/S0000001/I0000002",
            "DICOMDIR",
        ]
