"""The reference says what the program does, because it is made from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import Field, TypeAdapter

from scenario_runner import errors
from scenario_runner.cli.output import DEFECT
from scenario_runner.cli.streams import UNREAD
from scenario_runner.descriptions import attribute_docstrings
from scenario_runner.evidence.record import RunRecord
from scenario_runner.language.catalogue import TITLES
from scenario_runner.language.entries import StepSiblings
from scenario_runner.language.model import PatientSpec, SeriesSpec, StudySpec
from scenario_runner.language.quantities import Share
from scenario_runner.plugins import Plugins
from scenario_runner.reference.command_line import EXIT_CODES
from scenario_runner.reference.entries import steps_page
from scenario_runner.reference.pages import pages
from scenario_runner.reference.words import default_of
from tests.docs.markdown import DOCS, GUIDES, REFERENCE, anchors, fences, links
from tests.running import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = Plugins(outside=False)
ALL_PAGES = [*GUIDES, *sorted(REFERENCE.glob("*.md")), *sorted((DOCS / "decisions").glob("*.md"))]


def test_each_generated_page_is_what_the_models_say_now() -> None:
    for name, page in pages().items():
        stored = (REFERENCE / name).read_text("utf-8")
        assert stored == page, f"{name}: run python -m scenario_runner.reference"


@pytest.mark.parametrize("kind", ["steps", "checks"])
def test_every_step_and_check_has_a_section_that_diagnostics_can_point_to(kind: str) -> None:
    names = set(getattr(PLUGINS, kind)())
    assert names <= anchors(REFERENCE / f"{kind}.md")


@pytest.mark.parametrize("kind", ["steps", "checks"])
def test_every_step_and_check_shows_an_example(kind: str) -> None:
    shown = [fence.text for fence in fences(REFERENCE / f"{kind}.md")]
    for name, model in getattr(PLUGINS, kind)().items():
        assert model.example.startswith(f"{name}:"), name
        assert f"- {model.example}\n" in shown


def test_a_plugins_step_would_have_its_section_too() -> None:
    page = steps_page(Plugins([ROOT / "plugins"], outside=False))
    assert "## inventory\n" in page
    assert (
        "| `of` | name of a target | **required** | The PACS whose instances are listed. |" in page
    )


def test_every_key_of_patients_studies_and_series_is_explained() -> None:
    for model in (PatientSpec, StudySpec, SeriesSpec, StepSiblings):
        explained = attribute_docstrings(model)
        for name in model.model_fields:
            assert explained.get(name), f"{model.__name__}.{name}"


def test_a_default_that_is_a_share_is_said_in_percent() -> None:
    """It was said in seconds, as durations are."""
    assert default_of(TypeAdapter(Annotated[Share, Field(default=0.95)]).json_schema()) == "`95%`"
    assert default_of({"type": "number", "default": 30.0}) == "`30s`"


def test_every_exit_code_of_the_program_is_in_the_table() -> None:
    raised = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.FabricatorError)
    }
    assert raised | {0, DEFECT, UNREAD} == set(EXIT_CODES)


def test_the_record_page_has_every_key_of_a_run() -> None:
    page = (REFERENCE / "run-record.md").read_text("utf-8")
    for name, field in RunRecord.model_fields.items():
        assert f"| `{field.alias or name}` |" in page


def test_every_diagnostic_is_in_its_reference() -> None:
    page = (REFERENCE / "diagnostics.md").read_text("utf-8")
    assert set(re.findall(r"^### (FAB\d{3})", page, re.MULTILINE)) == set(TITLES)


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_no_link_leads_to_nothing(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(ROOT), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name}: {link}"
