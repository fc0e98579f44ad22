"""What workers tell a run of theirs through its ledger, which outlives a run that is killed, holds no secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from scenario_runner.app.cluster.ledger import Entry, RunLedger
from tests.redaction.encodings import SECRET
from tests.redaction.test_said_back import _assert_quiet, site
from tests.running import fabricate, write_scenario

__all__ = ["site"]


def test_no_answer_of_a_shared_send_and_no_ending_says_it(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAB_SECRET", SECRET)  # the workers are threads of this process
    told: list[tuple[str, str]] = []
    tell = RunLedger.tell

    def noted(
        self: RunLedger, part: str, attempt: int, entries: Sequence[Entry], ending: str = ""
    ) -> int:
        told.extend((one.kind, one.data.decode("utf-8", "replace")) for one in entries)
        told.append(("ending", ending))
        return tell(self, part, attempt, entries, ending)

    monkeypatch.setattr(RunLedger, "tell", noted)
    series = {"modality": "CT", "images": 160, "size": [16, 16]}
    steps: list[Any] = [{"send": {"to": "pacs"}}]
    scenario = write_scenario(
        tmp_path / "s.yaml", steps, patients=[{"studies": [{"series": [series]}]}]
    )
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
    ) as cluster:
        where = cluster.scheduler_address.replace("tcp://", "dask://")
        done = fabricate(
            "run", scenario, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run",
            "--on", where, env={"FAB_SECRET": SECRET},
        )  # fmt: skip
    assert done.code == 1, done.err
    rows = [row for kind, text in told if kind == "stored" for row in json.loads(text)]
    assert len(rows) == 160
    assert sum("•••" in row["status"]["comment"] for row in rows) > 80
    _assert_quiet(told)
