"""Every piece of YAML in the documentation is one that the program takes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate
from scenario_runner.language.rendering import render
from scenario_runner.plugins import Plugins
from tests.docs.markdown import GUIDES, REFERENCE, Fence, fences
from tests.docs.wrapping import whole
from tests.running import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = frozenset(Plugins([ROOT / "plugins"], outside=False).checks())
YAML = [
    fence
    for page in [*GUIDES, *sorted(REFERENCE.glob("*.md"))]
    for fence in fences(page)
    if fence.language == "yaml"
]
FILES = {
    "rows.csv": "id,name,study.description\nPID1,CITIZEN^JANE,Chest\n",
    "people.json": '[{"id": "PID2", "studies": [{"modality": "CT"}]}]\n',
}
"""What the pages name and a reader would have beside the scenario."""


@pytest.mark.parametrize("fence", YAML, ids=str)
def test_a_snippet_validates(fence: Fence, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins")
    for example in fences(fence.page):
        if example.language == "python" and str(example.file).startswith("plugins/"):
            (tmp_path / str(example.file)).write_text(example.text, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    site = tmp_path / "a-site.yaml"
    site.write_text(
        "schema: site/v1\nname: a\nplugins: plugins\n"
        "targets: {pacs: {embedded: {}}, archive: {embedded: {}}, inbox: {embedded: {}}}\n",
        encoding="utf-8",
    )
    file = tmp_path / "snippet.yaml"
    file.write_text(whole(fence.text, CHECKS), encoding="utf-8")
    is_site = file.read_text("utf-8").lstrip().startswith("schema: site/v1")
    found = validate(Sources(paths=[file], site=file if is_site else site)).diagnostics
    assert not found, f"{fence}\n{render(found, 'text')}"


def test_a_wrong_snippet_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "snippet.yaml"
    file.write_text(whole("- query: {on: pacs, lvl: study}\n", CHECKS), encoding="utf-8")
    assert {one.code for one in validate(Sources(paths=[file])).diagnostics} >= {"FAB104"}
