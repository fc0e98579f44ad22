"""One library at two sites whose PACS differ: it passes with what each site declares, and with nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc
from tests.running import ROOT, fabricate, record

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

SITES = ROOT / "scenarios" / "sites"
US = Modality("FABRICATE", free_port())
LATIN = {
    "name_in_capitals": "passed",
    "name_in_letters[name=Grün^Änne]": "passed",
    "study_by_modality": "passed",
}
MULTILINGUAL = {**LATIN, "name_in_letters[name=Иванова^Анна]": "passed", "by_dicomweb": "passed"}


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dcmqrscp(tmp_path_factory.mktemp("latin"), peers=[US]) as server:
        yield server


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    plugins = ["libOrthancDicomWeb.so"]
    folder = tmp_path_factory.mktemp("multilingual")
    with orthanc(folder, modalities=[US], plugins=plugins) as server:
        yield server


def run(out: Path, site: str | Path, server: Server, code: int) -> dict[str, dict[str, Any]]:
    """The cases of the library at a site, by their ids."""
    fabricate(
        "run", "people", "--site", site, "--registry", ":memory:", "--out", out, cwd=ROOT,
        env={
            "PACS_PORT": str(server.port),
            "PACS_HTTP_PORT": str(server.http_port),
            "RECEIVER_PORT": str(US.port),
        },
    ).check(code)  # fmt: skip
    return {case["id"]: case for case in record(out)["cases"]}


def outcomes(cases: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: case["outcome"] for name, case in cases.items()}


def with_expects_of(folder: Path, site: str, other: str) -> Path:
    """A site's file with what the other declares."""
    own, others = ((SITES / one / "site.yaml").read_text(encoding="utf-8") for one in (site, other))
    mark = "    expects:\n"
    text = own[: own.index(mark)] + others[others.index(mark) :]
    file = folder / "mixed.yaml"
    libraries = json.dumps(str(ROOT / "scenarios" / "libs"))
    file.write_text(text.replace("../../libs", libraries), encoding="utf-8")
    return file


def said(case: dict[str, Any]) -> str:
    return "\n".join(
        [str(step.get("message")) for step in case["steps"]]
        + [str(check.get("message")) for step in case["steps"] for check in step.get("checks", [])]
    )


def test_each_site_passes_with_what_it_declares(
    tmp_path: Path, latin: Server, multilingual: Server
) -> None:
    cases = run(tmp_path / "latin", "latin", latin, 0)
    assert outcomes(cases) == LATIN
    assert "not matched by ModalitiesInStudy" in said(cases["study_by_modality"])
    assert outcomes(run(tmp_path / "multilingual", "multilingual", multilingual, 0)) == MULTILINGUAL


def test_the_latin_site_fails_with_what_the_other_declares(tmp_path: Path, latin: Server) -> None:
    site = with_expects_of(tmp_path, "latin", "multilingual")
    cases = run(tmp_path / "run", site, latin, 1)
    assert outcomes(cases)["study_by_modality"] == "failed"
    assert "expects: {unsupported_keys: [ModalitiesInStudy]}" in said(cases["study_by_modality"])
    assert outcomes(cases)["name_in_capitals"] == "failed"
    assert "expected 1 but got 0" in said(cases["name_in_capitals"])


def test_the_multilingual_site_fails_with_what_the_other_declares(
    tmp_path: Path, multilingual: Server
) -> None:
    site = with_expects_of(tmp_path, "multilingual", "latin")
    cases = run(tmp_path / "run", site, multilingual, 3)
    assert outcomes(cases)["name_in_capitals"] == "failed"
    assert "PatientName is 'Fabricius^Anna', not 'FABRICIUS^ANNA'" in said(
        cases["name_in_capitals"]
    )
    letters = cases["name_in_letters[name=Иванова^Анна]"]
    assert letters["outcome"] == "error"
    assert "cannot be written in ISO_IR 100" in said(letters)
