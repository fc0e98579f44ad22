"""Expressions that differ in their numbers are looked at once, and nothing is found otherwise for that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from scenario_runner.language import names, sandbox
from scenario_runner.language.names import problems
from scenario_runner.language.shapes import mapping, step_names
from scenario_runner.language.template_limits import TemplateProblem
from scenario_runner.language.template_trees import children, every, with_other_numbers
from scenario_runner.plugins import Plugins
from tests.language.test_many_expressions import RIGHT, scenario, seconds

SHAPE = mapping({**(step_names({"a": 1, "b": {"c": 2}}, ["x"]).attributes or {})})
TOKENS = [
    "vars.a", "vars.b.c", "vars.nix", "nix", "studies", "studies[0].accession", "[0]", "[7]", "['7']", "['0']", ".uid",
    "0", "1", "7", "17", "007", "1.5", "5digits", "9999999999", "' 5 '", "'a'", "\"it's 3\"", "'", "\"", "\\", "+",
    "**", "/", "is defined", "is undefined", "| length", "| map(attribute='uid')", "| map(attribute='3')", "and", "or",
    "(", ")", "[", "]", "if", "else", "| round(2)", "| nix(3)", "| round(1, 2, 3, 4)", "~", ",", ":", "_x", "x.5", "-",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=9), st.sampled_from(["", " "]))
def test_what_is_found_is_what_is_found_of_the_expression_as_it_is_written(
    parts: list[str], between: str
) -> None:
    source = between.join(parts)
    found = [(one.code, one.message, one.token) for one in problems(source, SHAPE)]
    assert found == [(one.code, one.message, one.token) for one in names._found(source, SHAPE)]


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("vars.a + 17", f"vars.a + {10**9}"),
        ("[3, 4, 3]", f"[{10**9}, {10**9 + 1}, {10**9}]"),
        ("vars.a1 ~ '17' ~ \"a 'b' 5\"", "vars.a1 ~ '17' ~ \"a 'b' 5\""),
        ("1.5 + 5digits + 007 + 12345678901 + x.3", "1.5 + 5digits + 007 + 12345678901 + x.3"),
    ],
)
def test_only_whole_numbers_that_stand_alone_are_others(source: str, other: str) -> None:
    assert with_other_numbers(source) == other


@given(st.lists(st.sampled_from(TOKENS), max_size=9))
def test_a_tree_is_walked_as_jinja_walks_it(parts: list[str]) -> None:
    try:
        tree = sandbox.parse(" ".join(parts))
    except TemplateProblem:
        return
    for node in every(tree):
        assert children(node) == list(node.iter_child_nodes())


@pytest.mark.parametrize("kind", RIGHT)
def test_a_thousand_expressions_that_differ_in_their_numbers_are_parsed_once(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    sources: list[str] = []
    parse = sandbox.parse

    def noted(source: str) -> nodes.Expr:
        sources.append(source)
        return parse(source)

    monkeypatch.setattr(sandbox, "parse", noted)
    sandbox._parsed.cache_clear()
    names._alone.cache_clear()
    _, found = seconds(scenario(RIGHT[kind], 1_000), Plugins())
    assert found == 0
    assert len(sources) == 1, sources[:5]
