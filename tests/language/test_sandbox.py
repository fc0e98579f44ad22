"""No expression may reach out of the values it is given, hang, or fill the memory."""

from __future__ import annotations

import contextlib
import math
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any, overload

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.language.sandbox import MAX_NESTING, compiled
from scenario_runner.language.template_limits import MAX_LIST, Budget, TemplateProblem


def value_of(expression: str, **names: Any) -> Any:
    value = compiled(expression).evaluate(names)
    Budget().whole(value)
    return value


def code_of(expression: str, **names: Any) -> str:
    with pytest.raises(TemplateProblem) as caught:
        value_of(expression, **names)
    return caught.value.code


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("7 // 2", 3),
        ("7 / 2", 3.5),
        ("2 ** 10", 1024),
        ("-vars.n", -3),
        ("'a' ~ 1 ~ true", "a1true"),
        ("1 < 2 < 3", True),
        ("1 < 2 < 2", False),
        ("3 in [1, 2, 3]", True),
        ("'x' not in 'abc'", True),
        ("'a' if vars.n > 2 else 'b'", "a"),
        ("rows[1:3]", [2, 3]),
        ("rows[-1]", 4),
        ("'abc'[0]", "a"),
        ("(1, 2)", [1, 2]),
        ("{'a': [1]}.a[0]", 1),
        ("rows | select('gt', 2)", [3, 4]),
        ("found | selectattr('m', 'eq', 'CT') | map(attribute='n') | list", [1, 3]),
        ("found | rejectattr('m', 'equalto', 'CT') | list | length", 1),
        ("found | map(attribute='n') | sum", 6),
        ("found | sum(attribute='n')", 6),
        ("found | sort(attribute='n', reverse=true) | first", {"m": "CT", "n": 3}),
        ("found | map(attribute='m') | unique | join('+')", "CT+MR"),
        ("found | map(attribute='gone', default=0) | list", [0, 0, 0]),
        ("rows | map('string') | join(', ')", "1, 2, 3, 4"),
        ("rows | reverse | list", [4, 3, 2, 1]),
        ("rows | min", 1),
        ("rows | max", 4),
        ("{'b': 1, 'a': 2} | dictsort", [["a", 2], ["b", 1]]),
        ("{'b': 1} | items", [["b", 1]]),
        ("'A^B'.split('^')", ["A", "B"]),
        ("'abc'.startswith('ab')", True),
        ("' x ' | trim", "x"),
        ("'ct' | upper", "CT"),
        ("'a-b-c' | replace('-', '+', 1)", "a+b-c"),
        ("'12' | int + 1", 13),
        ("'x' | int", 0),
        ("'1.5' | float", 1.5),
        ("2.346 | round(2)", 2.35),
        ("2.1 | round(0, 'ceil')", 3.0),
        ("gone | default('d')", "d"),
        ("vars.gone.further | default('d')", "d"),
        ("'' | default('d', true)", "d"),
        ("gone is defined", False),
        ("vars.n is defined and vars.n is odd", True),
        ("[1, none, 'é'] | tojson", '[1, null, "é"]'),
    ],
)
def test_expressions_mean_what_jinja_users_expect(expression: str, expected: Any) -> None:
    found = [{"m": "CT", "n": 1}, {"m": "MR", "n": 2}, {"m": "CT", "n": 3}]
    value = value_of(expression, vars={"n": 3}, rows=[1, 2, 3, 4], found=found)
    if isinstance(expected, float):
        assert math.isclose(value, expected)
    else:
        assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize(
    "key", ["values", "items", "count", "keys", "get", "pop", "copy", "update"]
)
def test_keys_that_dicts_have_methods_for_are_data(key: str) -> None:
    assert value_of(f"found[0].{key}", found=[{key: 7}]) == 7
    assert value_of(f"found[0]['{key}']", found=[{key: 7}]) == 7
    assert code_of(f"found[0].{key}", found=[{}]) == "FAB204"
    assert code_of(f"found[0].{key}()", found=[{}]) == "FAB205"


class Opaque:
    """Stands for what a step saved: it may be handed on, and nothing of it may be reached."""

    secret = "s3cret"

    def method(self) -> str:
        raise AssertionError("called from a template")


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__", "''.__class__.__mro__[1].__subclasses__()", "thing.__dict__", "thing._x",
        "_private", "[].__len__()", "x.__init__.__globals__", "self.__init__", "(1).__class__",
        "found | map(attribute='__class__') | list", "thing | attr('secret')", "thing.secret",
        "thing['secret']", "thing.method", "thing.method()", "self._TemplateReference__context",
        "lipsum", "cycler", "joiner", "namespace()", "range(3)", "dict(a=1)", "loop", "caller()",
        "super()", "self", "names", "result", "context", "environment", "''.format", "'{0.secret}'.format(thing)",
        "'%s' % thing", "''.join(['a'])", "'a'.encode()", "found.append(1)", "found.clear()",
        "thing | string", "thing ~ ''", "found | map('attr', 'x')", "found | select('callable')",
        "found | xmlattr", "found | pprint", "'a' | format", "found[thing]", "found['secret']",
        "found | sort(attribute='__class__')", "found | join(attribute='__doc__')", "x.mro()",
    ],
)  # fmt: skip
def test_nothing_but_plain_values_can_be_reached(expression: str) -> None:
    code = code_of(expression, thing=Opaque(), found=[Opaque()])
    assert code in {"FAB203", "FAB204", "FAB205", "FAB206", "FAB207", "FAB210"}


def test_an_object_is_handed_on_as_it_is() -> None:
    thing = Opaque()
    assert value_of("thing", thing=thing) is thing


_WIDE = "'" + "ab" * 900 + "'"


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 10 ** 10", "10 ** 10 * 'a'", "10 ** (10 ** 10)", "10 ** 10 ** 10 ** 10", "2 ** 100000",
        "(2 ** 1000) ** (2 ** 1000)", "2 ** 900 * 2 ** 900", "1e308 * 10", "1e999", "(-8) ** 0.5",
        "2 ** -(10 ** 30)", "2.5 ** (10 ** 9)", "10 | round(-10 ** 9)", "10 | round(10 ** 300)",
        "[[1] * 9999] * 9999", "[[1] * 9999] * 9999 == [[1] * 9999] * 9999",
        "[0] * 10001", "[[[0] * 999] * 999] * 999 | tojson", "[[[0] * 999] * 999] * 999 | string",
        "([[1] * 9999] * 9999) | join", "([['a' * 60000] * 900]) | map('join') | list",
        "(['a' * 60000] * 9999) | join", "(['a' * 60000] * 9999) | map('upper') | list",
        "(['a' * 60000] * 9999) | map('replace', 'a', 'b') | list", "(['a' * 60000] * 9999) | sort",
        "(['a' * 60000] * 9999) | unique | list", "([[0] * 9999] * 9999) | map('sort') | list",
        "([[0] * 9999] * 9999) | map('map', 'string') | list", "([[0] * 9999] * 9999) | sum(start=[])",
        "('a' * 60000) | replace('a', 'b' * 60000)", "('a' * 60000) | replace('', 'b' * 9)",
        "('a' * 65000 | replace('a', 'aa')) | replace('a', 'aa')", "('a' * 65536) ~ 'a'",
        "('a' * 60000).split('a')", "('a ' * 30000).split()", "('a' * 60000) | list",
        "('a' * 60000) * 2 ~ ('a' * 60000)", "'%10000000000s' % 'a'", "'%10000000000d' is odd",
        "'%10000000000s' is divisibleby('a')", "('9' * 60000) | int + 10 ** 308 * 10",
        "(" * 2000 + "1" + ")" * 2000, "[" * 2000 + "]" * 2000, "{'a':" * 700 + "1" + "}" * 700,
        "not " * 1000 + "1", "-" * 4000 + "1", "+".join("1" * 2000), "a" + ".a" * 2000,
        "a" + "[0]" * 1300, "a" + "|e" * 2000, "1 if " * 800 + "1", "a" + " is a" * 900,
        "x" * 1_000_000, "1" * 1_000_000, "1" * 4_000, "'" + "a" * 1_000_000 + "'",
        "[" + "1," * 500_000 + "]", "'a' in [0] * 10000 * 2", "1 in big", "big | list", "big[:]",
        "big | map(attribute='uid') | list", "big | sort", "big | tojson", "big | join", "big | unique",
        "vars | tojson", "vars.d == vars.e", "vars.d in [vars.e]", "[vars.d] | unique", "[vars.d] | sort",
        "a and " * 500 + "a", "'a'" + "~'a'" * 1_000_000, "((((" * 20 + "1" + " + 1)" * 80,
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_no_expression_hangs_or_fills_the_memory(expression: str) -> None:
    bomb: Any = ["x"]
    for _ in range(60):
        bomb = [bomb, bomb]
    twin: Any = ["x"]
    for _ in range(60):
        twin = [twin, twin]
    names = {"big": Lazy(100_000), "vars": {"d": bomb, "e": twin}, "a": {}}
    begun = time.process_time()
    first = code_of(expression, **names)
    assert time.process_time() - begun < 1.0
    assert first in {"FAB201", "FAB203", "FAB204", "FAB205", "FAB207", "FAB208", "FAB210"}
    tracemalloc.start()
    try:
        assert code_of(expression, **names) == first
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


def test_reasonable_nesting_is_allowed() -> None:
    assert value_of("1" + " + 1" * (MAX_NESTING - 3)) == MAX_NESTING - 2
    assert value_of("(" * 20 + "1" + ")" * 20) == 1


class Lazy(Sequence[dict[str, Any]]):
    """A sequence that makes its members on demand and counts how many it made."""

    def __init__(self, count: int) -> None:
        self.count_ = count
        self.made = 0

    def __len__(self) -> int:
        return self.count_

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            pytest.fail("a slice of the whole")
        if not -self.count_ <= index < self.count_:
            raise IndexError(index)
        self.made += 1
        return {"uid": f"2.25.{index % self.count_}"}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        raise AssertionError("walked")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("images | length", 100_000),
        ("images | count", 100_000),
        ("images[0].uid", "2.25.0"),
        ("images[-1].uid", "2.25.99999"),
        ("(images | first).uid", "2.25.0"),
        ("(images | last).uid", "2.25.99999"),
        ("images[5:7] | map(attribute='uid') | join(' ')", "2.25.5 2.25.6"),
        ("images is sequence", True),
        ("'some' if images else 'none'", "some"),
    ],
)
def test_a_hundred_thousand_images_are_not_made_to_look_at_one(
    expression: str, expected: Any
) -> None:
    images = Lazy(100_000)
    assert value_of(expression, images=images) == expected
    assert images.made <= 2


def test_a_lazy_sequence_is_handed_on_unwalked() -> None:
    images = Lazy(100_000)
    assert value_of("images", images=images) is images
    assert code_of("images | map(attribute='uid') | list", images=images) == "FAB208"
    assert images.made == 0


def test_the_hint_for_a_list_that_is_too_long_says_what_works() -> None:
    with pytest.raises(TemplateProblem) as caught:
        value_of("rows | sort", rows=[0] * (MAX_LIST + 1))
    assert "10,001" in caught.value.message
    assert "length" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("expression", "code", "words"),
    [
        ("studys[0]", "FAB203", "did you mean 'studies'"),
        ("vars.imges", "FAB204", "did you mean 'images'"),
        ("studies[7].uid", "FAB204", "no element 7; the list has 1, numbered 0 to 0"),
        ("empty[0]", "FAB204", "the list is empty"),
        ("studies.uid", "FAB204", "a list has no 'uid'"),
        ("vars.images.x", "FAB204", "a number has no 'x'"),
        ("env.HOME", "FAB211", "site files only"),
        ("1 / 0", "FAB207", "division by zero"),
        ("1 % 0", "FAB207", "division by zero"),
        ("'a' + 1", "FAB207", "cannot combine text and a number"),
        ("'a' < 1", "FAB207", "have no order"),
        ("vars | lenght", "FAB205", "did you mean 'length'"),
        ("1 is od", "FAB205", "did you mean 'odd'"),
        ("vars | map('lenght')", "FAB205", "did you mean 'length'"),
        ("studies | join('a', 'b', 'c')", "FAB205", "too many positional arguments"),
        ("1 +", "FAB201", "not an expression"),
        ("1 2", "FAB201", "did not expect '2'"),
        ("", "FAB201", "empty"),
        ("'a' if true", "FAB201", "else"),
        ("5 | length", "FAB207", "a number has no length"),
        ("'abc' | map('upper')", "FAB207", "needs a list, but it is text"),
        ("studies ~ 'x'", "FAB210", "a list cannot stand inside text"),
        ("none ~ 'x'", "FAB210", "null cannot stand inside text"),
        ("not gone", "FAB203", "there is no 'gone'"),
        ("gone == 1", "FAB203", "there is no 'gone'"),
        ("gone | length", "FAB203", "there is no 'gone'"),
        ("1 if gone else 2", "FAB203", "there is no 'gone'"),
        ("[gone] | join", "FAB203", "there is no 'gone'"),
    ],
)
def test_each_failure_says_what_is_wrong(expression: str, code: str, words: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        value_of(expression, studies=[{"uid": "1.2"}], vars={"images": 2}, empty=[])
    assert caught.value.code == code
    assert words in caught.value.message


def _literal(value: Any) -> str:
    if isinstance(value, str):
        quoted = (
            value.replace("\\", "\\\\")
            .replace("'", "\\'")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
        )
        return f"'{quoted}'"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return repr(value)


_TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs"]), max_size=20
)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**15), 10**15) | _TEXTS
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_a_literal_evaluates_to_what_it_says(value: Any) -> None:
    assert value_of(_literal(value)) == value


@given(_VALUES)
def test_a_value_goes_through_unchanged(value: Any) -> None:
    assert value_of("v", v=value) is value
    assert value_of("[v][0]", v=value) is value


@given(st.text(max_size=200))
def test_any_text_at_all_is_a_value_or_a_diagnostic(expression: str) -> None:
    with contextlib.suppress(TemplateProblem):  # anything else is a traceback for the user
        value_of(expression, vars={"a": 1}, found=[{"x": "y"}])


_WORDS = st.lists(
    st.sampled_from(
        [
            "vars",
            ".",
            "a",
            "[",
            "]",
            "0",
            "-1",
            "(",
            ")",
            "|",
            "length",
            "map",
            "'x'",
            ",",
            "=",
            "~",
            "+",
            "-",
            "*",
            "**",
            "/",
            "//",
            "%",
            "not",
            "in",
            "is",
            "if",
            "else",
            "and",
            "or",
            "{",
            "}",
            ":",
            "found",
            "replace",
            "join",
            "sort",
            "9999",
            "''",
            "default",
            "defined",
            "==",
            "<",
            ">=",
            "attribute",
            "self",
            "__class__",
            "range",
        ]
    ),
    max_size=25,
)


@given(_WORDS)
def test_any_jumble_of_the_grammar_is_a_value_or_a_diagnostic(words: list[str]) -> None:
    with contextlib.suppress(TemplateProblem):
        value_of(" ".join(words), vars={"a": 1}, found=[{"x": "y"}])
