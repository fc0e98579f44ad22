"""A query with listed values finds what each of them finds, on servers that have no such matching."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.processes import dcmqrscp, orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("server", [orthanc, dcmqrscp])
def test_both_accession_numbers_are_found_and_no_other(tmp_path: Path, server: object) -> None:
    study = {"series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}
    patients = [{"studies": [{**study, "accession": one} for one in ("ACCA", "ACCB", "ACCC")]}]
    entries = [
        {"send": {"to": "pacs"}},
        {"query": {"on": "pacs", "level": "study", "match": {"AccessionNumber": ["ACCA", "ACCC", "NONE"]}}},
        {"wait": {"on": "pacs", "until": {
            "query": {"match": {"AccessionNumber": ["ACCA", "ACCC"]}}, "count": 2}, "timeout": "5s"}},
    ]  # fmt: skip
    with server(tmp_path) as running:  # type: ignore[operator]
        service = {"host": running.host, "port": running.port, "ae_title": running.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
        out = tmp_path / "run"
        fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check()
    facts = steps(record(out))["query"]["facts"]
    assert sorted(one["AccessionNumber"] for one in facts["matches"]) == ["ACCA", "ACCC"]
    assert facts["queries"] == 3
