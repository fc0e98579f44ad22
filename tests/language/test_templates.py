"""What a scalar becomes: typed or text, once, with every failure at its own place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.fields.scalars import WrittenFloat
from scenario_runner.language.loader import parse_document
from scenario_runner.language.templates import (
    evaluate,
    holds,
    is_template,
    render_tree,
    split,
)
from scenario_runner.language.variables import check_cycles, resolve_vars

NAMES: dict[str, Any] = {
    "vars": {
        "images": 2,
        "dose": WrittenFloat("1.10"),
        "on": True,
        "none": None,
        "list": [1, 2],
        "sly": "{{ vars.images }}",
        "long": "x" * 60_000,
        "word": "CHEST",
    }
}


def render(
    text: str, deferred: frozenset[tuple[str | int, ...]] = frozenset(), **names: Any
) -> Any:
    document = parse_document(text, "s.yaml")
    return render_tree(document.data, {**NAMES, **names}, document.where, (), deferred)


def findings(text: str) -> list[Diagnostic]:
    with pytest.raises(InvalidInput) as caught:
        render(text)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ vars.images }}", 2),
        ("  {{ vars.images }}  ", 2),
        ("{{- vars.images -}}", 2),
        ("{{ vars.on }}", True),
        ("{{ vars.none }}", None),
        ("{{ vars.list }}", [1, 2]),
        ("n={{ vars.images }}", "n=2"),
        ("{{ vars.images }}{{ vars.images }}", "22"),
        ("dose {{ vars.dose }} mGy", "dose 1.10 mGy"),
        ("{{ vars.on }}!", "true!"),
        ("{YYYY}{{ vars.word }}{7digits}", "{YYYY}CHEST{7digits}"),
        ("{{ '}}' }}", "}}"),
        ("{{ '{%' }} ok", "{% ok"),
        ("a\n{{ vars.images }}\n", "a\n2\n"),
    ],
)
def test_a_lone_expression_keeps_its_type_and_mixed_text_is_text(text: str, expected: Any) -> None:
    value = render_tree(text, NAMES, lambda path: pytest.fail(f"{path}"), ())
    assert (type(value), value) == (type(expected), expected)


def test_a_decimal_keeps_the_characters_it_was_written_with() -> None:
    assert str(render("a: '{{ vars.dose }}'")["a"]) == "1.10"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="{")),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_a_tree_without_templates_is_left_as_it_is(tree: Any) -> None:
    assert render_tree(tree, {}, lambda path: pytest.fail(f"{path}"), ()) == tree


@given(st.text())
def test_a_value_is_never_rendered_again(value: str) -> None:
    names = {"v": value, "vars": {"images": "INJECTED"}}
    assert render_tree("{{ v }}", names, lambda path: pytest.fail(f"{path}"), ()) == value
    assert render_tree("a{{ v }}", names, lambda path: pytest.fail(f"{path}"), ()) == "a" + value
    assert (
        render_tree("{{ v ~ 'a' }}", names, lambda path: pytest.fail(f"{path}"), ()) == value + "a"
    )


def test_a_value_that_looks_like_a_template_stays_one() -> None:
    assert render("a: '{{ vars.sly }}'\nb: 'x {{ vars.sly }}'") == {
        "a": "{{ vars.images }}",
        "b": "x {{ vars.images }}",
    }


def test_keys_are_not_templates() -> None:
    assert render("'{{ vars.images }}': 1") == {"{{ vars.images }}": 1}


def test_the_source_tree_is_left_alone() -> None:
    document = parse_document("a: ['{{ vars.images }}']", "s.yaml")
    render_tree(document.data, NAMES, document.where, ())
    assert document.data == {"a": ["{{ vars.images }}"]}


def test_deferred_parameters_stay_as_written() -> None:
    text = "until: {expr: '{{ later.x }}', every: '{{ vars.images }}'}"
    assert render(text, frozenset({("until", "expr")})) == {
        "until": {"expr": "{{ later.x }}", "every": 2}
    }


@pytest.mark.parametrize(
    ("scalar", "code", "marked"),
    [
        ("{{ vras.images }}", "FAB203", "vras"),
        ("x {{ vars.images }} {{ vars.imges }}", "FAB204", "imges"),
        ("{{ vars.list[9] }}", "FAB204", None),
        ("{{ vars.images / 0 }}", "FAB207", None),
        ("x{{ vars.none }}", "FAB210", None),
        ("x{{ vars.list }}", "FAB210", None),
        ("{{ vars.word.__class__ }}", "FAB206", "__class__"),
        ("{% for x in vars %}{% endfor %}", "FAB202", None),
        ("{% raw %}{{ x }}{% endraw %}", "FAB202", "{% raw %}"),
        ("a {# secret #}", "FAB202", "{#"),
        ("{{ vars.images", "FAB201", "{{"),
        ("{{ }}", "FAB201", None),
        ("{{ vars.images }", "FAB201", None),
        ("{{ 7digits }}", "FAB201", "digits"),
        ("{{ vars.images | lenght }}", "FAB205", "lenght"),
        ("{{ vars.long ~ vars.long }}", "FAB208", None),
        ("{{ vars.long }}{{ vars.long }}", "FAB208", None),
    ],
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_failure_is_shown_at_its_word(
    scalar: str, code: str, marked: str | None, quote: str
) -> None:
    line = f"b: {quote}{scalar}{quote}"
    (finding,) = findings(f"a: 1\n{line}\n")
    where = finding.where
    assert (finding.code, where.line, where.path) == (code, 2, "b")
    shown = line[where.column - 1 : where.end_column - 1]
    assert shown == (marked or f"{quote}{scalar}{quote}")


def test_all_failures_of_a_tree_are_reported_at_once_in_file_order() -> None:
    found = findings("a: '{{ x }}'\nb: ['{{ y }}', '{{ vars.images }}']\nc: {d: '{{ z }}'}")
    assert [(each.where.line, each.where.path) for each in found] == [
        (1, "a"),
        (2, "b[0]"),
        (3, "c.d"),
    ]


def test_a_failure_in_a_block_scalar_points_at_the_scalar() -> None:
    (finding,) = findings("a: |\n  one\n  {{ x }}\n")
    assert finding.where.line == 1


def test_values_that_double_through_variables_do_not_explode() -> None:
    lines = ["v0: ['x', 'x']"]
    lines += [f"v{n}: ['{{{{ vars.v{n - 1} }}}}', '{{{{ vars.v{n - 1} }}}}']" for n in range(1, 60)]
    document = parse_document("\n".join(lines), "s.yaml")
    with pytest.raises(InvalidInput) as caught:
        resolve_vars(document.data, {}, document.where, ())
    assert {each.code for each in caught.value.diagnostics} == {"FAB208"}


def resolve(text: str, **names: Any) -> dict[str, Any]:
    document = parse_document(text, "s.yaml")
    return resolve_vars(document.data, names, document.where, ())


def test_variables_may_use_each_other_in_any_order() -> None:
    text = "c: '{{ vars.b ~ 1 }}'\nb: '{{ vars.a }}-{{ matrix.m }}'\na: [1, 2]"
    with pytest.raises(InvalidInput, match="a list cannot stand inside text"):
        resolve(text, matrix={"m": "CT"})
    assert resolve(text.replace("[1, 2]", "x"), matrix={"m": "CT"}) == {
        "c": "x-CT1",
        "b": "x-CT",
        "a": "x",
    }
    assert list(resolve("b: '{{ vars.a }}'\na: 1")) == ["b", "a"]


def test_a_variable_can_be_picked_by_a_computed_name() -> None:
    text = "size: '{{ vars[matrix.m] }}'\nCT: 512\nMR: '{{ vars.CT // 2 }}'\ntwice: '{{ vars.size * 2 }}'"
    assert resolve(text, matrix={"m": "MR"}) == {"size": 256, "CT": 512, "MR": 256, "twice": 512}


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("a: '{{ vars.b }}'\nb: '{{ vars.a }}'", "vars.a → vars.b → vars.a"),
        ("a: '{{ vars.a }}'", "vars.a → vars.a"),
        ("a: {x: ['{{ vars[''b''] }}']}\nb: '{{ vars.c }}'\nc: '{{ vars.a.x }}'",
         "vars.a → vars.b → vars.c → vars.a"),
    ],
)  # fmt: skip
def test_variables_that_need_themselves_are_shown_as_a_cycle(text: str, chain: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        resolve(text + "\nd: '{{ vars.a }}'")
    (finding,) = caught.value.diagnostics
    assert finding.code == "FAB209"
    assert chain in finding.message
    assert finding.where.line == 1


def test_cycles_are_found_without_rendering_anything() -> None:
    document = parse_document("a: '{{ vars.b }}'\nb: '{{ vars.a }}'\nc: '{{ matrix.m }}'", "s.yaml")
    (finding,) = check_cycles(document.data, document.where, ())
    assert (finding.code, finding.where.path) == ("FAB209", "a")


def test_one_mistake_in_a_variable_is_one_diagnostic() -> None:
    with pytest.raises(InvalidInput) as caught:
        resolve("a: '{{ gone }}'\nb: '{{ vars.a }}'\nc: '{{ vars.b }}'\nd: '{{ vars.e }}'")
    assert [each.where.path for each in caught.value.diagnostics] == ["a", "d"]


def test_three_thousand_variables_in_a_row_do_not_overflow() -> None:
    count = 3_000
    text = "\n".join(
        [*(f"v{n}: '{{{{ vars.v{n + 1} }}}}'" for n in range(count)), f"v{count}: end"]
    )
    assert resolve(text)["v0"] == "end"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("found | length > 0", True),
        ("{{ found | length > 0 }}", True),
        (" {{ found[0] }} ", 1),
        (True, True),
        (False, False),
        (None, None),
        ("vars.images == 2 and not false", True),
        ("'{{' in 'a{{b'", True),
        ("{'a': 1}.a", 1),
    ],
)
def test_a_condition_may_stand_with_or_without_braces(expression: Any, expected: Any) -> None:
    assert evaluate(expression, {**NAMES, "found": [1]}) is expected or (
        evaluate(expression, {**NAMES, "found": [1]}) == expected and expected not in (True, False)
    )


@pytest.mark.parametrize(
    "expression", ["a {{ found }}", "{{ found }} > 0", "found >", "{% if x %}", ""]
)
def test_a_condition_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(InvalidInput):
        evaluate(expression, {"found": 1})


@pytest.mark.parametrize(
    ("text", "expected"), [("{7digits}", False), ("{{ x }}", True), ("{# x", True)]
)
def test_identifier_patterns_are_not_templates(text: str, expected: bool) -> None:
    assert is_template(text) is expected


@given(st.text(st.sampled_from("{}%#-+ a.'\"\n\r|[]"), max_size=40))
def test_any_text_at_all_splits_or_is_a_diagnostic(text: str) -> None:
    where = parse_document("a: 1", "s.yaml").where(())
    found: tuple[Diagnostic, ...] = ()
    value: Any = None
    try:
        value = render_tree(text, {"a": "v"}, lambda _: where, ())
    except InvalidInput as error:
        found = error.diagnostics
    if found:
        assert len(found) == 1
    elif is_template(text):
        assert any(part.is_expression for part in split(text))
    else:
        assert value == text


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("cell", {"true": True, "false": False, "0": False, "": False, "~": False, " 1": True, "CT": True}),
        ("not cell", {"true": False, "false": True, "0": True}),
        ("{{ cell and vars.on }}", {"true": True, "false": False}),
        ("cell or vars.none", {"true": True, "0.0": False}),
        ("(1 if cell else 0) == 1", {"true": True, "false": False}),
        ("cell if vars.on else true", {"true": True, "false": False}),
        ("cell == 'no'", {"no": True, "yes": False}),
    ],
)  # fmt: skip
def test_a_condition_takes_a_text_as_the_scalar_that_is_written_in_it(
    condition: str, expected: dict[str, bool]
) -> None:
    assert {text: holds(condition, {**NAMES, "cell": text}) for text in expected} == expected


@pytest.mark.parametrize("text", ["no", "No", "YES", "off", "FALSE", "y"])
@pytest.mark.parametrize("condition", ["cell", "vars.on and not cell", "(1 if cell else 2) == 1"])
def test_a_text_that_may_be_meant_either_way_is_refused_as_a_condition(
    condition: str, text: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        holds(condition, {**NAMES, "cell": text})
    (found,) = caught.value.diagnostics
    assert found.code == "FAB207"
    assert found.message == f"'{text}' is text, which as a condition is neither true nor false"


def test_or_that_gives_a_value_takes_the_first_that_is_not_empty() -> None:
    names = {**NAMES, "cell": "No", "nothing": ""}
    assert evaluate("cell or 'x'", names) == "No"
    assert evaluate("nothing or 'x'", names) == "x"
