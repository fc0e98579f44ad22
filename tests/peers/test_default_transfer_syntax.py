"""A PACS that takes only the default transfer syntax gets what can be brought into it (PS3.5 10.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread

from tests.peers.processes import storescp
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer


def send(
    tmp_path: Path, syntax: str, code: int, entry: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[Path], list[Path]]:
    """Send one CT to ``storescp +xi``; the step, what was made, and what lies there."""
    series = {"modality": "CT", "images": 1, "size": [64, 64], "transfer_syntax": syntax}
    patients = [{"studies": [{"series": [series]}]}]
    entries = [{"generate": {"to": "made"}}, {"send": {"to": "pacs", **(entry or {})}}]
    with storescp(tmp_path, options=["+xi"]) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
        out = tmp_path / "run"
        fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(
            code
        )
        there = [file for file in server.folder.iterdir() if file.is_file()]
    return steps(record(out))["send"], list((out / "made").rglob("*.dcm")), there


@pytest.mark.parametrize("syntax", ["explicit-le", "jpeg-lossless"])
def test_what_is_not_lossy_is_sent_as_the_default_with_equal_pixels_and_told(
    syntax: str, tmp_path: Path
) -> None:
    step, [made], [there] = send(tmp_path, syntax, 0)
    assert "1 sent as Implicit VR Little Endian, which alone was accepted" in step["message"]
    assert str(dcmread(there).file_meta.TransferSyntaxUID) == "1.2.840.10008.1.2"
    assert np.array_equal(dcmread(there).pixel_array, dcmread(made).pixel_array)


@pytest.mark.parametrize(
    ("syntax", "entry"), [("jpeg-2000", {}), ("explicit-le", {"transcode": False})]
)
def test_lossy_images_and_what_a_person_forbids_are_not_sent_otherwise(
    syntax: str, entry: dict[str, Any], tmp_path: Path
) -> None:
    step, _, there = send(tmp_path, syntax, 1, entry)
    assert "no accepted presentation context" in step["message"]
    assert there == []


def test_a_file_sent_otherwise_than_it_is_says_so_on_the_command_line(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": "rle"}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"generate": {"to": "made"}}],
        patients=[{"studies": [{"series": [series]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    with storescp(tmp_path, options=["+xi"]) as server:
        peer = f"STORESCP@127.0.0.1:{server.port}"
        sent = fabricate("pacs", "send", peer, out / "made").check()
    assert "2 of 2 stored" in sent.out
    assert ", 2 sent as Implicit VR Little Endian, which alone was accepted" in sent.out
    assert sent.out.count("sent as Implicit VR Little Endian") == 3
