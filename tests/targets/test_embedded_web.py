"""The embedded PACS of a run speaks DICOMweb when a step asks for it, and only then."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.test_tls import make_identity
from tests.peers.processes import Modality, free_port, orthanc
from tests.running import ROOT, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

DICOMWEB = ROOT / "scenarios" / "dicomweb.yaml"
PATIENTS = [
    {"id": "WEB1", "studies": [{"series": [{"modality": "CT", "images": 2, "size": [64, 64]}]}]}
]
BACK_AND_FORTH = [
    {"send": {"to": "pacs", "via": "stow"}},
    {"retrieve": {"from": "pacs", "via": "wado"}, "save_as": "back"},
    {"assert": [{"pixels": {"of": "back"}}, {"stored": {"on": "pacs", "via": "qido"}}]},
]


def outcome_of(folder: Path, embedded: dict[str, Any], made: list[Any], **more: Any) -> str:
    scenario = write_scenario(folder / "web.yaml", made, patients=PATIENTS)
    site = write_site(folder / "site.yaml", {"pacs": {"embedded": embedded}})
    out = folder / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out, **more)
    return str(record(out)["outcome"])


def test_the_shipped_scenario_passes(tmp_path: Path) -> None:
    fabricate("run", DICOMWEB, "--registry", ":memory:", "--out", tmp_path / "run").check()


@pytest.mark.peer
def test_it_passes_on_orthanc_too(tmp_path: Path) -> None:
    ours = Modality("FABRICATE", free_port())
    with orthanc(tmp_path, modalities=[ours], plugins=["libOrthancDicomWeb.so"]) as server:
        services = {
            "dicom": {"host": server.host, "port": server.port, "ae_title": server.ae_title},
            "dicomweb": {"url": f"{server.http}/dicom-web"},
            "orthanc": {"url": server.http},
        }
        site = write_site(tmp_path / "site.yaml", {"pacs": services})
        options = ("--site", site, "--registry", ":memory:", "--out", tmp_path / "run")
        fabricate("run", DICOMWEB, *options).check()


@pytest.mark.parametrize(
    "embedded",
    [
        {"users": {"fab": "s3cret"}},
        {"dicomweb": {"token": "t0ken"}, "calling_ae_titles": ["FABRICATE"]},
    ],
)
def test_it_logs_in_where_it_has_to(tmp_path: Path, embedded: dict[str, Any]) -> None:
    assert outcome_of(tmp_path, embedded, BACK_AND_FORTH) == "passed"
    [pacs] = record(tmp_path / "run")["targets"]
    used = {one["service"] for one in pacs["seen"] if one["outcome"] == "used"}
    assert used == {"STOW-RS", "QIDO-RS", "WADO-RS"}
    assert not used & set(pacs["not_tried"])


def test_without_a_login_an_allow_list_shuts_it_out(tmp_path: Path) -> None:
    embedded = {"calling_ae_titles": ["FABRICATE"]}
    assert outcome_of(tmp_path, embedded, BACK_AND_FORTH) != "passed"
    assert "403" in str(steps(record(tmp_path / "run")))


def test_a_target_at_its_fixed_port_starts_it(tmp_path: Path) -> None:
    """By its URL, as another system would reach it, before anything else has asked it for something."""
    port = free_port()
    pacs = {"embedded": {"dicomweb": {"port": port}}}
    web = {"dicomweb": {"url": f"http://localhost:{port}/dicom-web"}}
    site = write_site(tmp_path / "site.yaml", {"pacs": pacs, "web": web})
    made = [
        {"echo": {"to": "web"}},
        {"send": {"to": "web"}},
        {"assert": [{"stored": {"on": "pacs"}}]},
    ]
    patients = [{"id": "{{ matrix.id }}", "studies": PATIENTS[0]["studies"]}]
    matrix = {"id": ["WEB1", "WEB2"]}
    scenario = write_scenario(tmp_path / "s.yaml", made, patients=patients, matrix=matrix)
    fabricate("run", scenario, "--site", site, "--out", tmp_path / "run").check()


@pytest.mark.peer
def test_its_tls_protects_http_too(tmp_path: Path) -> None:
    identity = make_identity(tmp_path, "server")
    embedded = {"tls": {"certificate": str(identity.certificate), "key": str(identity.key)}}
    assert outcome_of(tmp_path, embedded, BACK_AND_FORTH) == "passed"
    (case,) = record(tmp_path / "run")["cases"]
    assert "https://127.0.0.1" in str(case)


def test_faults_are_met_over_http(tmp_path: Path) -> None:
    made = [{"send": {"to": "pacs", "via": "stow"}, "save_as": "sent"}]
    embedded = {"faults": [{"answer": {"status": "A700"}}]}
    assert outcome_of(tmp_path, embedded, made) == "failed"
    assert "A700" in str(record(tmp_path / "run"))


def test_a_run_that_asks_for_no_dicomweb_loads_no_http_server(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "pacs"}}], patients=PATIENTS)
    arguments = ["run", str(scenario), "--registry", ":memory:", "--out", str(tmp_path / "run")]
    code = (
        "import sys; from scenario_runner.cli import main; sys.argv[1:] = "
        f"{arguments!r}\ntry: main()\nexcept SystemExit as end: print('exit', end.code)\n"
        "print([m for m in ('starlette', 'uvicorn', 'h11') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
