"""The commands of the guides do what the guides say."""

from __future__ import annotations

import shlex
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

import click
import pytest
import yaml

from scenario_runner.cli.group import fabricate as group
from tests.docs.markdown import DOCS, GUIDES, fences
from tests.docs.shell import follow, mentioned, named, prepare
from tests.running import fabricate, record

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = DOCS / "guide"
TRIED_BELOW = {"first-run.md", "evidence.md", "plugins.md"}
WITH_COMMANDS = [
    page
    for page in GUIDES
    if page.name not in TRIED_BELOW and any(fence.language == "sh" for fence in fences(page))
]
MENTIONED = {text for page in GUIDES for text in mentioned(page)}
NAMED = {text for page in GUIDES for text in named(page)}
"""These may leave out what a command is about: ``fabricate validate`` tells it."""


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_a_page_can_be_followed_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    assert follow(page, prepare(page, tmp_path)) > 0


def test_a_forgotten_registry_and_a_seed_make_the_same_study_again(tmp_path: Path) -> None:
    follow(GUIDE / "first-run.md", prepare(GUIDE / "first-run.md", tmp_path))
    uids = [
        record(tmp_path / name)["cases"][0]["patients"][0]["studies"][0]["uid"]
        for name in ("third", "fourth")
    ]
    assert uids[0] == uids[1]


def test_the_mistake_of_the_guide_is_answered_as_it_says(tmp_path: Path) -> None:
    page = GUIDE / "first-run.md"
    shown = next(fence.text for fence in fences(page) if fence.language == "text")
    right = next(fence.text for fence in fences(page) if fence.file == "knee.yaml")
    (tmp_path / "knee.yaml").write_text(right.replace("level:", "lvel:"), encoding="utf-8")
    done = fabricate("validate", "knee.yaml", cwd=tmp_path).check(3)
    assert done.out == shown


def test_what_the_guide_verifies_notices_a_change(tmp_path: Path) -> None:
    follow(GUIDE / "evidence.md", prepare(GUIDE / "evidence.md", tmp_path))
    with (tmp_path / "evidence-1" / "run.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    changed = fabricate("verify", "evidence-1", cwd=tmp_path).check(1)
    assert changed.out.startswith("changed   run.json ")


def test_the_plugins_of_the_guide_work_together(tmp_path: Path) -> None:
    follow(GUIDE / "plugins.md", prepare(GUIDE / "plugins.md", tmp_path))
    assert record(tmp_path / "extended")["outcome"] == "passed"
    assert len(list((tmp_path / "dropped").glob("*.dcm"))) == 2
    assert (tmp_path / "extended" / "summary.md").is_file()


@pytest.mark.parametrize("text", sorted(MENTIONED | NAMED))
def test_a_command_in_a_transcript_or_pipeline_is_one_the_program_takes(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Arguments that name files must exist for the command line to take them.
    monkeypatch.chdir(tmp_path)
    words = [
        word for word in shlex.split(text.partition(" >")[0].partition("  #")[0]) if word != "&"
    ]
    current: click.Command = group
    context: click.Context | None = None
    rest = words[1:]
    (tmp_path / "runs").mkdir()
    while isinstance(current, click.Group) and (rest or text in MENTIONED):
        context = click.Context(current, parent=context)
        found = current.get_command(context, rest[0])
        assert found is not None, text
        current, rest = found, rest[1:]
    for before, word in zip(["", *rest], rest, strict=False):
        if "." in word and not word.startswith("-") and "@" not in word:
            file = tmp_path / word
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        elif not word.startswith("-"):
            (tmp_path / word).mkdir(parents=True, exist_ok=True)
            if before == "--site":
                (tmp_path / word / "site.yaml").touch()
    with (
        nullcontext()
        if text in MENTIONED
        else suppress(click.MissingParameter, click.exceptions.NoArgsIsHelpError)
    ):
        current.make_context("fabricate", list(rest), parent=context)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_pipelines_are_yaml(page: Path) -> None:
    for fence in fences(page):
        if fence.language == "yml":
            assert isinstance(yaml.safe_load(fence.text), dict)
