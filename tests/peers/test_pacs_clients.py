"""`fabricate pacs send|query|retrieve` with Orthanc, and C-MOVE to ourselves and to a third one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from tests.peers.processes import Modality, free_port, orthanc, storescp
from tests.running import fabricate, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer


def test_the_same_commands_speak_dicomweb_to_a_url(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"id": "P1", "studies": [{"series": [{"modality": "CT", "images": 2}]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    with orthanc(tmp_path, plugins=["libOrthancDicomWeb.so"]) as server:
        peer = f"{server.http}/dicom-web"
        assert "2 of 2 stored" in fabricate("pacs", "send", peer, out / "dicom").check().out
        found = fabricate("pacs", "query", peer, "study", "PatientID=P1", "--format", "csv").check()
        assert len(found.out.splitlines()) == 2
        fabricate("pacs", "retrieve", peer, "PatientID=P1", "--to", tmp_path / "got").check()
        assert len(list((tmp_path / "got").iterdir())) == 2


def test_orthanc_takes_finds_and_gives_back_by_c_get_and_c_move(tmp_path: Path) -> None:
    series = [
        {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": "rle"},
        {"modality": "DX", "images": 1, "size": [64, 64]},
    ]
    patients = [{"id": "P1", "studies": [{"accession": "ACC1", "series": series}]}]
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"generate": {"to": "dicom"}}], patients=patients
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    before = {str(dcmread(one).SOPInstanceUID): one for one in (out / "dicom").rglob("*.dcm")}
    ours, third = free_port(), free_port()
    known = [Modality("FABRICATE", ours), Modality("THIRD", third)]
    with (
        orthanc(tmp_path, modalities=known) as server,
        storescp(tmp_path, ae_title="THIRD", port=third, options=["+xa"]) as other,
    ):
        peer = f"ORTHANC@127.0.0.1:{server.port}"
        sent = fabricate("pacs", "send", peer, out / "dicom", "--associations", "2").check()
        assert "3 of 3 stored" in sent.out
        found = fabricate(
            "pacs", "query", peer, "study", "AccessionNumber=ACC1",
            "--return", "NumberOfStudyRelatedInstances", "--format", "json",
        ).check()  # fmt: skip
        [match] = [json.loads(line) for line in found.out.splitlines()]
        assert match["NumberOfStudyRelatedInstances"] == 3
        for via in ("c-get", "c-move"):
            folder = tmp_path / via
            fabricate(
                "pacs", "retrieve", peer, "AccessionNumber=ACC1", "--via", via, "--to", folder,
                "--receiver", f"FABRICATE@127.0.0.1:{ours}",
            ).check()  # fmt: skip
            after = {str(dcmread(one).SOPInstanceUID): dcmread(one) for one in folder.iterdir()}
            assert after.keys() == before.keys()
            for uid, path in before.items():
                sent_file = dcmread(path)
                assert after[uid].PixelData == sent_file.PixelData
                assert (
                    after[uid].file_meta.TransferSyntaxUID == sent_file.file_meta.TransferSyntaxUID
                )
        moved = fabricate(
            "pacs", "retrieve", peer, "PatientID=P1", "--via", "c-move", "--destination", "THIRD"
        ).check()  # fmt: skip
        assert "3 instances sent to THIRD" in moved.err
        assert len(list(other.folder.iterdir())) == 3
        unknown = fabricate(
            "pacs", "retrieve", peer, "PatientID=P1", "--via", "c-move", "--destination", "NOBODY"
        ).check(1)  # fmt: skip
        assert "0 instances sent" in unknown.err
