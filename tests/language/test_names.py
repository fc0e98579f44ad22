"""A name that cannot exist is found before anything runs, and nothing that can exist is refused."""

from __future__ import annotations

import pytest

from scenario_runner.errors import Diagnostic
from scenario_runner.language.loader import parse_document
from scenario_runner.language.names import check_names, members_read, problems
from scenario_runner.language.shapes import (
    ANY,
    Shape,
    list_of,
    mapping,
    patient_names,
    planned_shapes,
    shape_of,
    site_names,
    step_names,
)

VARS = {"images": 2, "sizes": {"CT": 512}, "list": [{"a": 1}], "computed": "{{ matrix.modality }}"}
STEPS = step_names(VARS, ["modality"], saved=["found"], extra=["item"])
PATIENTS = patient_names(VARS, ["modality"])


@pytest.mark.parametrize(
    "expression",
    [
        "vars.images", "vars['images']", "vars.sizes.CT", "vars.sizes[matrix.modality]", "vars.list[0].a",
        "vars.computed.anything", "matrix.modality", "run.id", "run.seed", "run.started", "run.date",
        "site.name", "site.ae_title", "patients[0].id", "patients[0].studies[0].series[0].images[0].uid",
        "studies[0].accession", "studies[-1].uid", "studies[vars.images].uid", "studies | length",
        "(studies | first).accession", "studies[0:2] | map(attribute='accession') | list",
        "series | selectattr('modality', 'eq', 'CT') | map(attribute='uid') | join(' ')",
        "images | map(attribute='sop_class') | unique | list", "studies | sort(attribute='date,time') | last",
        "found[0].AccessionNumber", "found.anything[3].x", "item", "item.name.x",
        "vars.missing | default(1)", "vars.missing.deep | default(1)", "vars.missing is defined",
        "vars.missing if vars.missing is defined else 1", "found | map('upper') | select('in', vars.list)",
        "vars.computed.upper()", "(vars.sizes | items)[0][0]", "patients | map(attribute='studies') | list",
        "vars | length", "vars", "{'a': found}.a", "studies[0].series | length",
    ],
)  # fmt: skip
def test_what_will_exist_is_accepted(expression: str) -> None:
    assert problems(expression, STEPS) == []


@pytest.mark.parametrize(
    ("expression", "code", "message"),
    [
        ("studys[0].uid", "FAB203", "there is no 'studys' here; did you mean 'studies'?"),
        (
            "studies[0].acession",
            "FAB204",
            "there is no 'acession' in studies[0]; did you mean 'accession'?",
        ),
        ("studies[vars.images].acession", "FAB204", "in studies[…]; did you mean 'accession'?"),
        ("vars.imges", "FAB204", "there is no 'imges' in vars; did you mean 'images'?"),
        ("vars['imges']", "FAB204", "did you mean 'images'?"),
        ("vars.sizes.CR", "FAB204", "in vars.sizes"),
        ("matrix.modalty", "FAB204", "did you mean 'modality'?"),
        ("run.x", "FAB204", "there is no 'x' in run"),
        ("site.x", "FAB204", "there is no 'x' in site"),
        ("studies.accession", "FAB204", "a list has no 'accession'"),
        ("(studies | first).acession", "FAB204", "did you mean 'accession'?"),
        ("images | map(attribute='iud') | list", "FAB204", "did you mean 'uid'?"),
        ("series | selectattr('modalty', 'eq', 'CT') | list", "FAB204", "did you mean 'modality'?"),
        ("studies | sort(attribute='dat') | list", "FAB204", "did you mean 'date'?"),
        ("patients[0].studies[0].series[0].images[0].ui", "FAB204", "did you mean 'uid'?"),
        ("gone | default(1)", "FAB203", "there is no 'gone' here"),
        ("env.PASSWORD", "FAB211", "'env' can be used in site files only"),
        ("found._secret", "FAB206", "starts with an underscore"),
        ("_x", "FAB206", "starts with an underscore"),
        ("found | lenght", "FAB205", "did you mean 'length'?"),
        ("found is mappin", "FAB205", "did you mean 'mapping'?"),
        ("found | map('uper') | list", "FAB205", "did you mean 'upper'?"),
        ("found | select('evn') | list", "FAB205", "did you mean 'even'?"),
        ("len(found)", "FAB205", "'len' cannot be called"),
        ("found.count()", "FAB205", "'count' cannot be called"),
        ("found | replace('a')", "FAB205", "the filter 'replace'"),
        ("found | join(sep=', ')", "FAB205", "the filter 'join'"),
        ("1 +", "FAB201", "not an expression"),
        ("x" * 5000, "FAB208", "longer than"),
    ],
)
def test_what_cannot_exist_is_found(expression: str, code: str, message: str) -> None:
    assert [(each.code, message in each.message) for each in problems(expression, STEPS)] == [
        (code, True)
    ]


def test_every_mistake_of_an_expression_is_found() -> None:
    found = problems("vars.a ~ studys ~ (found | fltr) ~ studies[0].x", STEPS)
    assert sorted(each.code for each in found) == ["FAB203", "FAB204", "FAB204", "FAB205"]


def test_patients_cannot_see_what_is_planned_from_them() -> None:
    (problem,) = problems("studies[0].uid", PATIENTS)
    assert problem.hint == "there is: matrix, run, site, vars"


def test_a_site_file_sees_the_environment_and_nothing_else() -> None:
    assert problems("env.PACS_PASSWORD", site_names()) == []
    (problem,) = problems("vars.x", site_names())
    assert problem.hint == "there is: env"


def test_a_saved_name_hides_one_of_ours() -> None:
    assert problems("images.whatever", step_names({}, [], saved=["images"])) == []


def check(text: str, shape: Shape = STEPS) -> list[Diagnostic]:
    document = parse_document(text, "s.yaml")
    return check_names(document.data, (), document.where, shape)


def test_each_mistake_is_shown_at_its_own_word() -> None:
    text = "a: '{{ vars.imges }} {{ studys }}'\nb: [\"{{ found | lenght }}\"]\n"
    lines = text.splitlines()
    shown = [
        (
            each.where.line,
            lines[each.where.line - 1][each.where.column - 1 : each.where.end_column - 1],
        )
        for each in check(text)
    ]
    assert shown == [(1, "imges"), (1, "studys"), (2, "lenght")]


def test_the_same_word_twice_is_shown_in_the_expression_that_is_wrong() -> None:
    (finding,) = check("a: 'run {{ vars.images }} {{ matrix.images }}'")
    assert "in matrix" in finding.message
    assert finding.where.column == len("a: 'run {{ vars.images }} {{ matrix.") + 1


@pytest.mark.parametrize("scalar", ["{% if x %}", "{# x #}", "{{ x", "{{ }}", "a {{ 1 + }} b"])
def test_what_is_not_a_template_is_one_diagnostic(scalar: str) -> None:
    assert len(check(f'a: "{scalar}"')) == 1


def test_deferred_parameters_are_left_to_their_own_check() -> None:
    document = parse_document("until: {expr: '{{ later }}', every: '{{ nope }}'}", "s.yaml")
    found = check_names(
        document.data,
        ("x",),
        lambda path: document.where(path[1:]),
        STEPS,
        frozenset({("until", "expr")}),
    )
    assert [each.message.split("'")[1] for each in found] == ["nope"]


@pytest.mark.parametrize("scalar", ["found | lenght > 0", "{{ found | lenght > 0 }}"])
def test_conditions_are_checked_with_and_without_braces(scalar: str) -> None:
    document = parse_document(f"when: '{scalar}'", "s.yaml")
    (finding,) = check_names(
        document.data["when"], ("when",), document.where, STEPS, is_expression=True
    )
    start = f"when: '{scalar}'".index("lenght") + 1
    assert (finding.code, finding.where.column, finding.where.end_column) == (
        "FAB205",
        start,
        start + 6,
    )


def test_a_condition_that_is_true_or_false_has_no_names() -> None:
    assert (
        check_names(True, ("when",), lambda _: pytest.fail("asked"), STEPS, is_expression=True)
        == []
    )


@pytest.mark.parametrize(
    ("scalar", "code"),
    [("{{ 1 / 0 }}", "FAB207"), ("{{ 'a' * 99999 }}", "FAB208"), ("a {{ none }}", "FAB210")],
)
def test_what_fails_with_any_values_is_found_before_a_run(scalar: str, code: str) -> None:
    assert [each.code for each in check(f'a: "{scalar}"')] == [code]


@pytest.mark.parametrize(
    "scalar",
    [
        "x {{ vars }}",
        "{{ studies[0] }} x",
        "x {{ studies }}",
        "x {{ studies[0:2] }}",
        "x {{ studies | map(attribute='uid') | list }}",
        "{{ 'x' ~ studies[0].series }}",
        "{{ run }}{{ studies | length }}",
    ],
)
def test_a_mapping_or_a_list_inside_text_is_found_before_a_run(scalar: str) -> None:
    assert [each.code for each in check(f'a: "{scalar}"')] == ["FAB210"]


@pytest.mark.parametrize(
    "scalar",
    [
        "{{ studies[0] }}",
        "x {{ studies | length }}",
        "x {{ studies | tojson }}",
        "x {{ studies | map(attribute='uid') | join(', ') }}",
        "x {{ studies[0].date[:4] }}",
        "x {{ found }}",
    ],
)
def test_what_may_become_text_is_left_alone(scalar: str) -> None:
    assert check(f'a: "{scalar}"') == []


def test_every_wrong_name_of_a_tree_is_told() -> None:
    document = parse_document("[['{{ a }}'], '{{ b }}']", "s.yaml")
    assert len(check_names(document.data, (), document.where, STEPS)) == 2


def test_shapes_of_values() -> None:
    assert shape_of({"a": {"b": 1}}) == mapping({"a": mapping(["b"])})
    assert shape_of([1]) == list_of(ANY)
    assert shape_of("{{ x }}") is ANY
    assert set(planned_shapes()) == {"patients", "studies", "series", "images"}


_HARD = [
    "(" * 3000,
    "a" + ".a" * 3000,
    "[" * 900 + "]" * 900,
    "{{" * 20_000,
    "{{ a" * 5_000,
    "a" * 10**6,
]


@pytest.mark.parametrize("expression", _HARD, ids=lambda text: text[:12])
def test_hostile_expressions_are_diagnostics(expression: str) -> None:
    assert problems(expression, STEPS)
    text = "{{ " + expression + " }}"
    where = parse_document("a: 1", "s.yaml").where
    assert check_names(text, (), where, STEPS)


@pytest.mark.parametrize(
    "expression", ["{w}", "vars.{w}", "found | {w}", "{w}()", "_{w}", "1 {w}", "1 is {w}"]
)
def test_a_word_without_end_does_not_fill_the_screen(expression: str) -> None:
    for problem in problems(expression.replace("{w}", "w" * 3000), STEPS):
        assert len(problem.message) < 200


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("poll.stored == 3", {"stored"}),
        ("poll['missing'] > 0 and poll.elapsed > 1", {"missing", "elapsed"}),
        ("poll.matches == vars.stored", {"matches"}),
        ("'stored' in vars.names", set()),
        ("poll | length > 2", None),
    ],
)
def test_a_wait_counts_what_is_stored_only_where_its_expression_reads_it(
    expression: str, read: set[str] | None
) -> None:
    assert members_read(expression, "poll") == read
