"""A service whose systems say their logins back repeats them on no page, in no file that is taken along, in no log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.archive.samples import sample
from tests.orders.hl7.feeds import order
from tests.redaction import test_orders_said_back as orders
from tests.redaction import test_said_back as pacs
from tests.redaction.encodings import SECRET
from tests.running import write_site
from tests.web.runs.asking import RUNS, client_of, ended, started
from tests.web.runs.scenarios import text
from tests.web.served import Served, served

RULE = "QZ7XK"
"""What each accession number begins with."""
PAGES = [
    "/", "/generate", "/studies", "/uploads", "/patients", "/send", "/query", "/orders", "/orders/messages",
    "/orders/messages/1", "/pacs", "/pacs/edit", "/scenarios", "/runs", "/deletions", "/users", "/audit", "/settings",
    "/metrics", "/api/v1/dicom/studies", "/api/v1/dicom/uploads",
]  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With every kind of system, each of which knows the secret or a token, in a site file."""
    folder, secret = tmp_path_factory.mktemp("served"), "{{ env.FAB_SECRET }}"
    login = {"user": "fab", "password": secret}
    with pacs._http() as url, pacs._dimse() as port, orders._fhir() as fhir, orders._ris() as ris:  # fmt: skip
        dicom = {"host": "127.0.0.1", "port": port, "ae_title": "PARROT", "user_identity": login}
        targets = {
            "web": {"dicomweb": {"url": url, "auth": {"basic": login}}},
            "pacs": {"dicom": dicom},
            "ehr": orders._logins(fhir)["oauth"],
            "ris": {"hl7": {"host": "127.0.0.1", "port": ris}},
        }
        rules = {"accession": "{{ env.FAB_RULE }}{6digits}"}
        site = write_site(folder / "site.yaml", targets, identifiers=rules)
        with served(
            folder / "data",
            "--site",
            site,
            "--log-format",
            "json",
            env={"FAB_SECRET": SECRET, "FAB_RULE": RULE},
        ) as running:
            yield running


def _quiet(service: Served, method: str, path: str, **asked: object) -> str:
    """What is answered, which says nothing of a login."""
    answer = service.client.request(method, service.url + path, **asked)  # type: ignore[arg-type]
    assert answer.status_code < 500 or answer.status_code == 502, answer.text
    orders._require_quiet({path: answer.text, "headers": repr(answer.headers)})
    return answer.text + answer.headers.get("hx-redirect", "")


def test_systems_that_are_tested_and_asked_say_it_on_no_page(service: Served) -> None:
    for peer in ("web", "pacs", "ehr"):
        _quiet(service, "POST", "/pacs/test", data={"peer": peer})
    taken = 0
    for number in range(len(pacs._GROUPS)):
        for peer, patient in (("web", "matches"), ("pacs", "matches"), ("web", "fails"), ("pacs", "fails")):  # fmt: skip
            wanted = {"peer": peer, "level": "study", "PatientID": patient}
            more = {"AccessionNumber": str(number), "return": "PatientName StudyDescription"}
            page = _quiet(service, "POST", "/query/matches", data={**wanted, **more})
            for link in set(re.findall(r"/query/matches/[\w.-]+", page)):
                taken += "•••" in _quiet(service, "GET", link)
    assert taken >= 4 * len(pacs._GROUPS)
    for peer in ("web", "pacs"):
        _quiet(service, "POST", "/query/retrieve", data={"peer": peer, "study": "1.2.3"})


def test_studies_of_a_fhir_server_are_listed_and_looked_at_without_it(service: Served) -> None:
    page = _quiet(service, "GET", "/generate/fhir?server=ehr")
    assert page.count("•••") > len(orders.ALL)
    (following,) = re.findall(r'hx-vals=\'{"at": "([^"]*)"}', page)
    assert json.loads(f'"{following}"') == "?page=•••"
    _quiet(service, "GET", "/generate/fhir?server=ehr&at=Patient/p1")
    study = {"what": "fhir", "server": "ehr", "fhir_study": "s1"}
    assert "•••" in _quiet(service, "POST", "/generate/preview", data={**study, "to": "embedded"})
    patients = [{"from": {"fhir": "ehr", "max_studies": 10}}]
    given = {"text": text("asked", [{"log": {"message": "x"}}], patients=patients)}
    assert "•••" in _quiet(service, "POST", "/api/v1/scenarios/plan", json=given)


def test_a_study_that_would_be_made_is_shown_without_what_the_environment_gives(
    service: Served,
) -> None:
    asked = {"what": "study", "kind": "ct", "images": "1", "to": "pacs"}
    page = _quiet(service, "POST", "/generate/preview", data=asked)
    assert page.count("•••0") == 2  # the study, and a tag of its first image
    assert RULE not in page


def test_what_is_sent_from_a_page_and_by_a_run_leaves_it_nowhere(service: Served) -> None:
    message = order().decode().replace("\r", "\n")
    assert "•••" in _quiet(service, "POST", "/orders/send", data={"peer": "ris", "text": message})
    files = {"files": ("one.dcm", sample().file, "application/dicom")}
    _quiet(service, "POST", "/api/v1/dicom/upload", files=files)
    for peer in ("web", "pacs"):
        there = _quiet(service, "POST", "/send", data={"peer": peer, "study-1.2.3": "on"})
        until = time.monotonic() + 60
        while _quiet(service, "GET", f"{there}/progress"):
            assert time.monotonic() < until
            time.sleep(0.05)
        for place in (there, f"{there}/results.csv"):
            _quiet(service, "GET", place)
    match = {"PatientID": "matches", "AccessionNumber": "0"}
    steps = [
        {"send": {"to": "pacs"}, "fails": "."},
        {"query": {"on": "web", "level": "study", "match": match}, "save_as": "found"},
        {"log": {"message": "{{ found }}"}},
        {"echo": {"to": "pacs"}},
    ]
    with client_of(service.url) as client:
        run = started(client, text("asking", steps))
        assert ended(client, run)["outcome"] == "failed"
    for path in (f"/runs/{run}", f"{RUNS}/{run}", f"{RUNS}/{run}/output", f"{RUNS}/{run}/events"):
        _quiet(service, "GET", path)
    listed = json.loads(_quiet(service, "GET", f"{RUNS}/{run}/files"))["files"]
    assert sum("•••" in _quiet(service, "GET", f"{RUNS}/{run}/files/{one['path']}") for one in listed) > 3  # fmt: skip
    for path in PAGES:
        _quiet(service, "GET", path, headers={"accept": "text/html"})
    orders._require_quiet(orders._files(service.folder / "data"))
    orders._require_quiet({"log": (service.folder / "data.log").read_text("utf-8")})
