"""A synthetic person: the one function for whoever needs a patient outside of a scenario."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning import person_name
from scenario_runner.planning.dates import WINDOW, years_before
from scenario_runner.planning.demographics import DEFAULT_LOCALE, demographics_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.planning.api import Demographics
    from scenario_runner.planning.identity import Dice

ADULTS = (years_before(WINDOW[0], 90), years_before(WINDOW[0], 18))
"""When somebody was born of whom nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticPerson:
    """Nobody in particular, whose parts agree with each other."""

    name: str
    """A whole PN value: up to three component groups joined by ``=`` (PS3.5 6.2.1)."""
    sex: str
    birth_date: dt.date
    address: str
    phone: str
    locale: str


def synthetic_person(
    dice: Dice,
    *,
    sources: Mapping[str, Demographics],
    locale: str = DEFAULT_LOCALE,
    sex: str | None = None,
    born: tuple[dt.date, dt.date] = ADULTS,
) -> SyntheticPerson:
    """The next person that the dice give; the same for dice of the same seed.

    sources: by name, as the plugins offer them (``Plugins.named("fabricate_demographics")``). sex: M, F
    or O, drawn from M and F when left out. born: the first and the last birth date there may be. Raises
    ValueError for a locale that nobody can be of; its message lists near ones.
    """
    source, rest = demographics_for(locale, sources)
    sex = sex or "MF"[dice.randint(0, 1)]
    birth_date = dt.date.fromordinal(dice.randint(born[0].toordinal(), born[1].toordinal()))
    person = source.person(rest, sex, dice.bits() >> 1)
    return SyntheticPerson(
        name=person_name.compose(None, person),
        sex=sex,
        birth_date=birth_date,
        address=person.address,
        phone=person.phone,
        locale=locale,
    )
