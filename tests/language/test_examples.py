"""Every file under ``tests/examples``: good ones are read, bad ones get the words stored beside them.

To store the words anew after a deliberate change, delete the ``.txt`` files concerned and run

    python -m tests.language.store_renderings

from the top of the repository; then read the difference.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenario_runner.language.catalogue import TITLES
from scenario_runner.language.rendering import render
from scenario_runner.plugins import Plugins
from tests.language.reading import findings
from tests.language.store_renderings import INVALID, PAGE, with_examples

EXAMPLES = Path(__file__).parents[1] / "examples"

# Shown by tests with files of their own: what no file under version control can be.
WITHOUT_EXAMPLE = {"FAB001", "FAB002", "FAB006", "FAB610", "FAB613", "FAB614", "FAB906"}


def examples(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.yaml") if not p.name.endswith(".site.yaml"))


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


@pytest.mark.parametrize("file", examples(EXAMPLES / "valid"), ids=lambda p: p.stem)
def test_a_valid_example_has_no_finding(file: Path, plugins: Plugins) -> None:
    assert render(findings(file, plugins)) == ""


@pytest.mark.parametrize("file", examples(INVALID), ids=lambda p: p.stem)
def test_an_invalid_example_gets_the_stored_words(
    file: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(INVALID)
    found = findings(Path(file.name), plugins)
    assert {each.code for each in found} == {file.name[:6]}
    assert render(found) == file.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_code_has_an_example() -> None:
    shown = {file.name[:6] for file in examples(INVALID)}
    assert shown == set(TITLES) - WITHOUT_EXAMPLE


def test_every_stored_rendering_has_its_file() -> None:
    stored = {path.stem for path in INVALID.glob("*.txt")}
    assert stored == {file.stem for file in examples(INVALID)}


def test_every_code_is_explained_on_the_page_of_diagnostics() -> None:
    page = PAGE.read_text(encoding="utf-8")
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    assert headings == [f"{code}: {title}" for code, title in sorted(TITLES.items())]


def test_the_page_of_diagnostics_shows_what_the_program_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_examples(page)


def test_every_diagnostic_says_what_to_do() -> None:
    silent = [
        path.name
        for path in sorted(INVALID.glob("*.txt"))
        for block in re.split(r"(?m)^\S+:(?=\d+:\d+: )", path.read_text(encoding="utf-8"))[1:]
        if not any(
            line.startswith("   ") and line[3] != " " and "|" not in line[:9]
            for line in block.splitlines()
        )
    ]
    assert silent == []
