"""Where somebody lives and is called: street, town, region, postcode and telephone that belong together."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from scenario_runner.planning.identity import Dice, derive_seed
from scenario_runner.planning.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")
_RANGE = re.compile(r"\{(\d+)-(\d+)\}")


_OF_COUNTRY = {"en": "en_US", "es": "es_ES"}
"""Languages that Faker has for themselves, and where such people live here."""


def has_towns(locale: str) -> bool:
    """Whether the towns of a locale are known; those of others come from Faker."""
    return _OF_COUNTRY.get(locale, locale) in _forms()


def home(locale: str, number: int) -> tuple[str, str]:
    """Address and telephone of the number-th home of a locale; the same for the same number.

    The address is of at most 64 bytes of UTF-8 (LO), the telephone of at most 16 characters (SH).
    """
    locale = _OF_COUNTRY.get(locale, locale)
    dice = Dice(derive_seed("home", locale, number))
    town = _pick(_towns()[locale], dice)
    form, streets = _forms()[locale]
    address = form
    for word, value in (*town.items(), ("street", _pick(streets, dice))):
        address = address.replace(f"{{{word}}}", value)
    return _numbered(address, dice), _numbered(town["phone"], dice)


@cache
def _towns() -> Mapping[str, Sequence[Mapping[str, str]]]:
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in table("towns"):
        found.setdefault(row["locale"], []).append(row)
    return found


@cache
def _forms() -> Mapping[str, tuple[str, Sequence[str]]]:
    """How addresses are written, and the streets, by locale."""
    return {row["locale"]: (row["form"], row["streets"].split(";")) for row in table("streets")}


def _numbered(text: str, dice: Dice) -> str:
    """With a number for each ``{1-99}``, as long as its lower bound is written."""

    def drawn(match: re.Match[str]) -> str:
        return str(dice.randint(int(match[1]), int(match[2]))).zfill(len(match[1]))

    return _RANGE.sub(drawn, text)


def _pick(values: Sequence[_T], dice: Dice) -> _T:
    return values[dice.randint(0, len(values) - 1)]
