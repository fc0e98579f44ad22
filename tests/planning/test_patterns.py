"""Identifier patterns: what a user writes is what the PACS gets."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.planning.pattern_parts import (
    CheckDigit,
    Counter,
    Field,
    Literal,
    Part,
    PatternError,
)
from scenario_runner.planning.patterns import Pattern, luhn, parse
from scenario_runner.planning.shuffle import shuffled
from tests.planning.support import FIELDS, NOW

_literals = st.text("ABCxyz-_. 019", min_size=1, max_size=6).map(Literal)
_fields: st.SearchStrategy[Part] = st.one_of(
    st.sampled_from(["YYYY", "YY", "MM", "DD", "HH", "mm", "SS", "modality", "site"]).map(Field),
    st.builds(Field, st.sampled_from(["letters", "hex", "alnum", "random"]), st.integers(1, 20)),
    st.builds(Counter, st.integers(3, 12), st.integers(0, 999), st.integers(1, 50)),
    st.just(CheckDigit()),
)


@st.composite
def patterns(draw: Any) -> Pattern:
    parts: list[Part] = []
    for part in draw(st.lists(st.one_of(_literals, _fields), max_size=6)):
        if not (parts and isinstance(part, Literal) and isinstance(parts[-1], Literal)):
            parts.append(part)
    return Pattern(tuple(parts), FIELDS)


@settings(deadline=None)
@given(patterns())
def test_a_pattern_written_out_and_read_again_is_the_same(pattern: Pattern) -> None:
    assert parse(str(pattern), FIELDS) == pattern


_WORDS = {
    "letters": "letters",
    "hex": "hex digits",
    "alnum": "alphanumeric characters",
    "random": "random digits",
}


def _in_words(part: Part) -> str | None:
    """The part in the long form, or None where it has none of its own."""
    match part:
        case Counter():
            step = f" in steps of {part.step}" if part.step != 1 else ""
            return f"{{{part.width} digits starting from {part.start:0{part.width}d}{step}}}"
        case Field(name, int(width)):
            return f"{{{width} {_WORDS[name]}}}"
    return None


_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@settings(deadline=None)
@given(patterns(), st.booleans())
def test_the_long_form_of_any_pattern_means_the_short_one(pattern: Pattern, named: bool) -> None:
    text = "".join(_in_words(part) or str(part) for part in pattern.parts)
    if named:
        text = re.sub(r"\{(\d|10) ", lambda m: f"{{{_NAMES[int(m[1]) - 1]} ", text)
    found = parse(text, FIELDS)
    assert found == pattern
    assert (found.rule, str(found)) == (pattern.rule, str(pattern))


@settings(deadline=None)
@given(patterns(), st.data())
def test_an_identifier_is_as_long_as_its_pattern_says(pattern: Pattern, data: Any) -> None:
    draw = data.draw(st.integers(0, pattern.space - 1))
    numbers = [counter.start for counter in pattern.counters]
    assert len(pattern.render(NOW, numbers=numbers, draw=draw)) == pattern.length


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("YYYY{two letters}{seven digits starting from 0000001}", "{YYYY}{2letters}{7digits}"),
        ("YYYYMMDD-{four hex digits}", "{YYYY}{MM}{DD}-{4hex}"),
        ("{three random digits}", "{3random}"),
        ("{five alphanumeric characters}", "{5alnum}"),
        ("{Twenty letters}", "{20letters}"),
        ("COMMAND{6 digits starting from 100 in steps of 5}", "COMMAND{6digits:start=100,step=5}"),
        ("{six digits, starting at 9, step 2}", "{6digits:start=9,step=2}"),
        ("ACC{YYYY}{2letters}", "ACC{YYYY}{2letters}"),
        ("YYYY is text without a field", "YYYY is text without a field"),
    ],
)
def test_the_long_form_is_another_spelling_of_the_short_one(text: str, short: str) -> None:
    assert str(parse(text, FIELDS)) == short


def test_every_field_writes_what_its_name_says() -> None:
    text = "{YYYY}{YY}{MM}{DD}{HH}{mm}{SS}|{modality}|{site}|{3digits:start=5,step=5}|{2random}"
    made = parse(text, FIELDS).render(NOW, modality="CT", site="north", numbers=[15], draw=42)
    assert made == "20262603040506" + "07|CT|north|015|42"


def test_a_year_before_1000_keeps_four_digits() -> None:
    assert parse("{YYYY}{YY}", FIELDS).render(datetime(987, 1, 1)) == "098787"  # noqa: DTZ001


@pytest.mark.parametrize("digits", ["7992739871", "1", "0", "000", "18", "4" * 30])
def test_the_check_digit_makes_the_whole_number_valid(digits: str) -> None:
    whole = digits + luhn(digits)
    total = sum(
        sum(divmod(int(d) * (2 if place % 2 else 1), 10)) for place, d in enumerate(whole[::-1])
    )
    assert total % 10 == 0


def test_the_check_digit_of_the_textbook() -> None:
    assert parse("A-7992739871{mod10}", FIELDS).render(NOW) == "A-79927398713"


@pytest.mark.parametrize(
    ("text", "wrong", "words"),
    [
        ("AB{7digts}", "{7digts}", "did you mean '{digits}'"),
        ("{yyyy}", "{yyyy}", "did you mean '{YYYY}'"),
        ("X{7digits", "{", "no '}'"),
        ("X7digits}", "}", "no '{'"),
        ("{{7digits}}", "{", "no '}'"),
        ("{letters}", "{letters}", "width"),
        ("{4YYYY}", "{4YYYY}", "no width"),
        ("{0digits}", "{0digits}", "from 1 to 64"),
        ("{2digits:start=100}", "{2digits:start=100}", "cannot start at 100"),
        ("{2digits:begin=1}", "{2digits:begin=1}", "begin=1"),
        ("{7digits:step=0}", "{7digits:step=0}", "1 or more"),
        ("{6letters:start=1}", "{6letters:start=1}", "no options"),
        ("{}", "{}", "not a field"),
        ("{seven dogs}", "{seven dogs}", "not understood"),
        ("{two letters starting from 5}", "{two letters starting from 5}", "counter"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text: str, wrong: str, words: str) -> None:
    with pytest.raises(PatternError) as caught:
        parse(text, FIELDS)
    assert text[caught.value.start : caught.value.end] == wrong
    assert words in f"{caught.value.message} {caught.value.hint}"


@settings(deadline=None)
@given(st.text("{}7digtsYM:=, start", max_size=30))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    place = (0, len(text) + 1)
    try:
        parse(text, FIELDS)
    except PatternError as error:
        place = (error.start, error.end + 1)
    assert 0 <= place[0] < place[1] <= len(text) + 1


@settings(deadline=None)
@given(st.integers(1, 300), st.text(max_size=5))
def test_random_identifiers_use_every_value_once_before_any_twice(size: int, key: str) -> None:
    assert sorted(shuffled(place, size, key) for place in range(size)) == list(range(size))


def test_random_identifiers_do_not_come_in_order() -> None:
    first = [shuffled(place, 36**6, "seed") for place in range(200)]
    assert first != sorted(first)
    assert max(first) - min(first) > 36**6 // 2


def test_the_rule_of_a_counter_leaves_out_where_it_starts() -> None:
    one, other = (parse(text, FIELDS) for text in ("A{7digits}", "A{7digits:start=50,step=2}"))
    assert one.rule == other.rule == "A{7digits}"
    assert re.fullmatch(r"A\{7digits\}", one.rule)
