"""The run folder: every file agrees with every other, nothing is loaded from outside, nothing is secret."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import jsonschema

from tests.acceptance.scripts import Ran, run, write
from tests.running import ROOT, events, fabricate, write_site

if TYPE_CHECKING:
    from pathlib import Path

import pytest

MIXED = """\
requirements: [R-ALL]
steps:
  - {id: greet, log: {message: "<script>alert(1)</script> & 山田"}}
  - send: {to: pacs}
  - id: judge
    assert:
      - {title: "<b>bold</b>", equal: {actual: "<i>", expected: "]]>"}}
  - {id: never, log: {message: x}}
finally:
  - delete: {from: pacs}
"""


@pytest.fixture
def mixed(tmp_path: Path) -> Ran:
    return run(tmp_path, MIXED, 1)


def test_the_manifest_names_every_file_with_its_hash(mixed: Ran) -> None:
    manifest = json.loads((mixed.folder / "manifest.json").read_text("utf-8"))
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    there = {
        path.relative_to(mixed.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in mixed.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert listed == there


def test_the_record_fits_its_published_schema_and_counts_steps_as_the_events_do(mixed: Ran) -> None:
    schema = json.loads((ROOT / "schemas" / "run.v1.schema.json").read_text("utf-8"))
    jsonschema.validate(mixed.run, schema)
    ended = {e["id"]: e["outcome"] for e in events(mixed.folder) if e["event"] == "step_finished"}
    assert ended == mixed.outcomes()


def test_the_report_loads_nothing_and_escapes_everything(mixed: Ran) -> None:
    html = (mixed.folder / "report.html").read_text("utf-8")
    assert "<script" not in html
    assert "<b>bold</b>" not in html
    assert "山田" in html
    assert "Content-Security-Policy" in html
    sources = re.findall(r"""(?:src|action)\s*=\s*["']([^"']*)""", html)
    assert all(source.startswith("data:") for source in sources), sources
    links = set(re.findall(r"""href\s*=\s*["']([^"']*)""", html))
    for link in links:
        # What lies beside the report may be followed, nothing else; an icon is a part of the page.
        assert link.startswith(("#", "data:")) or (mixed.folder / link).is_file(), link
    assert "@import" not in html
    assert "url(http" not in html


def test_reports_written_again_are_the_same_files(mixed: Ran) -> None:
    names = ("run.json", "report.html", "junit.xml", "ctrf.json", "manifest.json")
    before = {name: (mixed.folder / name).read_bytes() for name in names}
    for name in names:
        (mixed.folder / name).unlink()
    fabricate("report", mixed.folder).check()
    assert {name: (mixed.folder / name).read_bytes() for name in names} == before


def test_the_same_seed_gives_the_same_bytes_however_many_workers(tmp_path: Path) -> None:
    text = """\
matrix: {k: [1, 2, 3]}
steps:
  - generate: {to: "dicom{{ matrix.k }}"}
  - send: {to: pacs}
"""
    found = []
    path = write(tmp_path, text)
    for workers in ("1", "3"):
        out = tmp_path / f"workers-{workers}"
        fabricate("run", path, "--registry", ":memory:", "--workers", workers, "--out", out).check()
        files = sorted(out.glob("dicom*/**/*.dcm"))
        assert len(files) == 6
        found.append({file.relative_to(out): file.read_bytes() for file in files})
    assert found[0] == found[1]


def test_numbers_go_on_from_run_to_run_and_a_plan_takes_none(tmp_path: Path) -> None:
    path = write(tmp_path, "steps:\n  - generate: {}\n")
    registry = tmp_path / "registry.sqlite3"
    numbers = []
    for count in range(2):
        out = tmp_path / f"run-{count}"
        fabricate("plan", path, "--registry", registry).check()
        fabricate("run", path, "--registry", registry, "--out", out).check()
        case = json.loads((out / "run.json").read_text("utf-8"))["cases"][0]
        numbers.append((case["patients"][0]["id"], case["patients"][0]["studies"][0]["accession"]))
    assert [patient for patient, _ in numbers] == ["PID000001", "PID000002"]
    assert [accession[-7:] for _, accession in numbers] == ["0000001", "0000002"]


def test_a_value_from_the_environment_is_shown_nowhere(tmp_path: Path) -> None:
    secret = "S3CRET-hunter2"
    auth = {"basic": {"user": "fab", "password": "{{ env.TRIAL_PASSWORD }}"}}
    service = {"host": "127.0.0.1", "port": 1, "ae_title": "{{ env.TRIAL_AE }}"}
    orthanc = {"url": "http://127.0.0.1:1", "auth": auth}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service, "orthanc": orthanc}})
    path = write(tmp_path, "steps:\n  - echo: {to: pacs}\n")
    out = tmp_path / "run"
    done = fabricate(
        "run", path, "--site", site, "--registry", ":memory:", "--out", out,
        env={"TRIAL_PASSWORD": secret, "TRIAL_AE": "HIDDEN-AE"},
    ).check(4)  # fmt: skip
    for file in out.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert secret.encode() not in data, file
            assert b"HIDDEN-AE" not in data, file
    assert secret not in done.out + done.err
    assert "HIDDEN-AE" not in done.out + done.err


def test_a_variable_that_is_not_set_is_named_with_its_position(tmp_path: Path) -> None:
    service = {"host": "127.0.0.1", "port": 1, "ae_title": "{{ env.TRIAL_NOT_SET }}"}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    path = write(tmp_path, "steps:\n  - echo: {to: pacs}\n")
    done = fabricate("run", path, "--site", site, "--out", tmp_path / "run").check(3)
    assert f"{site}:1:" in done.err
    assert "TRIAL_NOT_SET" in done.err
