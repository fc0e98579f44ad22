"""Regular expressions out of files, searched for in whatever a PACS said: bounded in time and size.

They are written as for Python's ``re``. It has no limit, though, and keeps every other thread from
running while it searches; this engine has one, and does not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import regex

MAX_PATTERN = 2_000
"""Characters that one expression may have."""
MAX_PARTS = 10_000
"""Parts that one may have when its counted repeats are written out, as the engine does before it searches."""
MAX_SEARCHED = 500_000
"""Characters of the text that one is searched for in."""
MAX_SECONDS = 0.5
"""Processor time that one search may take."""
_DIGITS = 9
"""Of a count; one with more is too much in any case."""

_TOKEN = re.compile(
    r"""
    \\. | \[\^?\]?(?:\\.|[^\]\\])*\] | \{(?P<count>\d+)(?:,\d*)?\} | [*+?|]
    | (?P<recursive>\(\?(?:R|[0-9]+|&|P>))
    | (?P<opened>\((?:\?(?:[:=!>|]|<[=!]|P?<\w+>|[a-zA-Z-]+:))?) | .
    """,
    re.DOTALL | re.VERBOSE,
)

_SURE = re.compile(r"""(?:[\w ',;:=/"-]|\.[*+?]?|\\[dDsSwW][*+?]?|\[[?*+.()|]\])*""")
"""What is an expression without a doubt, as nearly all in scenarios are: an engine takes longer to load than to ask."""


class PatternError(ValueError):
    """An expression that is none, or cannot be searched for in that text within the limits."""


def require_pattern(pattern: str) -> str:
    """The expression itself. Raises PatternError for one that is none or too long."""
    if len(pattern) > MAX_PATTERN or not _SURE.fullmatch(pattern):
        _compiled(pattern)
    return pattern


def is_found(pattern: str, text: str) -> bool:
    """Whether the text has a place where the expression fits. Raises PatternError."""
    return first_found(pattern, (text,)) is not None


def first_found(pattern: str, texts: Iterable[str]) -> str | None:
    """The first text with such a place; one limit holds for all of them. Raises PatternError."""
    end = thread_time() + MAX_SECONDS
    for text in texts:
        if _is_found(pattern, text, end - thread_time()):
            return text
    return None


def _is_found(pattern: str, text: str, seconds: float) -> bool:
    compiled = _compiled(pattern)
    if len(text) > MAX_SEARCHED:
        raise PatternError(
            f"a text of {len(text):,} characters is not searched; {MAX_SEARCHED:,} is the most"
        )
    try:
        return compiled.search(text, timeout=max(seconds, 0.0), concurrent=True) is not None
    except TimeoutError:
        shown = pattern if len(pattern) <= 60 else f"{pattern[:57]}…"
        raise PatternError(f"searching for '{shown}' takes longer than {MAX_SECONDS:g} s") from None
    except MemoryError:
        raise PatternError("searching for the expression takes too much memory") from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"longer than {MAX_PATTERN:,} characters")
    if (parts := _parts(pattern)) > MAX_PARTS:
        raise PatternError(
            f"it repeats too much: written out it has {parts:,} parts; {MAX_PARTS:,} is the most"
        )
    import regex

    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, ValueError) as error:
        raise PatternError(
            f"this is no regular expression: {error}; "
            "a sign such as ( or [ that means itself needs a backslash before it"
        ) from None
    except (RecursionError, MemoryError):
        raise PatternError("this is no regular expression: it is nested too deeply") from None


def _parts(pattern: str) -> int:
    """About how many parts it has with ``(ab){3}`` as ``ababab``; what is no expression has some number, too.

    Raises PatternError for one that calls itself, which Python's cannot either.
    """
    outer: list[int] = []
    so_far = last = 0
    for token in _TOKEN.finditer(pattern):
        if token["recursive"]:
            raise PatternError(f"an expression within itself, '{token[0]}', may need any memory")
        if token["count"]:
            last *= max(1, int(token["count"][:_DIGITS]))
        elif token["opened"]:
            outer.append(so_far + last)
            so_far = last = 0
        elif token[0] == ")" and outer:
            so_far, last = outer.pop(), max(1, so_far + last)
        elif token[0] not in ("*", "+", "?", "|"):
            so_far, last = so_far + last, 1
    return so_far + last + sum(outer)
