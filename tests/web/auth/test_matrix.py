"""Who may ask what: every endpoint, every role, studies of one's own, of others, and of nobody."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from scenario_runner.app.sendings import Sendings
from scenario_runner.service.service import open_service
from scenario_runner.service.validator.service import open_validator
from scenario_runner.service.validator.settings import read_settings
from scenario_runner.web.app import create
from scenario_runner.web.auth.allowed import Allowed, Anybody, KnownCaller
from scenario_runner.web.serving import ServiceServing, _faces, _runs, _served
from tests.web.auth.people import add, key
from tests.web.imaging_files import ct
from tests.web.served import Served, served

ROLES = {
    "upload": {"admin", "doctor", "technician"},
    "view": {"admin", "doctor", "nurse", "radiologist", "technician"},
    "modify": {"admin", "doctor", "technician"},
    "delete": {"admin", "radiologist"},
    "observe": {"admin", "monitor"},
    "run": {"admin", "doctor", "technician"},
    "administer": {"admin"},
}
"""The contract's words."""
EVERYBODY = ("admin", "doctor", "radiologist", "technician", "nurse", "monitor")
API = "/api/v1/dicom"
RUNS, SCENARIOS = "/api/v1/runs", "/api/v1/scenarios"
NEEDED = {
    ("post", f"{API}/upload"): "upload",
    ("post", f"{API}/upload-multiple"): "upload",
    ("post", f"{API}/upload-zip"): "upload",
    ("post", f"{API}/modify-tags"): "modify",
    ("get", f"{API}/tags/{{study_uid}}"): "view",
    ("get", f"{API}/studies"): "view",
    ("get", f"{API}/studies/{{study_uid}}"): "view",
    ("get", f"{API}/studies/patient/{{patient_id}}"): "view",
    ("get", f"{API}/studies/order/{{order_id}}"): "view",
    ("get", f"{API}/studies/accession/{{accession}}"): "view",
    ("delete", f"{API}/studies/{{study_uid}}"): "delete",
    ("get", f"{API}/deletions"): "delete",
    ("post", f"{API}/deletions/{{number}}/consent"): "delete",
    ("post", f"{API}/deletions/{{number}}/refuse"): "delete",
    ("get", f"{API}/download/{{study_uid}}"): "view",
    ("get", f"{API}/thumbnail/{{study_uid}}"): "view",
    ("get", f"{API}/viewer-url/{{study_uid}}"): "view",
    ("post", f"{API}/viewer-token"): "view",
    ("get", f"{API}/uploads"): "view",
    ("get", f"{API}/uploads/patient/{{patient_id}}"): "view",
    ("get", f"{API}/uploads/{{upload_id}}"): "view",
    ("get", f"{API}/uploads/{{upload_id}}/events"): "view",
    ("options", f"{API}/uploads/resumable"): "upload",
    ("post", f"{API}/uploads/resumable"): "upload",
    ("get", f"{API}/uploads/resumable/{{number}}"): "upload",
    ("patch", f"{API}/uploads/resumable/{{number}}"): "upload",
    ("delete", f"{API}/uploads/resumable/{{number}}"): "upload",
    ("get", "/wado"): "view",
    ("post", f"{API}/validate"): "upload",
    ("post", f"{API}/read-tags"): "upload",
    ("put", f"{API}/studies/{{study_uid}}/match"): "modify",
    ("post", "/upload"): "upload",
    ("get", "/status/{study_id}"): "view",
    ("get", "/metrics"): "observe",
    ("post", RUNS): "run",
    ("get", RUNS): "view",
    ("get", f"{RUNS}/{{run_id}}"): "view",
    ("get", f"{RUNS}/{{run_id}}/compared/{{before}}"): "view",
    ("get", f"{RUNS}/{{run_id}}/events"): "view",
    ("get", f"{RUNS}/{{run_id}}/output"): "view",
    ("get", f"{RUNS}/{{run_id}}/files"): "view",
    ("get", f"{RUNS}/{{run_id}}/files/{{path}}"): "view",
    ("post", f"{RUNS}/{{run_id}}/stop"): "run",
    ("post", f"{RUNS}/{{run_id}}/repeat"): "run",
    ("get", f"{RUNS}/schedules"): "view",
    ("post", f"{RUNS}/schedules"): "run",
    ("post", f"{RUNS}/schedules/{{number}}/pause"): "run",
    ("delete", f"{RUNS}/schedules/{{number}}"): "run",
    ("get", SCENARIOS): "view",
    ("get", f"{SCENARIOS}/{{name}}"): "view",
    ("put", f"{SCENARIOS}/{{name}}"): "run",
    ("delete", f"{SCENARIOS}/{{name}}"): "run",
    ("post", f"{SCENARIOS}/validate"): "run",
    ("post", f"{SCENARIOS}/plan"): "run",
    ("post", f"{SCENARIOS}/complete"): "run",
    ("post", f"{SCENARIOS}/hover"): "run",
}
"""What the contract says of them."""
OPEN = {"/health", "/ready", "/api/v1/auth/login"}
OWN_ACCOUNT = {f"/api/v1/auth/{what}" for what in ("session", "logout", "password")}
"""For whoever is known."""
PAGES = {
    "/users": "administer", "/audit": "administer", "/settings": "administer", "/pacs/edit": "administer",
    "/pacs": "run", "/generate": "run", "/send": "run", "/query": "run", "/orders": "run", "/new-scenario": "run",
    "/uploads": "upload", "/deletions": "delete",
    "/studies": "view", "/patients": "view", "/scenarios": "view", "/runs": "view",
}  # fmt: skip
"""Who the pages of the console are for, by the longest beginning of their path."""
CHANGES = {
    "/studies/{study_uid}/correct": "modify",
    "/studies/{study_uid}/match": "modify",
    "/studies/{study_uid}/delete": "delete",
    "/patients": "upload",
}
"""What is sent from pages that more people may read; all that is sent from /runs is for those who may run."""
FOR_ALL = {"/", "/account", "/account/password", "/login", "/logout"}
OWN, FOREIGN, UNKNOWN = "1.2.100", "1.2.200", "1.2.999"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matrix") / "data"
    for role in EVERYBODY:
        add(folder, role, role)
    return folder


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[Served]:
    with served(data) as running:
        yield running


@pytest.fixture(scope="module")
def clients(service: Served, data: Path) -> Iterator[dict[str, httpx2.Client]]:
    """One for each role; the doctor and the technician have each brought a study."""
    with contextlib.ExitStack() as stack:
        made = {}
        for role in EVERYBODY:
            headers = {"Authorization": f"Bearer {key(data, role)}"}
            client = httpx2.Client(
                base_url=service.url, timeout=60, trust_env=False, headers=headers
            )
            made[role] = stack.enter_context(client)
        for role, study in (("doctor", OWN), ("technician", FOREIGN)):
            answer = made[role].post(f"{API}/upload", files={"file": ("a.dcm", ct(study))})
            assert answer.status_code == 201, answer.text
        yield made


@pytest.fixture(scope="module")
def operations(service: Served) -> list[tuple[str, str]]:
    paths = service.client.get(f"{service.url}/openapi.json").json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


def filled(path: str, study: str) -> str:
    for name in (
        "study_uid",
        "patient_id",
        "order_id",
        "accession",
        "upload_id",
        "number",
        "run_id",
        "name",
        "path",
        "study_id",
    ):
        path = path.replace("{" + name + "}", study if name == "study_uid" else "404")
    return path


def test_without_proof_nothing_is_open_that_does_not_say_so(
    service: Served, operations: list[tuple[str, str]]
) -> None:
    for method, path in operations:
        answer = service.client.request(method, service.url + filled(path, UNKNOWN))
        if path in OPEN:
            assert answer.status_code != 401
        else:
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["content-type"] == "application/problem+json"


def test_each_role_may_what_the_contract_says_and_nothing_else(
    clients: dict[str, httpx2.Client], operations: list[tuple[str, str]]
) -> None:
    assert {one for one in operations if one[1] not in OPEN | OWN_ACCOUNT} == set(NEEDED)
    for method, path in operations:
        needed = NEEDED.get((method, path))
        if needed is None:
            continue
        for role, client in clients.items():
            # A study that is not there tells nothing to who may not ask: 403 and never 404.
            answer = client.request(method, filled(path, UNKNOWN))
            allowed = answer.status_code not in (401, 403)
            assert allowed == (role in ROLES[needed]), f"{role} {method} {path}: {answer.text}"
            assert answer.status_code < 500, f"{role} {method} {path}: {answer.text}"


def test_who_may_see_studies_sees_those_of_others_and_who_may_not_sees_not_even_their_own(
    clients: dict[str, httpx2.Client], operations: list[tuple[str, str]]
) -> None:
    for method, path in operations:
        if method != "get" or "{study_uid}" not in path or (method, path) not in NEEDED:
            continue
        for role, client in clients.items():
            statuses = {
                study: client.get(filled(path, study)).status_code
                for study in (OWN, FOREIGN, UNKNOWN)
            }
            if role in ROLES[NEEDED[method, path]]:
                assert statuses == {OWN: 200, FOREIGN: 200, UNKNOWN: 404}, f"{role} {path}"
            else:
                assert set(statuses.values()) == {403}, f"{role} {path}"


def test_over_dicomweb_the_same_roles_hold(clients: dict[str, httpx2.Client]) -> None:
    for role, client in clients.items():
        for method, path, needed in (
            ("GET", "/dicom-web/studies", "view"),
            ("GET", f"/dicom-web/studies/{OWN}/metadata", "view"),
            ("GET", f"/dicom-web/studies/{UNKNOWN}/metadata", "view"),
            ("POST", "/dicom-web/studies", "upload"),
            ("DELETE", f"/dicom-web/studies/{UNKNOWN}?reason=none", "delete"),
        ):
            answer = client.request(method, path)
            allowed = answer.status_code not in (401, 403)
            assert allowed == (role in ROLES[needed]), f"{role} {method} {path}"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application, that of the console too, which is in no description."""
    folder = tmp_path_factory.mktemp("application")
    with (
        open_service(folder, ":memory:") as service,
        open_validator(folder / "validator", read_settings(None, {})) as validator,
    ):
        serving = ServiceServing(data=folder, database=":memory:")
        served = _served(serving, service, _runs(serving, service))
        faces = _faces(serving, service, validator, served, Sendings(service), threading.Event())
        yield _api(create(faces, lambda _: None))


def test_no_endpoint_is_without_a_declared_permission(api: FastAPI) -> None:
    routes = [one for one in _routes(api.routes) if isinstance(one, APIRoute)]
    assert len(routes) > 15
    for route in routes:
        assert any(
            isinstance(one, Allowed | Anybody | KnownCaller) for one in _asked(route.dependant)
        ), f"{route.methods} {route.path} asks nobody who they are, and does not say so"
    others = {
        getattr(one, "path", "") for one in _routes(api.routes) if not isinstance(one, APIRoute)
    }
    assert others <= {"/openapi.json", "/docs", "/docs/oauth2-redirect"}


def needed_by_page(method: str, path: str) -> str:
    """What somebody has to be allowed who asks the console for that."""
    if method == "post" and path in CHANGES:
        return CHANGES[path]
    if method == "post" and path.startswith("/runs"):
        return "run"
    return next(
        PAGES[page] for page in sorted(PAGES, key=len, reverse=True) if path.startswith(page)
    )


def test_each_page_of_the_console_and_what_is_sent_from_it_is_for_those_it_is_made_for(
    api: FastAPI, clients: dict[str, httpx2.Client]
) -> None:
    described = {path for _, path in NEEDED} | OPEN | OWN_ACCOUNT
    open_to_all = ("/api/", "/docs", "/viewer", "/console/", "/login/provider")
    pages = [
        (method.lower(), route.path)
        for route in _routes(api.routes)
        if isinstance(route, APIRoute) and route.path not in described | FOR_ALL
        if not route.path.startswith(open_to_all)
        for method in route.methods or ()
    ]
    assert len(pages) > 60
    for method, path in pages:
        needed = needed_by_page(method, path)
        place = filled(path.replace(":path", ""), UNKNOWN).replace("{sop_instance_uid}", "1.2")
        for role, client in clients.items():
            answer = client.request(method, place.replace("{kind}", "csv"))
            allowed = answer.status_code not in (401, 403)
            assert allowed == (role in ROLES[needed]), (
                f"{role} {method} {path}: {answer.status_code}"
            )
            assert answer.status_code < 500, f"{role} {method} {path}: {answer.text}"


def _routes(routes: Iterable[Any]) -> Iterator[Any]:
    """Each route; of a router that was included FastAPI keeps the whole in its list."""
    for one in routes:
        inner = getattr(one, "original_router", None)
        if inner is None:
            yield one
        else:
            yield from _routes(inner.routes)


def _asked(dependant: Any) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _asked(one)


def _api(app: Any) -> FastAPI:
    """The application inside what stands around it."""
    while not isinstance(app, FastAPI):
        app = getattr(app, "_api", None) or app._app
    return app
