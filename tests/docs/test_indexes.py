"""Whoever looks for something finds it: the lists of scenarios, pages and records are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.markdown import DOCS, anchors, links
from tests.running import ROOT

SCENARIOS = [
    file
    for file in sorted((ROOT / "scenarios").rglob("*.yaml"))
    if "\nschema: scenario/v1\n" in f"\n{file.read_text('utf-8')}"
]
LISTED = {
    (ROOT / "scenarios" / target).resolve(): line
    for line in (ROOT / "scenarios/README.md").read_text("utf-8").splitlines()
    for target in re.findall(r"^\| \[\w+\]\(([\w/.]+)\)", line)
}


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_scenario_that_ships_is_listed_with_its_title(file: Path) -> None:
    title = yaml.safe_load(re.sub(r"\{\{.*?\}\}", "x", file.read_text("utf-8")))["title"]
    assert f"| {title} |" in LISTED[file.resolve()]


def test_nothing_is_listed_that_does_not_ship() -> None:
    assert set(LISTED) == {file.resolve() for file in SCENARIOS}


def test_scenarios_that_need_the_embedded_pacs_can_be_left_out() -> None:
    for file in SCENARIOS:
        text = file.read_text("utf-8")
        tagged = re.search(r"^tags: \[.*\bfaults\b.*\]$", text, flags=re.MULTILINE) is not None
        assert ("misbehave:" in text) == tagged, file.name


def test_every_page_is_linked_from_the_index() -> None:
    pages = {
        page.relative_to(DOCS).as_posix()
        for folder in ("guide", "reference")
        for page in (DOCS / folder).glob("*.md")
    }
    assert pages <= {link.partition("#")[0] for link in links(DOCS / "README.md")}


def test_every_decision_is_listed_in_order_with_its_title() -> None:
    rows = re.findall(
        r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.+) \|$",
        (DOCS / "decisions/README.md").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    records = sorted((DOCS / "decisions").glob("0*.md"))
    assert [name for _, name, _ in rows] == [record.name for record in records]
    for number, name, title in rows:
        heading = (DOCS / "decisions" / name).read_text("utf-8").splitlines()[0]
        assert heading == f"# {number} {title}"


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "scenarios/README.md"])
def test_the_first_pages_lead_somewhere(page: str) -> None:
    for link in links(ROOT / page):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_a_requirement_belongs_to_one_scenario_that_ships() -> None:
    """In a run of all of them, two that share one would prove each other's."""
    owners: dict[str, set[str]] = {}
    for file in SCENARIOS:
        for requirement in re.findall(r"PACS-\d+", file.read_text("utf-8")):
            owners.setdefault(requirement, set()).add(file.stem)
    assert owners
    assert all(len(files) == 1 for files in owners.values()), owners
