"""What a shell completes: commands, options, and the names that are in files here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import command, environment, fabricate, write_site

SCENARIO = """\
schema: scenario/v1
name: one
tags: [smoke, quick]
vars: {slices: 3}
matrix: {station: [CT1, CT2]}
patients: [{studies: [{series: [{modality: CT, images: 1}]}]}]
steps:
  - echo: {to: pacs}
    id: hello
  - send: {to: pacs}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.yaml").write_text(SCENARIO)
    dicom = {"host": "pacs.example", "port": 104, "ae_title": "ARCHIVE"}
    write_site(tmp_path / "site.yaml", {"archive": {"dicom": dicom}, "pacs": {"embedded": {}}})
    for name in ("20260101T000000Z-aaaa", "20260102T000000Z-bbbb"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "events.ndjson").touch()
    return tmp_path


def completed(line: str, folder: Path) -> list[str]:
    """The words that are offered for the last one of a line."""
    words = line.split(" ")
    env = environment(
        {
            "_FABRICATE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
    )
    done = subprocess.run(
        command(), cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [one.partition(",")[2] for one in done.stdout.splitlines() if one]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fabricate stu", ["study"]),
        ("fabricate study m", ["mr", "mg"]),
        ("fabricate study --to a", []),
        ("fabricate study --site site.yaml --to a", ["archive"]),
        ("fabricate pacs echo --site site.yaml ", ["archive", "pacs"]),
        ("fabricate pacs query pacs study AccessionN", ["AccessionNumber="]),
        ("fabricate run one.yaml --tag ", ["smoke", "quick"]),
        ("fabricate run one.yaml --from ", ["hello", "send"]),
        ("fabricate run one.yaml --set ", ["slices=", "matrix.station="]),
        ("fabricate run scenarios/xray", ["scenarios/xray_smoke.yaml", "scenarios/xray"]),
        ("fabricate rerun 20260102", ["20260102T000000Z-bbbb", "20260102"]),
        ("fabricate run missing.yaml --tag ", []),
        ("fabricate --qui", ["--quiet"]),
    ],
)
def test_names_are_completed(line: str, words: list[str], folder: Path) -> None:
    assert completed(line, folder) == words


def test_patients_of_the_registry_are_completed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = folder / "registry.sqlite3"
    fabricate("patient", "generate", "--id", "P-77", "--registry", registry).check()
    monkeypatch.setenv("FABRICATE_REGISTRY", str(registry))
    for line in (
        "study --patient",
        "patient show",
        "patient delete",
        "patient merge",
        "patient merge X",
    ):
        assert completed(f"fabricate {line} P-", folder) == ["P-77"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_bash_takes_what_is_printed(tmp_path: Path) -> None:
    script = fabricate("completion", "bash").check().out
    asked = f"""
{script}
fabricate() {{ {sys.executable} -m scenario_runner "$@"; }}
COMP_WORDS=(fabricate study m); COMP_CWORD=2
_fabricate_completion fabricate
echo "${{COMPREPLY[@]}}"
complete -p fabricate
"""
    asked = asked.replace("env COMP_WORDS", "COMP_WORDS").replace("$1)", "fabricate)")
    done = subprocess.run(
        ["bash", "-c", asked],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        check=True,
    )
    assert done.stdout.splitlines()[0] == "mr mg"
    assert "_fabricate_completion" in done.stdout.splitlines()[1]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script_of_theirs(shell: str) -> None:
    script = fabricate("completion", shell).check().out
    assert f"_FABRICATE_COMPLETE={shell}_complete" in script
