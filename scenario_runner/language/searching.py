"""Regular expressions out of files, searched for in whatever a PACS said: bounded in time and size.

They are written as for Python's ``re``. It has no limit, though, and keeps every other thread from
running while it searches; this engine has one, and does not.
"""

from __future__ import annotations

from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import regex

MAX_PATTERN = 2_000
"""Characters that one expression may have."""
MAX_SEARCHED = 1_000_000
"""Characters of the text that one is searched for in."""
MAX_SECONDS = 0.5
"""Processor time that one search may take."""


class PatternError(ValueError):
    """An expression that is none, or cannot be searched for in that text within the limits."""


def require_pattern(pattern: str) -> str:
    """The expression itself. Raises PatternError for one that is none or too long."""
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
    import regex

    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, ValueError) as error:
        raise PatternError(f"this is no regular expression: {error}") from None
    except (RecursionError, MemoryError):
        raise PatternError("this is no regular expression: it is nested too deeply") from None
