"""Every command that asks a system with a login, and every form of a report: the login is in nothing that is said or written.

A command, or an option of ``report``, that is not named here fails a test: whoever adds one says where it is tried.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import pikepdf
import pytest

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import reported
from tests.archive.samples import sample
from tests.orders.hl7.feeds import order
from tests.redaction.encodings import SECRET
from tests.redaction.test_said_back import _GROUPS, _assert_quiet, site
from tests.running import fabricate as run_fabricate
from tests.running import write_scenario

__all__ = ["site"]
ASKING = {
    "pacs echo": ["pacs", "echo", "pacs"],
    "pacs send": ["pacs", "send", "pacs", "one.dcm", "two.dcm"],
    "pacs send by STOW": ["pacs", "send", "web", "one.dcm"],
    "pacs retrieve": ["pacs", "retrieve", "web", "StudyInstanceUID=1.2.3", "--out", "got"],
    "pacs retrieve with a look-up": ["pacs", "retrieve", "web", "AccessionNumber=1", "PatientID=fails", "--out", "got"],
    "pacs delete": ["pacs", "delete", "web", "StudyInstanceUID=1.2.3", "--via", "dicomweb", "--yes"],
    "pacs learn": ["pacs", "learn", "pacs", "--timeout", "60"],
    "study": ["study", "ct", "--to", "pacs", "--images", "2", "--yes", "--out", "run", "--save", "study.yaml"],
    "from-hl7": ["from-hl7", "order.hl7", "--to", "pacs", "--modality", "CT", "--yes", "--out", "run"],
}  # fmt: skip
"""What is tried here, by its command and what is special about it."""
ELSEWHERE = {
    "run": "test_said_back", "pacs query": "test_said_back", "serve": "test_served",
    **dict.fromkeys(("hl7 send", "from-fhir", "plan", "preview"), "test_orders_said_back"),
    "pacs serve": "is asked, and asks nobody but the worklist's and C-MOVE's receivers",
}  # fmt: skip
ASKS_NOBODY = {
    "check", "completion", "copy", "explain", "fmt", "hl7 listen", "hl7 map", "hl7 show", "library diff",
    "library docs", "library list", "library lock", "library pack", "library update", "library verify", "list", "lsp",
    "new", "pacs rebuild", "schema", "validate", "view",
    *(f"patient {one}" for one in (
        "config", "delete", "export", "generate", "import", "list", "load-config", "merge", "search", "show", "stats", "test-ids",
    )),
    *(f"user {one}" for one in ("add", "disable", "enable", "key", "list", "password", "remove", "role")),
    *(f"viewer {one}" for one in ("install", "remove", "status")),
    *(f"audit {one}" for one in ("export", "list", "verify")), "backup", "restore",
    *(f"validator {one}" for one in ("descriptor", "gateway", "put-back", "refused", "serve", "validator")),
}  # fmt: skip
"""Commands that send nothing to a target of a site."""
OF_A_RUN = {
    "report": ["report", "run", "--out", "again"],
    "report --detail": ["report", "run", "--out", "again", "--detail", "all"],
    "report --junit": ["report", "run", "--out", "again", "--junit", "checks"],
    "report --redact": ["report", "run", "--redact", "--out", "again"],
    "report --requirements": ["report", "run", "--out", "again", "--requirements", "r.csv"],
    "report --requirements json": ["report", "run", "--out", "again", "--requirements", "r.json"],
    "report --requirements reqif": ["report", "run", "--out", "again", "--requirements", "r.reqif"],
    "report --github": ["report", "run", "--out", "again", "--github"],
    "report --pdf": ["report", "run", "--out", "again", "--pdf"],
    "report --pdf-a": ["report", "run", "--out", "again", "--pdf-a"],
    "runs show": ["runs", "show", "run"],
    "runs list": ["runs", "list", "."],
    "runs export": ["runs", "export", "run", "run.zip"],
    "runs prune": ["runs", "prune", ".", "--keep", "9", "--yes"],
    "compare": ["compare", "run", "run", "--html", "compared.html"],
    "history": ["history", ".", "--html", "history.html"],
    "verify": ["verify", "run"],
    "rerun": ["rerun", "run", "--out", "again"],
}
"""What is made of the evidence of a run."""
SAME_AS_WITHOUT = {
    "report --out",
    "report --site",
    "report --trust",
    "report --quiet",
    "report --verbose",
}
SIGNS = {"sign"}
"""Writes names and digests, and nothing of what is in the files."""


def _commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            yield from _commands(below, f"{name} {each}".strip())
    else:
        yield name, command


def test_each_command_and_each_form_of_a_report_is_tried_somewhere() -> None:
    known = dict(_commands(fabricate))
    tried = [
        one for one in known if any(f"{each} ".startswith(f"{one} ") for each in ASKING | OF_A_RUN)
    ]
    told = [*tried, *ELSEWHERE, *ASKS_NOBODY, *SIGNS]
    assert sorted(told) == sorted(known)
    options = {
        f"report {one}"
        for parameter in known["report"].params
        if isinstance(parameter, click.Option)
        for one in parameter.opts
        if one.startswith("--")
    }
    assert {
        one for one in options if not any(f"{each} ".startswith(f"{one} ") for each in OF_A_RUN)
    } == SAME_AS_WITHOUT


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAB_SECRET", SECRET)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path


def _said(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    code = reported(partial(fabricate.main, arguments))
    out, err = capfd.readouterr()
    return [("out", out), ("err", err), ("code", str(code))]


def _written(folder: Path) -> list[tuple[str, str]]:
    """Every file as text, of a PDF its streams."""
    texts = []
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".pdf":
            with pikepdf.open(path) as pdf:
                streams = [one for one in pdf.objects if isinstance(one, pikepdf.Stream)]
                data += b"".join(one.read_bytes() for one in streams if "/Width" not in one)
        elif path.suffix == ".zip":
            shutil.unpack_archive(path, folder / "unpacked")
            texts += _written(folder / "unpacked")
        texts.append((str(path.relative_to(folder)), data.decode("utf-8", "replace")))
    return texts


@pytest.mark.parametrize("name", ASKING)
def test_a_command_that_asks_says_it_nowhere(
    here: Path, site: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for place, file in enumerate(("one.dcm", "two.dcm")):
        (here / file).write_bytes(sample(number=place + 1).file)
    (here / "order.hl7").write_bytes(order())
    arguments = [*ASKING[name], "--site", str(site)]
    if name in ("study", "from-hl7"):
        arguments += ["--registry", str(here / "registry.db")]
    said = _said(arguments, capfd)
    assert said[-1] != ("code", "0") or name == "pacs learn", said
    _assert_quiet([*said, *_written(here)])


@pytest.fixture(scope="module")
def played(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose peers say it in statuses, matches and refusals."""
    folder = tmp_path_factory.mktemp("played")
    match = {"PatientID": "matches", "AccessionNumber": "{{ matrix.k }}"}
    query = {
        "on": "web",
        "level": "study",
        "match": match,
        "return": ["PatientName", "StudyDescription"],
    }
    steps: list[Any] = [
        {"send": {"to": "pacs"}, "fails": "."},
        {"query": query, "save_as": "found"},
        {"log": {"message": "{{ found }}"}},
        {
            "assert": [{"equal": {"actual": "{{ found }}", "expected": "x"}}],
            "requirements": ["R-1"],
        },
    ]
    scenario = write_scenario(folder / "s.yaml", steps, matrix={"k": list(range(len(_GROUPS)))})
    run_fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", folder / "run", "--pdu-log",
        env={"FAB_SECRET": SECRET},
    ).check(1)  # fmt: skip
    return folder / "run"


@pytest.mark.parametrize("name", OF_A_RUN)
def test_what_is_made_of_a_run_says_it_nowhere(
    here: Path, played: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(played, here / "run")
    said = _said(OF_A_RUN[name], capfd)
    assert said[-1][1] in ("0", "1"), said
    shutil.rmtree(here / "run")  # what a run leaves is looked at by test_said_back
    _assert_quiet([*said, *_written(here)])
