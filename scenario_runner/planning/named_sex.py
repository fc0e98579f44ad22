"""The sex that a given name tells: who is called JANE and nothing else is no man by chance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from scenario_runner.planning.usual_people import usual_people

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNLISTED = {"JANE": "F"}
"""Whom examples are about, and the kept lists lack."""


def sex_of_given(given: str, locale: str) -> str | None:
    """M or F where a given name is of one of them alone; None for any other, and where no English is spoken."""
    language, *_ = locale.replace("-", "_").split("_")
    first, *_ = given.upper().split() or [""]
    return _by_given().get(first) if first and language == "en" else None


def sex_of_name(name: str, locale: str) -> str | None:
    """The same of a whole PN value."""
    _, _, rest = name.partition("=")[0].partition("^")
    return sex_of_given(rest.partition("^")[0], locale)


@cache
def _by_given() -> Mapping[str, str]:
    male, female = (set(usual_people()[f"given {sex}"]) for sex in "MF")
    return {
        **dict.fromkeys(male - female, "M"),
        **dict.fromkeys(female - male, "F"),
        **_UNLISTED,
    }
