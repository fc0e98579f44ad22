"""A server that ignores a key must not make a test pass; one that is known to lack it must not fail it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.processes import Server, dcmqrscp
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

CR: list[dict[str, Any]] = [
    {"id": "LACK1", "studies": [{"series": [{"modality": "CR", "images": 1, "size": [16, 16]}]}]}
]
UNTIL_CT = {
    "on": "pacs",
    "timeout": "20s",
    "until": {"query": {"match": {"ModalitiesInStudy": "CT"}}},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dcmqrscp(tmp_path_factory.mktemp("lacking"), any_peer=True) as running:
        yield running


def run(
    tmp_path: Path, server: Server, entries: list[Any], code: int, **expects: Any
) -> dict[str, dict[str, Any]]:
    service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service, "expects": expects}})
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"send": {"to": "pacs"}}, *entries], patients=CR
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


def test_waiting_for_a_modality_that_a_server_ignores_fails_at_once(
    server: Server, tmp_path: Path
) -> None:
    found = run(tmp_path, server, [{"wait": UNTIL_CT}], 1)["wait"]
    assert "does not match by ModalitiesInStudy" in found["message"]
    assert found["facts"]["polls"] == 1


def test_a_query_by_a_key_that_a_server_ignores_fails_and_says_what_to_declare(
    server: Server, tmp_path: Path
) -> None:
    match = {"PatientID": "LACK1", "InstitutionName": "NOWHERE"}
    query = {"query": {"on": "pacs", "level": "study", "match": match}}
    failed = run(tmp_path, server, [query], 1)["query"]
    assert "unsupported_keys: [InstitutionName]" in failed["message"]


def test_a_private_key_of_odd_length_is_a_request_that_dcmtk_reads(
    server: Server, tmp_path: Path
) -> None:
    query = {"query": {"on": "pacs", "level": "study", "match": {"(0009,xx01) ACME": "odd"}}}
    failed = run(tmp_path, server, [query], 1)["query"]
    assert "unsupported_keys: ['(0009,xx01) ACME']" in failed["message"]


def test_a_key_that_the_site_file_declares_is_told_and_does_not_fail(
    server: Server, tmp_path: Path
) -> None:
    match = {"PatientID": "LACK1", "InstitutionName": "NOWHERE"}
    returned = ["NumberOfStudyRelatedInstances"]
    query = {"query": {"on": "pacs", "level": "study", "match": match, "return": returned}}
    entries = [query, {"assert": [{"stored": {"on": "pacs"}}]}]
    found = run(tmp_path, server, entries, 0, unsupported_keys=["InstitutionName"])
    assert "not matched by InstitutionName, which 'pacs' does not have" in found["query"]["message"]
    assert "'pacs' does not have NumberOfStudyRelatedInstances" in found["query"]["message"]
    [stored] = found["assert"]["checks"]
    assert "does not have NumberOfSeriesRelatedInstances" in stored["message"]


def test_nothing_is_retrieved_by_a_key_that_was_not_matched(server: Server, tmp_path: Path) -> None:
    retrieve = {"retrieve": {"from": "pacs", "match": {"ModalitiesInStudy": "CT"}}}
    found = run(tmp_path, server, [retrieve], 4, unsupported_keys=["ModalitiesInStudy"])["retrieve"]
    assert "cannot be looked up what to retrieve" in found["message"]


def test_the_commands_say_so_as_well(server: Server, tmp_path: Path) -> None:
    run(tmp_path, server, [], 0)
    address = f"{server.ae_title}@{server.host}:{server.port}"
    done = fabricate("pacs", "query", address, "study", "ModalitiesInStudy=CT").check(1)
    assert "does not match by ModalitiesInStudy" in done.err


def test_a_series_asked_for_without_its_study_is_refused_and_the_status_told(
    server: Server, tmp_path: Path
) -> None:
    """PS3.4 C.4.1.2.1: the keys above have to be there, where relational queries are not negotiated."""
    query = {"query": {"on": "pacs", "level": "series", "match": {"Modality": "CR"}}}
    found = run(tmp_path, server, [query], 4)["query"]
    assert "C-FIND failed: status C000H, unable to process" in found["message"]
