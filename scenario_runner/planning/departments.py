"""Who sends patients to a site and where they are examined: few, so that they come up again."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from scenario_runner.planning import person_name
from scenario_runner.planning.demographics import demographics_for
from scenario_runner.planning.examinations import ENGLISH
from scenario_runner.planning.identity import derive_seed
from scenario_runner.planning.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.planning.api import Demographics

PHYSICIANS = 16
"""How many physicians of each locale refer patients to a site."""
_OFTEN = (0, 0, 0, 0, 0, 0, 0, 1, 1, 2)
"""Which hospital of three: one site has most of the patients."""


class Department:
    """The referring physicians of a site, in one run.

    seed: of the run; the same for all its cases, so that they have the same physicians.
    """

    def __init__(self, seed: int, site: str, sources: Mapping[str, Demographics]) -> None:
        self._seed, self._site, self._sources = seed, site, sources
        self._physicians: dict[tuple[str, int], str] = {}

    def physician(self, locale: str, seed: int) -> str:
        """Who referred the patient of that locale; some refer far more than others.

        seed: of the study, 63 bits.
        """
        # The lower of two draws: number 0 comes up 31 times as often as number 15.
        number = min(seed % PHYSICIANS, (seed >> 8) % PHYSICIANS)
        key = (locale, number)
        if key not in self._physicians:
            source, rest = demographics_for(locale, self._sources)
            one = derive_seed(self._seed, self._site, "physician", number)
            self._physicians[key] = person_name.compose(None, source.person(rest, "O", one))
        return self._physicians[key]


def institution(language: str, seed: int) -> str:
    """Where a study was made, in that language or else in English. seed: of the study."""
    known = _institutions()
    names = known.get(language) or known[ENGLISH]
    return names[_OFTEN[(seed >> 16) % len(_OFTEN)]]


def language_of(locale: str) -> str:
    """The language of a locale, ``de`` of ``de_AT`` and of ``SOURCE:de_AT``; of ``zh_TW`` one of its own."""
    name = locale.rpartition(":")[2].replace("-", "_").lower()
    return name if name in _OTHER_LETTERS else name.partition("_")[0]


_OTHER_LETTERS: Final = ("zh_tw",)
"""Locales that write their language otherwise. In Taiwan examinations are ordered in English."""


@cache
def _institutions() -> Mapping[str, Sequence[str]]:
    return {
        row["language"]: (row["usual"], row["second"], row["third"])
        for row in table("institutions")
    }
