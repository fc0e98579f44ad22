"""Every shipped scenario on every archive that is really there, with the site file that docs/sites has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.languages import dcmjs, qrscp
from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc
from tests.running import ROOT, SMOKE, fabricate, record, steps, write_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer

SITES = ROOT / "docs" / "sites"
COMPRESSED = [f"compressed[syntax={name}]" for name in (
    "implicit-le", "explicit-be", "deflated", "rle", "jpeg-lossless", "jpeg-ls", "jpeg-ls-near",
    "jpeg-2000-lossless", "jpeg-2000",
)]  # fmt: skip
DIMSE = [
    "morning_load", "negative_objects", "real_files", "report_and_key_objects", "xray_smoke",
    *COMPRESSED,
]  # fmt: skip
LIBRARY = ROOT / "scenarios" / "libs"
PEOPLE = [
    "name_in_capitals", "name_in_letters[name=Grün^Änne]", "name_in_letters[name=Иванова^Анна]",
    "study_by_modality",
]  # fmt: skip
DICOMWEB = ["dicomweb", "dicomweb_roundtrip"]


def run(
    tmp_path: Path,
    site: str,
    server: Server,
    receiver: Modality,
    tags: str,
    *options: str | Path,
) -> list[dict[str, Any]]:
    """The scenarios as the README says they are run on a PACS of one's own; their cases. options: further ones, too."""
    out = tmp_path / f"run of {tags}"
    fabricate(
        "run", ROOT / "scenarios", "--tag", tags, "--site", SITES / f"{site}.yaml",
        "--registry", ":memory:", "--out", out, *options, patience=280,
        env={
            "PACS_PORT": str(server.port),
            "PACS_HTTP_PORT": str(server.http_port),
            "RECEIVER_PORT": str(receiver.port),
        },
    ).check()  # fmt: skip
    cases = record(out)["cases"]
    assert isinstance(cases, list)
    return cases


def outcomes(cases: list[dict[str, Any]]) -> dict[str, str]:
    return {case["id"]: case["outcome"] for case in cases}


def assert_left_out(cases: list[dict[str, Any]], left_out: set[str]) -> None:
    """All passed but these, which say what the PACS does not take and where that is declared."""
    expected = dict.fromkeys(DIMSE, "passed") | dict.fromkeys(left_out, "skipped")
    assert outcomes(cases) == expected
    for case in cases:
        if case["id"] in left_out:
            send = next(step for step in case["steps"] if step["id"] == "send")
            assert "takes no" in send["message"]
            assert "expects.transfer_syntaxes" in send["message"]
            assert sum(one["instances"] for one in send["facts"]["left_out"]) == 3


def test_orthanc_takes_all_of_them(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    plugin = ["libOrthancDicomWeb.so"]
    with orthanc(tmp_path, modalities=[us], plugins=plugin) as server:
        cases = run(tmp_path, "orthanc", server, us, "not faults and not hl7")
    assert outcomes(cases) == dict.fromkeys([*DIMSE, *DICOMWEB], "passed")


def test_dcmqrscp_takes_what_it_takes_uncompressed_and_the_rest_is_told(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    with dcmqrscp(tmp_path, peers=[us]) as server:
        cases = run(
            tmp_path, "dcmqrscp", server, us, "not faults and not hl7 and not dicomweb and not load"
        )
        # Two of its processes that store at once may make up one file name.
        cases += run(tmp_path, "dcmqrscp", server, us, "load", "--set", "associations=1")
    taken = {"compressed[syntax=implicit-le]", "compressed[syntax=explicit-be]"}
    assert_left_out(cases, set(COMPRESSED) - taken)


def test_the_archive_of_pynetdicom_takes_all_of_dimse(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    with qrscp(tmp_path, destinations=[us]) as server:
        cases = run(
            tmp_path, "qrscp", server, us, "not faults and not hl7 and not dicomweb", LIBRARY
        )
    assert outcomes(cases) == dict.fromkeys([*DIMSE, *PEOPLE], "passed")
    [smoke] = [case for case in cases if case["id"] == "xray_smoke"]
    [query] = [step for step in smoke["steps"] if step["id"] == "by_accession"]
    assert query["message"] == "1 match; 2 answers repeated others"
    assert query["facts"]["repeated_matches"] == 2


def test_an_archive_on_dcmjs_dimse_takes_all_but_what_is_deflated(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    with dcmjs(tmp_path, destinations=[us]) as server:
        cases = run(
            tmp_path, "dcmjs-dimse", server, us, "not faults and not hl7 and not dicomweb", LIBRARY
        )
    people = [case for case in cases if case["id"] in PEOPLE]
    assert outcomes(people) == dict.fromkeys(PEOPLE, "passed")
    assert_left_out([case for case in cases if case not in people], {"compressed[syntax=deflated]"})


def test_each_site_file_is_run_by_a_test_here() -> None:
    """But for Conquest's, which no package registry has: what was seen by hand is in the documentation."""
    there = {file.stem for file in SITES.glob("*.yaml")}
    assert there == {"orthanc", "dcmqrscp", "qrscp", "dcmjs-dimse", "conquest"}


def test_the_site_file_that_no_test_runs_is_one() -> None:
    fabricate("validate", SMOKE, "--site", SITES / "conquest.yaml").check()


def test_without_the_declaration_an_answer_for_each_instance_is_told(tmp_path: Path) -> None:
    with qrscp(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        out = tmp_path / "run"
        fabricate("run", SMOKE, "--site", site, "--registry", ":memory:", "--out", out).check(1)
    found = steps(record(out))["by_accession"]
    assert found["outcome"] == "failed"
    assert "2 of 3 answers repeat the StudyInstanceUID of another" in found["message"]
    assert "repeated_matches: true" in found["message"]
