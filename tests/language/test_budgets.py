"""What expressions and files of them may cost; a hostile one is a diagnostic and nothing else."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.loader import parse_document
from scenario_runner.language.sandbox import compiled
from scenario_runner.language.template_limits import MAX_WORK, TemplateProblem, one_file
from scenario_runner.language.variables import resolve_vars
from tests.running import fabricate

LISTS = ("[{'a': 1}] * 10000", "['9' * 65000] * 9000", "['x' * 65000] * 9000", "[[1] * 9] * 9999")
WORK = (
    "sort(attribute='" + ",".join("a" * 300) + "')",
    "map('float')", "map('int')", "select('lower')", "select('upper')", "map('string')",
    "sort", "unique", "map('upper')", "tojson", "join", "map('list')", "sum(attribute='a')",
    "max(attribute='a.b.c.d.e.f')", "map(attribute='a')", "reverse", "map('tojson')",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_hostile_expression_ends_as_a_value_or_a_problem(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(5):
        work = " | ".join(dice.choice(WORK) for _ in range(dice.randint(1, 25)))
        source = f"({dice.choice(LISTS)}) | {work}"[:4_000]
        with contextlib.suppress(TemplateProblem):  # nothing else, and soon
            compiled(source).evaluate({})


@pytest.mark.parametrize(
    "source",
    [
        "([{'a': 1}] * 9999) | sort(attribute='" + ",".join("a" * 1_000) + "') | length",
        "(['9' * 65000] * 9000) | map('int') | list | length",
        "(['x' * 65000] * 9000) | select('lower') | list | length",
    ],
)
def test_work_that_is_hidden_in_one_filter_is_paid_for(source: str) -> None:
    with pytest.raises(TemplateProblem, match="too much work"):
        compiled(source).evaluate({})


def test_expressions_that_are_each_light_enough_are_too_heavy_together() -> None:
    heavy = "{{ ([1] * 9000) | map('string') | list | length }}"
    tree = {f"v{number}": heavy for number in range(10 * MAX_WORK // 9_000)}
    document = parse_document("schema: scenario/v1\nname: a\n", "a.yaml")
    resolve_vars(dict(list(tree.items())[:20]), {}, document.where, ("vars",))
    with one_file(), pytest.raises(InvalidInput) as caught:
        resolve_vars(tree, {}, document.where, ("vars",))
    assert {one.code for one in caught.value.diagnostics} == {"FAB208"}
    assert "this file together" in caught.value.diagnostics[0].message
    assert len(caught.value.diagnostics) <= 200


def test_a_file_of_more_templates_than_anybody_writes_is_refused_at_the_one_too_many(
    tmp_path: Path,
) -> None:
    lines = [f'  v{n}: "{{{{ {n} + {"1 + " * 500}1 }}}}"' for n in range(300)]
    text = "\n".join(
        ["schema: scenario/v1", "name: a", "vars:", *lines, "steps: [log: {message: x}]"]
    )
    file = tmp_path / "a.yaml"
    file.write_text(text)
    done = fabricate("validate", file).check(3)
    assert "FAB208" in done.err + done.out
    assert "more than 500,000 characters together" in done.err + done.out


@pytest.mark.parametrize("where", ["matches", "fails"])
def test_an_invalid_or_huge_pattern_is_a_diagnostic_with_its_place(
    tmp_path: Path, where: str
) -> None:
    for pattern in ("(", "(" * 900, "a{99999999999}", "(a" * 3_000):
        check = f'matches: {{actual: x, expected: "{pattern}"}}'
        if where == "fails":
            check = f'equal: {{actual: 1, expected: 2}}\n        fails: "{pattern}"'
        file = tmp_path / "a.yaml"
        file.write_text(f"schema: scenario/v1\nname: a\nsteps:\n  - assert:\n      - {check}\n")
        done = fabricate("validate", file).check(3)
        assert ":5:" in done.err + done.out or ":6:" in done.err + done.out
