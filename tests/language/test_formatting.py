"""Files in the house's form: the same values and comments, and the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.cli.formatting import fmt
from scenario_runner.errors import InvalidInput
from scenario_runner.language.formatting import NotFormatted, formatted
from scenario_runner.language.loader import parse_document

ROOT = Path(__file__).parents[2]
UNTIDY = """\
# yaml-language-server: $schema=x

steps:   # what is done
    -   echo: {to:   pacs}   # first
        title: 'a "b"'
    # before the second
    -   log: {message: 'plain'}
vars: {time: 12:30:45, octal: 0123, no: NO, decimal: 1.10, e: 12E45, long: 'it''s'}
# the name
name: s
schema: scenario/v1
x-a: &a {b: 1}
"""
TIDY = """\
# yaml-language-server: $schema=x

schema: scenario/v1
# the name
name: s
vars: {time: 12:30:45, octal: 0123, no: NO, decimal: 1.10, e: 12E45, long: "it's"}
x-a: &a {b: 1}
steps: # what is done
  - echo: {to: pacs} # first
    title: 'a "b"'
    # before the second
  - log: {message: "plain"}
"""


def test_an_untidy_file_becomes_tidy_and_keeps_its_comments() -> None:
    made = formatted(UNTIDY, "s.yaml")
    squeezed = [" ".join(line.split()) for line in made.splitlines()]
    assert squeezed == [" ".join(line.split()) for line in TIDY.splitlines()]
    assert formatted(made, "s.yaml") == made


def test_braces_in_a_list_stay_where_they_were_written() -> None:
    line = "patients: [{studies: [series: [{modality: CR, images: 1}]]}, {}, {id: P1}] # why\n"
    text = f"schema: scenario/v1\nname: s\n{line}"
    assert formatted(text, "s.yaml") == text


def test_what_is_copied_is_in_that_form_already() -> None:
    """Whoever copies or begins a file and formats it sees their own changes alone."""
    done = CliRunner().invoke(fmt, ["--check", str(ROOT / "scenarios")])
    assert done.exit_code == 0, done.output
    for file in (ROOT / "scenario_runner/app/skeletons").rglob("*.yaml"):
        text = file.read_text("utf-8").replace("@NAME@", "new")
        assert formatted(text, str(file)) == text


@pytest.mark.parametrize(
    "file",
    [*sorted((ROOT / "scenarios").rglob("*.yaml"))[::3], *sorted((ROOT / "tests/examples/valid").rglob("*.yaml"))],
    ids=lambda path: path.stem,
)  # fmt: skip
def test_what_ships_is_the_same_afterwards_and_the_same_again(file: Path) -> None:
    text = file.read_bytes().decode("utf-8")
    try:
        made = formatted(text, str(file))
    except NotFormatted:
        assert file.stem in REFUSED
        return
    assert parse_document(made, "s").data == parse_document(text, "s").data
    assert formatted(made, str(file)) == made


HEAD = "schema: scenario/v1\nname: s\n"


@pytest.mark.parametrize(
    "rest",
    [
        "description: |\n  blanks at the end of a line   \n  are text\nsteps: []\n",
        "description: >-\n  " + "word " * 60 + "\nsteps: []\n",
        "vars: {a: 1, # one\n  b: 2 # two\n  }\nsteps: []\n",
        "steps: [ # first\n  {log: {message: a}}, # second\n  ]\n",
        "steps: [&a {log: {message: b}}]\nfinally: [*a]\n",
    ],
)
def test_what_cannot_be_laid_out_anew_keeps_its_layout_and_is_ordered(rest: str) -> None:
    made = formatted("title: x\n" + HEAD + rest, "s")
    assert made == HEAD + "title: x\n" + rest
    assert formatted(made, "s") == made


REFUSED: set[str] = set()
WORDS = st.one_of(
    st.sampled_from(["no", "0123", "1.10", "12:30", "a: b", "# x", "'", '"', "~", "", " a", "{{ x }}", "é\n", "-"]),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12),
    st.integers(-99, 10**6), st.booleans(), st.none(), st.floats(0, 99).map(lambda x: round(x, 2)),
)  # fmt: skip
TREES = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(tree=st.dictionaries(st.sampled_from(["vars", "steps", "name", "x-a", "z"]), TREES, min_size=1),
       flow=st.sampled_from([None, True, False]), indent=st.sampled_from([2, 3, 4]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_formatting_changes_no_value_and_is_done_once(
    tree: dict[str, Any], flow: bool | None, indent: int
) -> None:
    text = yaml.safe_dump(
        tree, allow_unicode=True, default_flow_style=flow, indent=indent, sort_keys=False
    )
    try:
        before = parse_document(text, "s").data
    except InvalidInput:
        return
    try:
        made = formatted(text, "s")
    except NotFormatted:
        return
    assert parse_document(made, "s").data == before
    assert formatted(made, "s") == made


def test_the_command_checks_writes_and_leaves_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(UNTIDY)
    (tmp_path / "other.yaml").write_text("a:   1\n")  # nobody's scenario

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(fmt, [*arguments], standalone_mode=False)
        return done.return_value, done.output

    assert run("--check", str(tmp_path))[0] == 1
    assert file.read_text() == UNTIDY
    code, said = run(str(tmp_path))
    assert (code, "formatted" in said) == (0, True)
    assert run("--check", str(tmp_path)) == (0, "1 file, 1 left as it is\n")
    assert (tmp_path / "other.yaml").read_text() == "a:   1\n"
    file.write_text("schema: scenario/v1\nname: [\n")
    code, said = run(str(file))
    assert (code, "FAB0" in said) == (3, True)
