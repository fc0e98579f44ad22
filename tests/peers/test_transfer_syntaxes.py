"""Compressed, big endian and deflated images go to real PACS, and come back as they went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from tests.peers.processes import orthanc, storescp
from tests.running import ROOT, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

COMPRESSED = ROOT / "scenarios" / "compressed.yaml"
UIDS = {
    "explicit-be": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-2000": "1.2.840.10008.1.2.4.91",
}


def as_syntax(*names: str, **more: Any) -> dict[str, Any]:
    """A patient with a small CT series in each transfer syntax."""
    series = [
        {"modality": "CT", "images": 1, "size": [64, 64], "transfer_syntax": name, **more}
        for name in names
    ]
    return {"patients": [{"studies": [{"series": series}]}]}


def run(scenario: Path, tmp_path: Path, *more: str | Path, code: int = 0) -> dict[str, Any]:
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out, *more).check(code)
    return record(out)


def test_the_shipped_scenario_passes_on_the_embedded_pacs(tmp_path: Path) -> None:
    result = run(COMPRESSED, tmp_path)
    assert result["outcome"] == "passed"
    assert len(result["cases"]) == 9


def test_what_was_sent_compressed_is_given_plain_or_as_it_is(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "a.yaml",
        [
            {"send": {"to": "pacs"}},
            {"id": "native", "retrieve": {"from": "pacs", "transfer_syntax": "explicit-le"}, "save_as": "plain"},
            {"assert": [{"pixels": {"of": "plain", "equal": "sent"}}]},
            {"id": "other", "retrieve": {"from": "pacs", "transfer_syntax": "jpeg-ls", "expect": "failure"}},
            {"id": "same", "retrieve": {"from": "pacs", "transfer_syntax": "rle", "to": "got"}},
        ],
        **as_syntax("rle"),
    )  # fmt: skip
    result = run(scenario, tmp_path)
    assert result["outcome"] == "passed"
    (file,) = (tmp_path / "run" / "got").rglob("*.dcm")
    assert dcmread(file).file_meta.TransferSyntaxUID == UIDS["rle"]


@pytest.mark.parametrize("name", ["deflated", "explicit-be"])
def test_what_has_native_pixels_is_given_in_little_endian(name: str, tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "a.yaml",
        [
            {"send": {"to": "pacs"}},
            {"save_as": "back", "retrieve": {"from": "pacs", "transfer_syntax": "implicit-le"}},
            {"assert": [{"pixels": {"of": "back"}}, {"tags": {"of": "back", "equal": "sent"}}]},
        ],
        **as_syntax(name),
    )
    assert run(scenario, tmp_path)["outcome"] == "passed"


@pytest.mark.peer
def test_the_shipped_scenario_passes_on_orthanc(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        result = run(COMPRESSED, tmp_path, "--site", site)
    assert result["outcome"] == "passed"


@pytest.mark.peer
def test_storescp_gets_each_image_in_the_syntax_it_was_planned_in(tmp_path: Path) -> None:
    with storescp(tmp_path, options=["+xa"]) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        scenario = write_scenario(
            tmp_path / "a.yaml", [{"send": {"to": "pacs"}}], **as_syntax(*UIDS)
        )
        run(scenario, tmp_path, "--site", site)
    syntaxes = sorted(
        str(dcmread(file).file_meta.TransferSyntaxUID) for file in server.folder.iterdir()
    )
    assert syntaxes == sorted(UIDS.values())


@pytest.mark.peer
def test_a_pacs_that_takes_no_compression_is_told_for_each_image(tmp_path: Path) -> None:
    with storescp(tmp_path, options=["+x="]) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        scenario = write_scenario(
            tmp_path / "a.yaml",
            [{"send": {"to": "pacs", "transcode": False}, "save_as": "sent"}],
            **as_syntax("explicit-le", "jpeg-ls"),
        )
        result = run(scenario, tmp_path, "--site", site, code=1)
    sent = steps(result)["send"]
    assert sent["outcome"] == "failed"
    assert sent["message"].startswith("1 of 2 stored")
    assert "JPEG-LS" in sent["message"]
    assert len(list(server.folder.iterdir())) == 1
