"""Which versions a range takes: what a lock holds depends on it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from scenario_runner.libraries.ranges import RangeError, parse_range, parse_version

# As the tests of node-semver have them.
TAKEN = [
    ("^1.2", "1.2.0"), ("^1.2", "1.9.9"), ("^1.2.3", "1.8.1"), ("^0.1.2", "0.1.3"), ("^0.0.1", "0.0.1"),
    ("~1.2.3", "1.2.9"), ("~1.2", "1.2.0"), ("~1", "1.9.0"), (">=1 <2", "1.99.0"), ("1.2.0", "1.2.0"),
    ("=1.2.0", "1.2.0"), ("1.2.x", "1.2.7"), ("1.x", "1.9.0"), ("*", "7.0.0"), ("", "1.0.0"),
    ("1 || 3", "3.1.0"), ("1.2 - 2.3", "2.3.9"), ("1.2.3 - 2.3.4", "2.3.4"), (">1", "2.0.0"),
    ("<=1", "1.9.9"), ("<1.2", "1.1.9"), (">= 1.0.0", "1.0.0"), ("^1.2.3-rc.1", "1.2.3-rc.2"),
    (">=2.0.0-0 <3", "2.0.0-beta"), ("^1.2.0-alpha", "1.3.0"), ("v1.2", "1.2.4"),
]  # fmt: skip
REFUSED = [
    ("^1.2", "2.0.0"), ("^1.2", "1.1.9"), ("^0.1.2", "0.2.0"), ("^0.0.1", "0.0.2"), ("~1.2.3", "1.3.0"),
    (">=1 <2", "2.0.0"), ("1.2.0", "1.2.1"), ("1.2.x", "1.3.0"), ("1 || 3", "2.0.0"),
    ("1.2 - 2.3", "2.4.0"), (">1", "1.9.0"), ("<=1", "2.0.0"), ("<1.2", "1.2.0"),
    ("*", "1.0.0-rc.1"), ("^1.2", "1.3.0-rc.1"), (">=1.2 <2", "1.3.0-rc.1"), ("^1.2.3-rc.1", "1.2.4-rc.1"),
    ("^1", "2.0.0-rc.1"), ("<2", "2.0.0-rc.1"), ("1.x", "2.0.0-0"), ("", "1.0.0-a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "version"), TAKEN)
def test_a_range_takes_what_npm_takes(text: str, version: str) -> None:
    assert Version.parse(version) in parse_range(text)


@pytest.mark.parametrize(("text", "version"), REFUSED)
def test_a_range_refuses_what_npm_refuses(text: str, version: str) -> None:
    assert Version.parse(version) not in parse_range(text)


@pytest.mark.parametrize(
    "text", ["two", "^", "1.2.3.4", "^1.b", ">=", "1.02", "^1 ||| 2", "1.2.0-", "@"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(RangeError):
        parse_range(text)


@pytest.mark.parametrize("text", ["1.2", "v1.2.0", "1.2.0.0", "01.2.0", ""])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(RangeError):
        parse_version(text)


NUMBERS = st.integers(0, 30)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_caret_takes_whatever_is_newer_and_compatible(
    major: int, minor: int, patch: int, newer_minor: int, newer_patch: int
) -> None:
    least = Version(major, minor, patch)
    other = Version(major, newer_minor, newer_patch)
    if major:
        assert (other in parse_range(f"^{least}")) == (other >= least)
    assert Version(major + 1, 0, 0) not in parse_range(f"^{least}")


@given(st.text(max_size=20))
def test_no_text_is_more_than_a_range_or_an_error(text: str) -> None:
    with contextlib.suppress(RangeError):
        parse_range(text)
