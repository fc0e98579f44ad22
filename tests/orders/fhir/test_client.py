"""A FHIR server may answer anything: each is told in words, with its place, and nothing goes on for ever."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import OperationFailed, ProtocolViolation, StepTimeout, TargetError
from scenario_runner.orders.fhir import connection
from scenario_runner.orders.fhir.client import Fhir
from scenario_runner.orders.fhir.collecting import collect
from scenario_runner.orders.fhir.connection import retry_after
from scenario_runner.orders.fhir.token import Credentials
from tests.network.dicomweb.services import Asked, Reply, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FHIR = {"Content-Type": "application/fhir+json; charset=utf-8"}
HTML = b"<!DOCTYPE html><html><head><title>Welcome to the portal</title></head></html>"


def reply(resource: Mapping[str, Any], status: int = 200, **headers: str) -> Reply:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(resource).encode(), {**FHIR, **more})


def bundle(*resources: Mapping[str, Any], following: str | None = None) -> dict[str, Any]:
    links = [] if following is None else [{"relation": "next", "url": following}]
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def study(number: int) -> dict[str, Any]:
    return {"resourceType": "ImagingStudy", "id": str(number)}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a server that answers as told; it does not wait long before it asks again."""
    import contextlib

    monkeypatch.setattr(connection, "_FIRST_WAIT", 0.01)

    @contextlib.contextmanager
    def opened(behave: Callable[[Asked], Reply]) -> Iterator[tuple[Fhir, list[Asked]]]:
        with service(behave) as running:
            peer = dataclasses.replace(
                running.peer, url=running.peer.url.replace("dicom-web", "fhir"), service="fhir", label="FHIR"
            )  # fmt: skip
            with Fhir(peer, Deadline(10)) as fhir:
                yield fhir, running.asked

    return opened


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            Reply(200, HTML, {"Content-Type": "text/html"}),
            "HTML page came .* 'Welcome to the portal'",
        ),
        (Reply(200, HTML, FHIR), "HTML page"),
        (
            Reply(200, b"<Patient/>", {"Content-Type": "application/fhir+xml"}),
            "fhir.xml came where",
        ),
        (Reply(200, b"hello", {}), "without a content type came where"),
        (Reply(200, b'{"resourceType": "Bun', FHIR), "no JSON"),
        (Reply(200, b"[" * 200_000, FHIR), "nested too deeply"),
        (Reply(200, b'{"status": "ok"}', FHIR), "no FHIR resource: it has no resourceType"),
        (reply({"resourceType": "Patient", "id": "1"}), "Patient came where a Bundle was expected"),
        (reply({"resourceType": "Bundle", "entry": [{"resource": 7}]}), r"Bundle, entry\[0\]"),
    ],
)
def test_what_is_no_fhir_is_told_in_words(answering: Any, answer: Reply, words: str) -> None:
    with (
        answering(lambda _: answer) as (fhir, _),
        pytest.raises(ProtocolViolation) as caught,
    ):
        fhir.search("ImagingStudy", [])
    import re

    assert re.search(words, str(caught.value)), str(caught.value)
    assert "FHIR at 127.0.0.1" in str(caught.value)


def test_an_operation_outcome_is_told_worst_first(answering: Any) -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "warning", "code": "informational", "diagnostics": "a remark"},
            {"severity": "error", "code": "invalid", "details": {"text": "no such modality"},
             "expression": ["ImagingStudy.modality"]},
        ],
    }  # fmt: skip
    with (
        answering(lambda _: reply(outcome, 422)) as (fhir, _),
        pytest.raises(TargetError) as caught,
    ):
        fhir.search("ImagingStudy", [("modality", "X")])
    said = str(caught.value)
    assert "HTTP 422" in said
    assert "error invalid at ImagingStudy.modality: no such modality; warning" in said


def test_pages_are_followed_and_no_more_than_wanted_are_asked_for(answering: Any) -> None:
    def pages(asked: Asked) -> Reply:
        page = int(asked.path.rpartition("page=")[2] or 0) if "page=" in asked.path else 0
        host = asked.headers["host"]
        following = f"http://{host}/fhir?_getpages=a%7Cb&page={page + 1}" if page < 4 else None
        return reply(bundle(study(2 * page), study(2 * page + 1), following=following))

    with answering(pages) as (fhir, asked):
        found = fhir.search("ImagingStudy", [("patient", "Patient/1|2")])
        assert [one["id"] for one in found.resources] == [str(number) for number in range(10)]
        assert (found.pages, found.more) == (5, False)
        assert asked[0].path == "/fhir/ImagingStudy?patient=Patient/1%7C2&_count=50"
        assert asked[1].path.startswith("/fhir?_getpages=a%7Cb")
        del asked[:]
        some = fhir.search("ImagingStudy", [], limit=3)
        assert [one["id"] for one in some.resources] == ["0", "1", "2"]
        assert (len(asked), some.more) == (2, True)
        assert asked[0].path.endswith("_count=3")


def searchset(*resources: Mapping[str, Any], itself: str, **more: Any) -> dict[str, Any]:
    made = bundle(*resources)
    made["link"].append({"relation": "self", "url": itself})
    return {**made, **more}


@pytest.mark.parametrize(
    ("itself", "ignored", "silent"),
    [
        ("http://h/fhir/ImagingStudy?patient=Patient%2F1&modality=CT&_count=50", [], False),
        ("http://h/fhir/ImagingStudy?patient:Patient=1&modality=CT", [], False),
        ("http://h/fhir/ImagingStudy?patient=1", ["modality"], False),
        ("http://h/fhir/ImagingStudy?_count=50", ["patient", "modality"], False),
        ("http://h/fhir/ImagingStudy", [], True),
    ],
)
def test_a_parameter_that_the_server_does_not_say_it_searched_by_is_noted(
    answering: Any, itself: str, ignored: list[str], silent: bool
) -> None:
    query = [("patient", "Patient/1"), ("modality:not", "CT"), ("_sort", "started")]
    with answering(lambda _: reply(searchset(study(1), itself=itself, total=7))) as (fhir, _):
        found = fhir.search("ImagingStudy", query)
    assert (found.ignored, found.silent, found.total) == (ignored, silent, 7)


def test_a_resource_that_one_page_has_twice_is_noted(answering: Any) -> None:
    with answering(lambda _: reply(bundle(study(1), study(1), study(2)))) as (fhir, _):
        assert fhir.search("ImagingStudy", []).repeated == 1


def test_what_a_server_gives_back_otherwise_than_it_was_written_is_noted(answering: Any) -> None:
    written = {"resourceType": "Patient", "gender": "female", "name": [{"family": "DOE"}]}
    kept = {"resourceType": "Patient", "id": "9", "meta": {"versionId": "1"}, "name": [
        {"use": "official", "family": "DOE"}]}  # fmt: skip
    with answering(lambda _: reply(kept, 201)) as (fhir, _):
        assert fhir.create(written).lost == ("gender",)
    with answering(lambda _: reply({**kept, "gender": "female"}, 201)) as (fhir, _):
        assert fhir.create(written).lost == ()


def test_a_success_that_says_it_failed_or_names_nothing_is_none(answering: Any) -> None:
    written = {"resourceType": "Patient"}
    outcome = {"resourceType": "OperationOutcome", "issue": [
        {"severity": "error", "code": "invalid", "diagnostics": "not kept"}]}  # fmt: skip
    with (
        answering(lambda _: reply(outcome, 201)) as (fhir, _),
        pytest.raises(OperationFailed, match="not kept"),
    ):
        fhir.create(written)
    with (
        answering(lambda _: Reply(201, b"", {})) as (fhir, _),
        pytest.raises(ProtocolViolation, match="does not say which one"),
    ):
        fhir.create(written)


def test_a_page_that_links_to_itself_is_told(answering: Any) -> None:
    def itself(asked: Asked) -> Reply:
        return reply(bundle(study(1), following=f"http://{asked.headers['host']}/fhir?page=1"))

    with answering(itself) as (fhir, asked), pytest.raises(ProtocolViolation, match="does not end"):
        fhir.search("ImagingStudy", [])
    assert len(asked) == 2


def test_a_page_at_another_server_is_not_asked_for(answering: Any) -> None:
    elsewhere = reply(bundle(study(1), following="http://other.example/fhir?page=2"))
    with (
        answering(lambda _: elsewhere) as (fhir, asked),
        pytest.raises(ProtocolViolation, match=r"another place.*other\.example"),
    ):
        fhir.search("ImagingStudy", [])
    assert len(asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(answering: Any, status: int) -> None:
    left = [status, status]

    def busy(_: Asked) -> Reply:
        return Reply(left.pop(), b"", {"Retry-After": "0"}) if left else reply(bundle(study(1)))

    with answering(busy) as (fhir, asked):
        assert len(fhir.search("ImagingStudy", []).resources) == 1
    assert len(asked) == 3


def test_one_that_stays_busy_is_told_and_one_that_asks_for_an_hour_ends_with_the_deadline(
    answering: Any,
) -> None:
    with (
        answering(lambda _: Reply(503, b"", {})) as (fhir, asked),
        pytest.raises(OperationFailed, match=r"HTTP 503.*5 times in a row"),
    ):
        fhir.search("ImagingStudy", [])
    assert len(asked) == 5
    with (
        service(lambda _: Reply(429, b"", {"Retry-After": "3600"})) as running,
        Fhir(running.peer, Deadline(0.3)) as fhir,
        pytest.raises(StepTimeout),
    ):
        fhir.read("Patient/1")


def test_retry_after_is_a_number_or_a_date() -> None:
    now = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    assert retry_after("7", now) == 7
    assert retry_after("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30
    assert retry_after("Thu, 01 Jan 2026 11:00:00 GMT", now) == 0
    assert retry_after("soon", now) is None
    assert retry_after("", now) is None


@pytest.mark.parametrize(
    ("said", "release"),
    [("4.0.1", "R4"), ("4.1.0", "R4B"), ("4.3.0", "R4B"), ("5.0.0", "R5")],
)
def test_the_release_is_that_of_the_capability_statement(
    answering: Any, said: str, release: str
) -> None:
    statement = {"resourceType": "CapabilityStatement", "fhirVersion": said}
    with answering(lambda _: reply(statement)) as (fhir, asked):
        assert fhir.version() == release
        assert fhir.version() == release
    assert [one.path for one in asked] == ["/fhir/metadata"]


@pytest.mark.parametrize("said", ["1.0.2", "3.0.2", "6.0.0", None])
def test_another_release_is_told(answering: Any, said: str | None) -> None:
    statement = {"resourceType": "CapabilityStatement", "fhirVersion": said}
    with (
        answering(lambda _: reply(statement)) as (fhir, _),
        pytest.raises(OperationFailed) as caught,
    ):
        fhir.version()
    assert (said or "no FHIR version") in str(caught.value)


def test_client_credentials_get_a_token_before_anything_is_asked(answering: Any) -> None:
    def server(asked: Asked) -> Reply:
        if asked.path == "/oauth/token":
            return Reply(200, b'{"access_token": "t0ken", "token_type": "bearer"}',
                         {"Content-Type": "application/json"})  # fmt: skip
        return reply(bundle(study(1)))

    with service(server) as running:
        base = running.peer.url.removesuffix("/dicom-web/")
        who = Credentials(
            token_url=f"{base}/oauth/token",
            client_id="us",
            client_secret="secret",
            scope="system/*.read",
        )
        with Fhir(
            dataclasses.replace(running.peer, url=f"{base}/fhir"), Deadline(5), credentials=who
        ) as fhir:
            fhir.search("ImagingStudy", [])
    token, search = running.asked
    assert token.body == b"grant_type=client_credentials&scope=system%2F%2A.read"
    assert token.headers["authorization"].startswith("Basic ")
    assert search.headers["authorization"] == "Bearer t0ken"


def test_a_refused_login_names_the_key_of_the_site_file(answering: Any) -> None:
    with answering(lambda _: Reply(401)) as (fhir, _), pytest.raises(OperationFailed) as caught:
        fhir.read("Patient/1")
    assert caught.value.hint == "check 'auth' of the target's 'fhir' service in the site file"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_in_the_words_of_the_server(answering: Any, status: int) -> None:
    issue = {"severity": "error", "code": "forbidden", "diagnostics": "ImagingStudy needs a scope"}
    refusal = reply({"resourceType": "OperationOutcome", "issue": [issue]}, status)
    with answering(lambda _: refusal) as (fhir, _), pytest.raises(OperationFailed) as caught:
        fhir.search("ImagingStudy", [])
    assert f"HTTP {status}" in str(caught.value)
    assert "ImagingStudy needs a scope" in str(caught.value)
    assert caught.value.http_status == status


def test_a_conditional_create_says_whether_it_was_there(answering: Any) -> None:
    def server(asked: Asked) -> Reply:
        there = asked.headers.get("if-none-exist") == "identifier=urn%3Ax%7C1"
        return reply({"resourceType": "Patient", "id": "7"}, 200 if there else 201)

    with answering(server) as (fhir, asked):
        patient = {"resourceType": "Patient"}
        assert fhir.create(patient).created
        done = fhir.create(patient, unless=[("identifier", "urn:x|1")])
        assert (done.reference, done.created) == ("Patient/7", False)
        assert fhir.update({**patient, "id": "7"}).reference == "Patient/7"
    assert [one.method for one in asked] == ["POST", "POST", "PUT"]


@pytest.mark.parametrize("status", [400, 422])
def test_only_the_status_says_that_a_server_cannot_include(answering: Any, status: int) -> None:
    """Whatever a server words: its text may well name the status of another one."""
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "diagnostics": "the index said HTTP 400"}],
    }

    def behave(asked: Asked) -> Reply:
        if "/metadata" in asked.path:
            return reply({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
        return reply(outcome, status) if "_include" in asked.path else reply(bundle(study(1)))

    with answering(behave) as (fhir, _):
        if status == 400:
            assert json.loads(collect(fhir, [], 10))["studies"] == [study(1)]
            return
        with pytest.raises(OperationFailed, match="422") as caught:
            collect(fhir, [], 10)
    assert caught.value.http_status == 422


@pytest.mark.parametrize("status", [403, 422, 500, 503])
def test_a_patient_who_cannot_be_searched_for_is_not_one_whom_the_server_does_not_have(
    answering: Any, status: int
) -> None:
    """A server in trouble has said nothing of the patient; one that refuses the question has nobody for us."""
    one = {**study(1), "subject": {"identifier": {"value": "MRN7"}}}

    def behave(asked: Asked) -> Reply:
        if "/metadata" in asked.path:
            return reply({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"})
        if "/Patient?identifier=MRN7" in asked.path:
            return Reply(status, b"", {"Retry-After": "0"})
        return reply(bundle(one))

    with answering(behave) as (fhir, _):
        if status < 500:
            assert json.loads(collect(fhir, [], 10))["studies"] == [one]
            return
        with pytest.raises(OperationFailed, match=f"HTTP {status}"):
            collect(fhir, [], 10)
