"""Regular expressions of a scenario: those of Python, and an end to each search."""

from __future__ import annotations

import re
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.language.searching import (
    _SURE,
    MAX_PATTERN,
    MAX_SEARCHED,
    PatternError,
    _compiled,
    is_found,
    require_pattern,
)


@given(
    st.sampled_from(
        ["^[0-9]{4}$", "a|b", "(?i)ct", r"\bA\d+\b", "(?=x)x", r"(.)\1", "[^ab]+$", "", r"\Aa.*z\Z"]
    ),
    st.text("abAB01xz \n", max_size=30),
)
def test_an_expression_finds_what_python_finds(pattern: str, text: str) -> None:
    assert is_found(pattern, text) == (re.search(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing"),
        ("(?R)", "an expression within itself"),
        ("a{99999999999}", "repeats too much"),
        ("(" * 1_500 + ")" * 400, "nested too deeply|missing"),
        ("a" * (MAX_PATTERN + 1), "longer than 2,000 characters"),
        (r"\q", "bad escape"),
        (r"(?:\b{1000}){99999}", "repeats too much: written out it has 99,999,000 parts"),
        (r"((?:a|[)(]){200}\){2}){200}", r"repeats too much: written out it has 80,400 parts"),
    ],
)
def test_what_is_no_expression_says_why(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        require_pattern(pattern)


@given(st.from_regex(_SURE, fullmatch=True))
def test_what_is_surely_an_expression_is_one(pattern: str) -> None:
    assert _compiled(pattern).pattern == pattern


@pytest.mark.parametrize("pattern", ["a**", "*a", "(", "[", "a{2", r"\q", "a|+", ".**"])
def test_what_repeats_or_groups_is_asked_of_the_engine(pattern: str) -> None:
    assert not _SURE.fullmatch(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"\d{4,64}", r"(?:ab){1000}", r"(?i:[^\W]{3}){0,65535}", r"\{99999}x{2"],
)
def test_what_repeats_within_reason_is_an_expression(pattern: str) -> None:
    assert require_pattern(pattern) == pattern


def test_a_search_that_does_not_end_is_ended() -> None:
    with pytest.raises(PatternError, match=r"takes longer than 0\.5 s"):
        is_found("^(?:a|aa)+$", "a" * 50_000 + "b")


def test_while_one_thread_searches_others_go_on() -> None:
    """What notices Ctrl-C and the end of a step's time is another thread."""
    seen: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            seen.append(time.monotonic())
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    with pytest.raises(PatternError):
        is_found("^(?:a|aa)+$", "a" * 50_000 + "b")
    ended.set()
    thread.join()
    assert len(seen) > 5


def test_a_text_too_long_to_search_is_refused_and_not_cut() -> None:
    with pytest.raises(PatternError, match="500,001 characters"):
        is_found("a", "a" * (MAX_SEARCHED + 1))
