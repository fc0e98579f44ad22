"""`fabricate pacs serve` is a PACS for other makers' clients; `pacs echo` asks any PACS."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.peers.processes import dcmqrscp, free_port, storescp
from tests.running import command, environment, fabricate, write_scenario, write_site

pytestmark = pytest.mark.peer


@contextmanager
def served(folder: Path, *options: str) -> Iterator[int]:
    """A served PACS; it must end by itself when it is told to."""
    process = subprocess.Popen(
        command("pacs", "serve", "--folder", folder, "--port", "0", *options),
        stdout=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONUNBUFFERED": "1"}),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert "EMBEDDED listens on 127.0.0.1:" in line
        yield int(line.split("127.0.0.1:")[1].split(",")[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def dcmtk(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_dcmtk_talks_to_the_served_pacs_and_studies_outlive_it(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "made.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"id": "SERVED1", "studies": [{"series": [{"modality": "CT", "images": 3}]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    files = sorted(str(file) for file in (out / "dicom").rglob("*.dcm"))
    with served(tmp_path / "pacs") as port:
        assert dcmtk("echoscu", "127.0.0.1", str(port)).returncode == 0
        assert dcmtk("storescu", "127.0.0.1", str(port), *files).returncode == 0
    with served(tmp_path / "pacs") as port:
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=SERVED*", "-k", "StudyDate")
        found = dcmtk("findscu", "-S", "127.0.0.1", str(port), *keys)
    assert "[SERVED1 ]" in found.stdout + found.stderr


def test_a_served_pacs_misbehaves_on_request(tmp_path: Path) -> None:
    with served(tmp_path / "pacs", "--fault", "refuse=congestion") as port:
        refused = dcmtk("echoscu", "127.0.0.1", str(port))
        assert refused.returncode != 0
        done = fabricate("pacs", "echo", f"EMBEDDED@127.0.0.1:{port}").check(4)
        assert "congestion" in done.err
    wrong = fabricate("pacs", "serve", "--fault", "refse=congestion").check(2)
    assert "refuse" in wrong.err


def test_echo_asks_by_address_and_by_name(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path, any_peer=True) as server:
        address = f"{server.ae_title}@{server.host}:{server.port}"
        assert "answered 0000" in fabricate("pacs", "echo", address).check().out
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"qr": {"dicom": service}})
        assert "answered 0000" in fabricate("pacs", "echo", "qr", "--site", site).check().out
        assert "qr" in fabricate("pacs", "echo", "rq", "--site", site).check(2).err


def test_echo_says_who_did_not_answer_and_why() -> None:
    port = free_port()
    done = fabricate("pacs", "echo", f"NOBODY@127.0.0.1:{port}").check(4)
    for part in ("NOBODY", "127.0.0.1", str(port), "refused"):
        assert part in done.err


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with served(tmp_path / "one") as port:
        done = fabricate("pacs", "serve", "--folder", tmp_path / "two", "--port", str(port)).check(
            4
        )
        assert str(port) in done.err


def test_one_is_served_as_a_site_file_has_it_and_options_win(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 1, "size": [64, 64]}
    made = write_scenario(
        tmp_path / "made.yaml",
        [{"generate": {"to": "dicom"}}],
        seed=5,
        patients=[{"studies": [{"accession": "WL1", "series": [series]}]}],
    )
    out = tmp_path / "run"
    fabricate("run", made, "--registry", ":memory:", "--out", out).check()
    [file] = [str(one) for one in (out / "dicom").rglob("*.dcm")]
    embedded = {
        "ae_title": "RIS",
        "coerce": {"PatientID": "MPI7"},
        "faults": [{"counts": {"by": 4}}],
    }
    site = write_site(tmp_path / "site.yaml", {"ris": {"embedded": embedded}})
    with (
        storescp(tmp_path / "archive") as archive,
        served(
            tmp_path / "pacs", "ris", "--site", str(site), "--ae-title", "EMBEDDED",
            "--worklist-from", str(made), "--registry", ":memory:",
            "--destination", f"ARCHIVE=127.0.0.1:{archive.port}",
        ) as port,
    ):  # fmt: skip
        told = dcmtk("storescu", "-d", "127.0.0.1", str(port), file)
        assert "coerced: PatientID" in told.stdout + told.stderr
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=MPI7")
        found = dcmtk("findscu", "-S", "127.0.0.1", str(port), *keys,
                      "-k", "NumberOfStudyRelatedInstances", "-k", "StudyInstanceUID")  # fmt: skip
        said = found.stdout + found.stderr
        assert "[5 ]" in said
        uid = re.findall(r"UI \[([0-9.]+)", said)[-1]
        moved = dcmtk("movescu", "-S", "-aem", "ARCHIVE", "127.0.0.1", str(port), *keys[:2],
                      "-k", f"StudyInstanceUID={uid}")  # fmt: skip
        assert moved.returncode == 0, moved.stderr
        assert len(list(archive.folder.rglob("CT*"))) == 1
        planned = dcmtk("findscu", "-W", "127.0.0.1", str(port), "-k", "AccessionNumber=WL*",
                        "-k", "StudyInstanceUID")  # fmt: skip
        assert uid in planned.stdout + planned.stderr, "the study that a run makes with this seed"
    rebuilt = fabricate("pacs", "rebuild", tmp_path / "pacs").check()
    assert rebuilt.out == "1 instance indexed\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["nobody"], "'nobody' is no target with 'embedded'"),
        (["--destination", "ARCHIVE=here"], "not HOST:PORT"),
        (["--destination", "ARCHIVE=here:99999"], "destinations.ARCHIVE.port"),
        (["--coerce", "StudyInstanceUID=1.2"], "cannot coerce 'StudyInstanceUID'"),
        (["--sop-class", "Nonsense"], "does not know 'Nonsense'"),
        (["--tls-certificate", __file__], "--tls-key belong together"),
    ],
)
def test_what_cannot_be_served_is_refused_before_the_port_opens(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    done = fabricate("pacs", "serve", "--folder", tmp_path / "pacs", *options).check(2)
    assert complaint in done.err


def test_rebuilding_names_what_cannot_be_read(tmp_path: Path) -> None:
    assert "no archive" in fabricate("pacs", "rebuild", tmp_path).check(2).err
    shelf = tmp_path / "objects" / "00"
    shelf.mkdir(parents=True)
    (shelf / "0000-0.dcm").write_bytes(b"not DICOM")
    done = fabricate("pacs", "rebuild", tmp_path).check(4)
    assert "0 instances indexed" in done.out
    assert "0000-0.dcm" in done.out


def test_the_served_pacs_speaks_dicomweb_on_a_port_of_its_own(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("pacs", "serve", "--folder", tmp_path, "--port", "0", "--dicomweb-port", "0"),
        stdout=subprocess.PIPE,
        text=True,
        env=environment({"PYTHONUNBUFFERED": "1", "FABRICATE_DICOMWEB_TOKEN": "t0ken"}),
    )
    assert process.stdout is not None
    try:
        assert "EMBEDDED listens on" in process.stdout.readline()
        url = process.stdout.readline().strip().removeprefix("DICOMweb is at ")
        assert httpx2.get(f"{url}/studies", timeout=30).status_code == 401
        login = {"Authorization": "Bearer t0ken"}
        assert httpx2.get(f"{url}/studies", headers=login, timeout=30).json() == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_query_and_retrieve_take_private_keys_as_scenarios_do(tmp_path: Path) -> None:
    tags = [
        {
            "(0019,xx02) ACME": {"vr": "LO", "value": value},
            "(0019,xx03) ACME": {"vr": "LO", "value": "SAME"},
        }
        for value in ("A1", "A2")
    ]
    series = [{"modality": "CT", "images": 1, "size": [64, 64], "tags": one} for one in tags]
    scenario = write_scenario(
        tmp_path / "made.yaml",
        [{"generate": {"to": "dicom"}}],
        patients=[{"id": "PRIVATE1", "studies": [{"series": [one]} for one in series]}],
    )
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    files = sorted(str(file) for file in (out / "dicom").rglob("*.dcm"))
    with served(tmp_path / "pacs") as port:
        assert dcmtk("storescu", "127.0.0.1", str(port), *files).returncode == 0
        peer = f"EMBEDDED@127.0.0.1:{port}"
        key = "(0019,XX02) ACME=A2"
        more = ("--return", "(0019,xx03) ACME,PatientID")
        asked = ("pacs", "query", peer, "study", "PatientID=PRIVATE1", key, *more)
        found = fabricate(*asked, "--format", "json").check()
        [row] = [json.loads(line) for line in found.out.splitlines()]
        assert row["(0019,xx02) ACME"] == "A2"
        assert row["(0019,xx03) ACME"] == "SAME"
        assert not [name for name in row if name.startswith("0019")]
        shown = fabricate(*asked).check().out
        assert "(0019,xx02) ACME" in shown
        brought = ("pacs", "retrieve", peer, key, "--out", tmp_path / "back")
        fabricate(*brought).check()
        wrong = fabricate("pacs", "query", peer, "image", "(0018,xx02) ACME=A2").check(2)
        assert "its group is even" in wrong.err
        typed = fabricate("pacs", "query", peer, "image", "(0019,02)=A2").check(2)
        assert "(0009,xx01)" in typed.err
    assert len(list((tmp_path / "back").rglob("*.dcm"))) == 1
