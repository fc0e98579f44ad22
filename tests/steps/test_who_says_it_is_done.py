"""What somebody says to have done is asked for again, and what they did not do is no success."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.network.dicomweb.services import DICOM_JSON, Asked, Reply, dicom_json, service
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

FHIR_JSON = {"Content-Type": "application/fhir+json"}
SMALL: list[dict[str, Any]] = [
    {"id": "DONE1", "studies": [{"series": [{"modality": "CT", "images": 1, "size": [8, 8]}]}]}
]


def run(
    folder: Path, target: dict[str, Any], entries: list[Any], code: int
) -> dict[str, dict[str, Any]]:
    site = write_site(folder / "site.yaml", {"there": target})
    scenario = write_scenario(folder / "s.yaml", entries, patients=SMALL)
    out = folder / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize(("stays", "code"), [(0, 0), (2, 0), (1000, 1)])
def test_a_study_that_is_still_there_is_not_deleted(tmp_path: Path, stays: int, code: int) -> None:
    """For so many questions after the request the service goes on answering with the study."""
    left = [stays]

    def behave(asked: Asked) -> Reply:
        if asked.method == "POST":
            return Reply(200)
        if asked.method == "DELETE":
            return Reply(204)
        [uid] = parse_qs(urlsplit(asked.path).query)["StudyInstanceUID"]
        left[0] -= 1
        body = dicom_json({"StudyInstanceUID": uid})
        return Reply(200, body, DICOM_JSON) if left[0] >= 0 else Reply(204)

    with service(behave) as running:
        target = {"dicomweb": {"url": running.peer.url}, "expects": {"dicomweb_delete": True}}
        entries = [{"send": {"to": "there"}}, {"delete": {"from": "there"}}]
        found = run(tmp_path, target, entries, code)["delete"]
    assert ("still there after 5 s, though it was answered as deleted" in found["message"]) == bool(
        code
    )


def test_every_study_that_stays_is_told(tmp_path: Path) -> None:
    """The evidence named twenty of them."""

    def behave(asked: Asked) -> Reply:
        if asked.method != "GET":
            return Reply(200)
        [uid] = parse_qs(urlsplit(asked.path).query)["StudyInstanceUID"]
        return Reply(200, dicom_json({"StudyInstanceUID": uid}), DICOM_JSON)

    many = [
        {
            "id": "MANY1",
            "studies": [{"count": 23, "series": [{"modality": "CT", "images": 1, "size": [8, 8]}]}],
        }
    ]
    with service(behave) as running:
        site = write_site(
            tmp_path / "site.yaml", {"there": {"dicomweb": {"url": running.peer.url}}}
        )
        entries = [{"send": {"to": "there"}}]
        scenario = write_scenario(
            tmp_path / "s.yaml",
            entries,
            patients=many,
            **{"finally": [{"delete": {"from": "there"}}]},
        )
        fabricate(
            "run", scenario, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run"
        ).check(0)
    found = steps(record(tmp_path / "run"))["delete"]
    assert "23 studies stay there" in found["message"]
    assert len(set(found["facts"]["left"])) == 23


def searched(itself: str) -> Any:
    entry = {"resource": {"resourceType": "Patient", "id": "1"}}
    link = {"relation": "self", "url": itself}
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": [link], "entry": [entry]}
    return lambda _: Reply(200, json.dumps(bundle).encode(), FHIR_JSON)


def test_a_fhir_search_by_what_the_server_ignores_fails_unless_that_is_known(
    tmp_path: Path,
) -> None:
    search = {"on": "there", "resource": "Patient", "query": {"family": "DOE", "gender": "female"}}
    with service(searched("http://h/fhir/Patient?gender=female")) as running:
        target = {"fhir": {"url": running.peer.url, "version": "R4"}}
        found = run(tmp_path, target, [{"fhir_search": search}], 1)["fhir_search"]
        assert "'there' does not say that it searched by family" in found["message"]
        assert "may_ignore: [family]" in found["message"]
        (tmp_path / "known").mkdir()
        known = {"fhir_search": {**search, "may_ignore": ["family"]}}
        found = run(tmp_path / "known", target, [known], 0)["fhir_search"]
    assert found["message"] == "1 resource found; not searched by family"
