"""Every piece of YAML in the documentation is one that the program takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate
from scenario_runner.errors import Diagnostic
from scenario_runner.language.rendering import render
from scenario_runner.plugins import Plugins
from scenario_runner.service.validator.settings import read_settings
from tests.docs.markdown import GUIDES, REFERENCE, Fence, fences
from tests.docs.wrapping import whole
from tests.orders.hl7.feeds import order
from tests.running import ROOT

CHECKS = frozenset(Plugins([ROOT / "plugins"], outside=False).checks())
YAML = [
    fence
    for page in [*GUIDES, *sorted(REFERENCE.glob("*.md"))]
    for fence in fences(page)
    if fence.language == "yaml"
]
FILES = {
    "rows.csv": "id,name,study.description\nPID1,CITIZEN^JANE,Chest\n",
    "orders/chest.hl7": order().decode(),
    "people.json": '[{"id": "PID2", "studies": [{"modality": "CT"}]}]\n',
}
"""What the pages name and a reader would have beside the scenario."""
OF_A_LIBRARY = """schema: scenario/v1
name: {name}
vars: {{images: 2}}
matrix: {{modality: [CT, MR]}}
patients: [{{studies: [{{series: [{{modality: "{{{{ matrix.modality }}}}", images: "{{{{ vars.images }}}}"}}]}}]}}]
steps: [send: {{to: pacs}}]
"""
FILES |= {
    f"{name}.yaml"
    if name == "own"
    else f"libs/radiology/scenarios/{name}.yaml": OF_A_LIBRARY.format(name=name)
    for name in ("ct_roundtrip", "mr_roundtrip", "own")
}
SETTINGS = "schema: validator/v1"
"""Of another program than ``fabricate validate``, which reads them when it starts."""


def file_of(found: Diagnostic) -> str:
    """The name of the file that is wrong, or that uses what is wrong."""
    return Path((found.where.used or found.where).file).name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a reader of the pages has: a site, and the files and plugins they name."""
    folder = tmp_path_factory.mktemp("snippets")
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    shutil.copytree(ROOT / "tests" / "examples" / "valid" / "libs", folder / "libs")
    for page in GUIDES:
        for example in fences(page):
            if example.language == "python" and str(example.file).startswith("plugins/"):
                (folder / str(example.file)).write_text(example.text, encoding="utf-8")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / "a-site.yaml").write_text(
        "schema: site/v1\nname: a\nplugins: plugins\nreceiver: {hl7: {host: 127.0.0.1, port: 2576}}\n"
        "targets: {pacs: {embedded: {}}, archive: {embedded: {}}, inbox: {embedded: {}},\n"
        "  ris: {hl7: {host: 127.0.0.1, port: 2575}}, ehr: {fhir: {url: 'http://127.0.0.1:8080/fhir'}}}\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, list[Diagnostic]]:
    """What is said of each snippet, by its page and line; all scenarios are read together."""
    files = {str(fence): folder / f"snippet-{number}.yaml" for number, fence in enumerate(YAML)}
    for fence in YAML:
        files[str(fence)].write_text(whole(fence.text, CHECKS), encoding="utf-8")
    said: dict[str, list[Diagnostic]] = {}
    scenarios = {}
    for name, file in files.items():
        if file.read_text("utf-8").startswith(SETTINGS):
            read_settings(file, {})
            said[name] = []
        elif file.read_text("utf-8").lstrip().startswith("schema: site/v1"):
            said[name] = list(validate(Sources(paths=[file], site=file)).diagnostics)
        else:
            scenarios[name] = file
    together = validate(Sources(paths=[*scenarios.values()], site=folder / "a-site.yaml"))
    for name, file in scenarios.items():
        said[name] = [one for one in together.diagnostics if file_of(one) == file.name]
    assert sum(map(len, said.values())) >= len(together.diagnostics), "some are about other files"
    return said


@pytest.mark.parametrize("fence", YAML, ids=str)
def test_a_snippet_validates(fence: Fence, found: dict[str, list[Diagnostic]]) -> None:
    said = [one for one in found[str(fence)] if one.severity == "error"]
    assert not said, f"{fence}\n{render(said, 'text')}"


def test_what_is_yaml_is_called_so_and_tried() -> None:
    untried = [
        str(fence)
        for page in [*GUIDES, *sorted(REFERENCE.glob("*.md"))]
        for fence in fences(page)
        if fence.language != "yaml" and fence.text.startswith("schema:")
    ]
    assert not untried


def test_a_wrong_snippet_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "snippet.yaml"
    file.write_text(whole("- query: {on: pacs, lvl: study}\n", CHECKS), encoding="utf-8")
    said = validate(Sources(paths=[file])).diagnostics
    assert {(one.code, file_of(one)) for one in said} >= {("FAB104", "snippet.yaml")}
