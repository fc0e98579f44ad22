"""`fabricate from-fhir` at an address where no FHIR server is: told in words, and no traceback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.network.dicomweb.front import tls_front
from tests.network.dicomweb.services import Asked, Reply, service
from tests.network.test_tls import make_identity
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

HERE = {"FABRICATE_REGISTRY": ":memory:"}
HTML = Reply(200, b"<html><title>Portal</title></html>", {"Content-Type": "text/html"})


def _statement(version: str) -> Reply:
    said = {"resourceType": "CapabilityStatement", "fhirVersion": version}
    return Reply(200, json.dumps(said).encode(), {"Content-Type": "application/fhir+json"})


def _linked_to_itself(asked: Asked) -> Reply:
    if asked.path.endswith("metadata"):
        return _statement("4.0.1")
    link = {"relation": "next", "url": f"http://{asked.headers['host']}/fhir/ImagingStudy?page=2"}
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": [link], "entry": []}
    return Reply(200, json.dumps(bundle).encode(), {"Content-Type": "application/fhir+json"})


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("html", "an HTML page came where FHIR was expected"),
        ("itself", "does not end: page 2 links to a page that was there before"),
        ("STU3", "the server speaks FHIR 3.0.2"),
    ],
)
def test_an_answer_that_is_of_no_use_ends_with_what_it_was(
    tmp_path: Path, kind: str, words: str
) -> None:
    def answer(asked: Asked) -> Reply:
        if kind == "itself":
            return _linked_to_itself(asked)
        return HTML if kind == "html" else _statement("3.0.2")

    with service(answer) as running:
        url = f"http://127.0.0.1:{running.peer.port}/fhir"
        done = fabricate("from-fhir", url, "--yes", "--out", "out", cwd=tmp_path, env=HERE).check(4)
    assert words in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_tls_where_there_is_none_and_none_where_there_is_are_told(
    tmp_path: Path, scheme: str
) -> None:
    with (
        service(lambda _: HTML) as running,
        tls_front(running.peer.port, make_identity(tmp_path, "server")) as protected,
    ):
        port = running.peer.port if scheme == "https" else protected
        url = f"{scheme}://127.0.0.1:{port}/fhir"
        done = fabricate("from-fhir", url, "--yes", cwd=tmp_path, env=HERE).check(4)
    assert f"FHIR at 127.0.0.1:{port}" in done.err
    # Whoever speaks in the clear to such a port sees it end, or reset, before an answer.
    assert ("TLS" if scheme == "https" else "connection") in done.err, done.err


def test_an_accession_number_that_would_find_others_is_not_asked_for(tmp_path: Path) -> None:
    study = {
        "resourceType": "ImagingStudy",
        "id": "1",
        "status": "available",
        "identifier": [
            {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3.4"},
            {"type": {"coding": [{"code": "ACSN"}]}, "value": "A*1"},
        ],
        "subject": {"display": "DOE^JANE", "identifier": {"value": "P1"}},
        "modality": [{"code": "US"}],
    }

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("metadata"):
            return _statement("4.0.1")
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": study}]}
        return Reply(200, json.dumps(bundle).encode(), {"Content-Type": "application/fhir+json"})

    with service(answer) as running:
        url = f"http://127.0.0.1:{running.peer.port}/fhir"
        done = fabricate("from-fhir", url, "--yes", "--out", "out", cwd=tmp_path, env=HERE)
    assert "Found by its UID, and nothing else" in done.check().out
