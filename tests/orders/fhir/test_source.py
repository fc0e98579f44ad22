"""The source names its server before anything is asked, and says what is wrong with that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.running import fabricate, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"fhir": "ehr", "max_studies": 0}, "max_studies"),
        ({"fhir": "ehr", "maximum": 1}, "unknown key 'maximum'"),
        ({"fhir": "pacs"}, "'pacs' has no 'fhir' service"),
        ({"fhir": "her"}, "'her' is no target of the site"),
    ],
)
def test_a_wrong_source_is_told_without_asking_the_server(
    tmp_path: Path, source: dict[str, Any], words: str
) -> None:
    targets = {"pacs": {"embedded": {}}, "ehr": {"fhir": {"url": "http://127.0.0.1:9/fhir"}}}
    where = write_site(tmp_path / "site.yaml", targets)
    log = [{"log": {"message": "x"}}]
    path = write_scenario(tmp_path / "s.yaml", log, patients=[{"from": source}])
    done = fabricate("validate", path, "--site", where, "--format", "json").check(3)
    told = [json.loads(line) for line in done.out.splitlines()]
    assert words in json.dumps(told, ensure_ascii=False), done.out
    good = write_scenario(tmp_path / "g.yaml", log, patients=[{"from": {"fhir": "ehr"}}])
    fabricate("validate", good, "--site", where).check()
    done = fabricate("plan", good, "--site", where).check(4)
    assert "cannot connect" in done.err or "refused" in done.err
