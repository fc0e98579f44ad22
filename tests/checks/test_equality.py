"""What people rely on when they compare values: types count, and the message helps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.checks.compare import Between, Contains, Equal, Matches, NotEqual
from scenario_runner.checks.equality import event_value, same, why_not_same
from scenario_runner.checks.membership import Count, Empty, In
from scenario_runner.fields.scalars import WrittenFloat

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def outcome(check: Any) -> str:
    return str(check.evaluate(None).outcome)


@given(PLAIN)
def test_every_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@pytest.mark.parametrize(
    ("left", "right"),
    [("1", 1), (1, True), (0, False), (None, ""), (None, False), ([], None), ({}, [])],
)
def test_values_of_two_types_are_never_equal(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert not same([left], [right])
    assert not same({"a": left}, {"a": right})


def test_a_number_is_equal_however_it_is_written() -> None:
    assert same(1, 1.0)
    assert same(WrittenFloat("1.10"), 1.1)


def test_equal_tells_that_only_the_type_differs() -> None:
    result = Equal(actual="20260101", expected=20260101).evaluate(None)  # type: ignore[arg-type]
    assert result.outcome == "failed"
    assert "quote the expected value" in result.message


@pytest.mark.parametrize(
    ("whole", "part", "holds"),
    [
        ("CHEST PA", "PA", True),
        ("CHEST", 1, False),
        (["CR", "DX"], "DX", True),
        (["1"], 1, False),
        ([{"a": 1, "b": 2}], {"a": 1}, True),
        ([{"a": 1, "b": 2}], {"a": 2}, False),
        ({"a": 1}, "a", True),
        ({"a": 1}, {"a": 1.0}, True),
        (None, "x", False),
        (5, 5, False),
    ],
)
def test_contains(whole: Any, part: Any, holds: bool) -> None:
    assert outcome(Contains(actual=whole, expected=part)) == ("passed" if holds else "failed")


@pytest.mark.parametrize(
    ("value", "pattern", "holds"),
    [
        ("2026AB0000001", "^[0-9]{4}[A-Z]{2}[0-9]{7}$", True),
        ("2026ab0000001", "^[0-9]{4}[A-Z]{2}[0-9]{7}$", False),
        (WrittenFloat("1.10"), "^1\\.10$", True),
        (None, ".*", False),
        (True, ".*", False),
    ],
)
def test_matches(value: Any, pattern: str, holds: bool) -> None:
    assert outcome(Matches(actual=value, expected=pattern)) == ("passed" if holds else "failed")


def test_between_includes_both_bounds_and_refuses_another_type() -> None:
    assert outcome(Between(actual=5, min=5, max=5)) == "passed"
    assert outcome(Between(actual=6, min=5, max=5)) == "failed"
    assert outcome(Between(actual="5", min=5)) == "failed"
    assert outcome(Between(actual="20260131", min="20260101", max="20261231")) == "passed"


@pytest.mark.parametrize(("value", "empty"), [(None, True), ("", True), ([], True), (0, False)])
def test_empty_knows_nothing_from_zero(value: Any, empty: bool) -> None:
    assert outcome(Empty(actual=value)) == ("passed" if empty else "failed")
    assert outcome(Empty(actual=value, expected=False)) == ("failed" if empty else "passed")


def test_count_takes_a_number_or_bounds() -> None:
    assert outcome(Count(actual=[1, 2], expected=2)) == "passed"
    assert outcome(Count(actual=3, expected=3)) == "passed"
    assert outcome(Count.model_validate({"actual": [], "expected": {"min": 1}})) == "failed"
    assert (
        outcome(Count.model_validate({"actual": [1], "expected": {"min": 1, "max": 2}})) == "passed"
    )
    assert outcome(Count(actual=None, expected=0)) == "failed"


def test_in_counts_types() -> None:
    assert outcome(In(actual="F", expected=["F", "M"])) == "passed"
    assert outcome(In(actual=1, expected=["1"])) == "failed"


def test_not_equal() -> None:
    assert outcome(NotEqual(actual=1, expected="1")) == "passed"
    assert outcome(NotEqual(actual=1, expected=1)) == "failed"


def test_a_long_list_is_cut_before_it_becomes_evidence() -> None:
    shown = event_value(list(range(1000)), limit=10)
    assert shown[:10] == list(range(10))
    assert shown[10] == "… 990 more"


def test_what_is_cut_for_the_evidence_is_told() -> None:
    assert event_value({str(n): n for n in range(103)}, 100)["…"] == "3 more"
    assert event_value(list(range(103)), 100)[-1] == "… 3 more"


def test_values_too_long_for_a_sentence_are_told_where_they_differ() -> None:
    frames = [{"FrameContentSequence": [{"InStackPositionNumber": n}]} for n in range(1_200)]
    others = [
        *frames[:1_100],
        {"FrameContentSequence": [{"InStackPositionNumber": 7}]},
        *frames[1_101:],
    ]
    said = why_not_same({"Rows": 8, "Frames": frames}, {"Rows": 8, "Frames": others})
    where = "Frames[1100].FrameContentSequence[0].InStackPositionNumber"
    assert said.endswith(f"; first at {where}: expected 1100 but got 7")
    assert why_not_same(frames, frames[:-1]).endswith("but got absent")
    assert why_not_same({"long": "a" * 300, "one": "absent"}, {"long": "a" * 300}).endswith(
        "; first at one: expected 'absent' but got absent"
    )
    assert "first at character 301: expected 'b' but got 'c'" in why_not_same(
        "a" * 300 + "b", "a" * 300 + "c"
    )
    assert why_not_same([1, 2], [1, 3]) == "expected [1, 2] but got [1, 3]"


def test_what_cannot_be_compared_is_named_with_a_way_out() -> None:
    check = Between(actual="2026-01-31", min="2025-01-01", max=20261231)
    assert check.evaluate(None).message == (  # type: ignore[arg-type]
        "cannot compare '2026-01-31' with the number 20261231; in quotes it is text: '20261231'"
    )
    assert Between(actual=[1], min=1).evaluate(None).message == (  # type: ignore[arg-type]
        "cannot compare a list with the number 1"
    )
