"""`fabricate study` and `pacs delete` with a real Orthanc."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.peers.processes import orthanc, storescp
from tests.running import fabricate, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

MEMORY = {"FABRICATE_REGISTRY": ":memory:"}


def test_a_study_of_each_common_kind_reaches_orthanc_and_can_be_taken_away(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        address = f"{server.ae_title}@{server.host}:{server.port}"
        uids = []
        for kind in ("xray", "us", "sr"):
            done = fabricate(
                "study", kind, "--to", address, "--accession", f"A-{kind}", "--format", "json",
                cwd=tmp_path, env=MEMORY,
            ).check()  # fmt: skip
            told = json.loads(done.out)
            assert told["outcome"] == "passed"
            uids.append(told["patients"][0]["studies"][0]["uid"])
        held = httpx2.get(f"{server.http}/studies?expand", timeout=30).json()
        assert {one["MainDicomTags"]["StudyInstanceUID"] for one in held} == set(uids)

        services = {
            "dicom": {"host": server.host, "port": server.port, "ae_title": server.ae_title},
            "orthanc": {"url": server.http},
        }
        site = write_site(tmp_path / "site.yaml", {"pacs": services})
        ask = ("pacs", "delete", "pacs", "--site", site)
        assert "--yes" in fabricate(*ask, "AccessionNumber=A-us").check(2).err
        assert "every study" in fabricate(*ask, "PatientName=*", "--yes").check(2).err
        assert fabricate(*ask, "AccessionNumber=NONE", "--yes").check(1).out == ""
        gone = fabricate(*ask, "AccessionNumber=A-us", "--yes", "--format", "json").check()
        [row] = map(json.loads, gone.out.splitlines())
        assert (row["deleted"], row["StudyInstanceUID"]) == (True, uids[1])
        left = httpx2.get(f"{server.http}/studies?expand", timeout=30).json()
        assert {one["MainDicomTags"]["StudyInstanceUID"] for one in left} == {uids[0], uids[2]}
        no_way = fabricate("pacs", "delete", address, "AccessionNumber=A-sr", "--yes").check(4)
        assert "no way to delete" in no_way.err


def test_a_receiver_that_only_stores_is_told_as_what_it_is(tmp_path: Path) -> None:
    with storescp(tmp_path) as server:
        address = f"{server.ae_title}@{server.host}:{server.port}"
        done = fabricate("study", "xray", "--to", address, cwd=tmp_path, env=MEMORY).check(4)
        assert len(list(server.folder.iterdir())) == 2
    assert "does not offer C-FIND" in done.out
    assert f"in the PACS  not known: 2 of 2 images stored by pacs ({address})" in done.out
