"""The embedded PACS of a run is what the site file says: one run, a case for each way to configure it."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

STEPS: list[Any] = [
    {"echo": {"to": "{{ matrix.pacs }}"}},
    {"id": "sent", "send": {"to": "{{ matrix.pacs }}"}},
    {"commit": {"to": "{{ matrix.pacs }}", "timeout": "4s"}},
    {"retrieve": {"from": "{{ matrix.pacs }}", "via": "c-move"}},
    {"id": "scheduled", "worklist": {"from": "{{ matrix.pacs }}"}},
]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """The steps of each case by the name of its PACS."""
    folder = tmp_path_factory.mktemp("configured")
    program = shutil.which("openssl")
    assert program is not None, "openssl is not installed"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pacs",
         "-keyout", folder / "pacs.key", "-out", folder / "pacs.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "empty").mkdir()
    embedded: dict[str, dict[str, Any]] = {
        "same": {},
        "later": {"commitment": "later"},
        "new": {"commitment": "new"},
        "locked": {
            "tls": {"certificate": "pacs.pem", "key": "pacs.key", "ca": "pacs.pem"},
            "users": {"fab": "secret"},
            "ae_title": "LOCKED",
            "check_called_ae_title": True,
        },
        "coercing": {"coerce": {"PatientID": "MPI7"}, "worklist": "empty"},
        "picky": {"sop_classes": ["MRImageStorage"]},
        "closed": {"calling_ae_titles": ["SOMEBODY"]},
    }
    site = write_site(
        folder / "site.yaml", {name: {"embedded": one} for name, one in embedded.items()}
    )
    scenario = write_scenario(folder / "s.yaml", STEPS, matrix={"pacs": list(embedded)})
    fabricate("run", scenario, "--site", site, "--out", folder / "run").check(4)
    run = record(folder / "run")
    return {case["matrix"]["pacs"]: steps(run, n) for n, case in enumerate(run["cases"])}


Cases = dict[str, dict[str, dict[str, Any]]]


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        ("same", "same association"),
        ("later", "later association"),
        ("new", "association of the peer"),
    ],
)
def test_commitment_is_reported_where_the_site_says(cases: Cases, name: str, delivery: str) -> None:
    commit = cases[name]["commit"]
    assert commit["outcome"] == "passed"
    assert commit["facts"]["delivery"] == delivery


def test_a_run_speaks_tls_and_logs_in_to_its_own_pacs(cases: Cases) -> None:
    assert {step["outcome"] for step in cases["locked"].values()} == {"passed"}
    facts = cases["locked"]["echo"]["facts"]["association"]
    assert facts["called_ae_title"] == "LOCKED"


def test_coercion_is_a_warning_that_names_the_attribute(cases: Cases) -> None:
    sent = cases["coercing"]["sent"]
    assert sent["outcome"] == "passed"
    assert "2 with a warning" in sent["message"]
    assert sent["facts"]["statuses"] == {"B000": 2}


def test_a_sop_class_that_is_not_taken_is_named(cases: Cases) -> None:
    sent = cases["picky"]["sent"]
    assert sent["outcome"] != "passed"
    assert "abstract syntax (SOP class) not supported" in sent["message"]


def test_an_ae_title_that_is_not_let_in_is_told(cases: Cases) -> None:
    assert "calling AE title not recognized" in cases["closed"]["echo"]["message"]


def test_the_plan_is_on_the_worklist_unless_a_folder_is(cases: Cases) -> None:
    assert cases["same"]["scheduled"]["message"] == "1 worklist item", "its own case's, no other's"
    assert cases["coercing"]["scheduled"]["message"] == "0 worklist items"
