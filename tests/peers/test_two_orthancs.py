"""Two Orthancs that know each other: what one passes on to the other is still what the case sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import Modality, free_port, orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer


def test_a_moved_study_is_compared_and_deleted_where_it_came(tmp_path: Path) -> None:
    entries: list[Any] = [
        {"send": {"to": "first"}},
        {"retrieve": {"from": "first", "via": "c-move", "destination": "SECOND"}},
        {"assert": [{"stored": {"on": "second"}}]},
        {
            "retrieve": {
                "from": "second",
                "match": {"StudyInstanceUID": "{{ studies[0].uid }}"},
            },
            "save_as": "back",
        },
        {
            "assert": [
                {"tags": {"of": "back", "equal": "sent"}},
                {"pixels": {"of": "back", "equal": "sent"}},
            ]
        },
        {"delete": {"from": "first"}},
        {"delete": {"from": "second"}},
        {"query": {"on": "second", "level": "study"}, "save_as": "left"},
        {"assert": [{"empty": {"actual": "{{ left }}"}}]},
    ]
    us = Modality("FABRICATE", free_port())
    with (
        orthanc(tmp_path, ae_title="SECOND", modalities=[us]) as second,
        orthanc(
            tmp_path, ae_title="FIRST", modalities=[us, Modality("SECOND", second.port)]
        ) as first,
    ):
        targets = {
            name: {
                "dicom": {"host": one.host, "port": one.port, "ae_title": one.ae_title},
                "orthanc": {"url": one.http},
            }
            for name, one in (("first", first), ("second", second))
        }
        site = write_site(tmp_path / "site.yaml", targets)
        out = tmp_path / "run"
        file = write_scenario(tmp_path / "s.yaml", entries)
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(0)
    result = steps(record(out))
    assert result["delete-2"]["message"] == "1 study deleted"
    assert result["retrieve-2"]["facts"]["instances"] == 2
