"""The report says what was seen of a PACS: used, accepted, refused, not tried; and which product it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.network.dicomweb.services import hostile_service
from tests.peers.processes import orthanc, storescp
from tests.peers.scripted import server
from tests.running import fabricate, record, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.network.hostile import Wire

pytestmark = pytest.mark.peer


def test_what_orthanc_refused_is_told_as_refused(tmp_path: Path) -> None:
    entries: list[Any] = [
        {"echo": {"to": "pacs"}},
        {"send": {"to": "pacs"}},
        {"mpps": {"to": "pacs", "status": "in-progress"}},
    ]
    out = tmp_path / "run"
    with orthanc(tmp_path) as running:
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        file = write_scenario(tmp_path / "s.yaml", entries)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(4)
    (target,) = record(out)["targets"]
    outcomes = {one["service"]: one["outcome"] for one in target["seen"]}
    assert outcomes == {"C-ECHO": "used", "storage": "used", "MPPS": "refused"}
    assert "capabilities" not in target, "what could be asked says nothing of what it has"
    assert target["not_tried"] == ["C-FIND", "worklist", "C-GET", "C-MOVE", "storage commitment"]
    # Orthanc is built on DCMTK, and says so.
    assert target["product"].startswith("OFFIS_DCMTK")
    for name in ("report.html", "junit.xml"):
        text = (out / name).read_text("utf-8")
        assert "MPPS: asked, not offered" in text, name
        assert "not tried: C-FIND, worklist, C-GET" in text, name
        assert target["product"] in text, name


def test_what_could_not_be_fetched_says_nothing_of_what_may_be_stored(tmp_path: Path) -> None:
    def nothing(_: Any) -> Iterator[int]:
        yield 0

    match = {"StudyInstanceUID": "{{ studies[0].uid }}"}
    entries: list[Any] = [{"retrieve": {"from": "pacs", "via": "c-get", "match": match}}]
    out = tmp_path / "run"
    with server(get=nothing) as service:
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        patients = [{"studies": [{"series": [{"modality": "US", "images": 1}]}]}]
        file = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(1)
    (target,) = record(out)["targets"]
    assert {one["service"]: one["outcome"] for one in target["seen"]} == {"C-GET": "used"}
    assert "storage" in target["not_tried"]


def test_what_was_used_over_http_and_the_version_of_orthanc_are_told(tmp_path: Path) -> None:
    entries: list[Any] = [
        {"send": {"to": "pacs", "via": "stow"}},
        {"query": {"on": "pacs", "via": "qido", "level": "study"}},
        {"delete": {"from": "pacs", "via": "orthanc"}},
    ]
    out = tmp_path / "run"
    with orthanc(tmp_path, plugins=["libOrthancDicomWeb.so"]) as running:
        targets = {
            "dicomweb": {"url": f"{running.http}/dicom-web"},
            "orthanc": {"url": running.http},
        }
        site = write_site(tmp_path / "site.yaml", {"pacs": targets})
        file = write_scenario(tmp_path / "s.yaml", entries)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    (target,) = record(out)["targets"]
    outcomes = {one["service"]: one["outcome"] for one in target["seen"]}
    assert outcomes == {"STOW-RS": "used", "QIDO-RS": "used", "Orthanc REST": "used"}
    assert "Orthanc 1." in target["product"]
    assert target["product"] in (out / "report.html").read_text("utf-8")


def test_transfer_syntaxes_that_storescp_refused_are_told_though_their_class_was_stored(
    tmp_path: Path,
) -> None:
    series = [
        {"modality": "CT", "images": 1, "size": [64, 64], "transfer_syntax": syntax}
        for syntax in ("explicit-le", "jpeg-ls")
    ]
    out = tmp_path / "run"
    with storescp(tmp_path, options=["+xi"]) as running:
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        web = {"url": "http://127.0.0.1:1/dicom-web"}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service, "dicomweb": web}})
        patients = [{"studies": [{"series": series}]}]
        file = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "pacs"}}], patients=patients)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    (target,) = record(out)["targets"]
    (storage,) = target["seen"]
    assert storage["outcome"] == "used"
    assert storage["transfer_syntaxes"] == {
        "1.2.840.10008.1.2": "used",
        "1.2.840.10008.1.2.1": "refused",
        "1.2.840.10008.1.2.4.80": "refused",
    }
    assert target["not_tried"][-3:] == ["STOW-RS", "QIDO-RS", "WADO-RS"]
    assert "storage: refused in " in (out / "report.html").read_text("utf-8")


def test_a_service_that_lets_nobody_in_is_no_capability(tmp_path: Path) -> None:
    def refuse(wire: Wire) -> None:
        wire.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    entries: list[Any] = [
        {
            "parallel": [
                {"echo": {"to": "pacs"}},
                {"fhir_search": {"on": "ehr", "resource": "Patient"}},
            ]
        }
    ]
    out = tmp_path / "run"
    with hostile_service(refuse) as peer:
        targets = {"pacs": {"dicomweb": {"url": peer.url}}, "ehr": {"fhir": {"url": peer.url}}}
        site = write_site(tmp_path / "site.yaml", targets)
        file = write_scenario(tmp_path / "s.yaml", entries)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(4)
    found = {one["name"]: one for one in record(out)["targets"]}
    (seen,) = found["pacs"]["seen"]
    assert (seen["service"], seen["outcome"], seen["reason"]) == ("QIDO-RS", "refused", "HTTP 401")
    assert "QIDO-RS: asked, not let in (HTTP 401)" in (out / "junit.xml").read_text("utf-8")
    assert found["ehr"]["not_tried"] == [], "who speaks FHIR was never said to speak DICOMweb"
