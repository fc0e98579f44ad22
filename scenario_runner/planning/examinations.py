"""What is examined in whom, and what that is called: the rows of ``tables/examinations.tsv``.

A study whose scenario does not say what was examined gets one of these, and its patient the sex and the age
of somebody who is examined so.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from scenario_runner.language.model import GivenAge
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.dates import AgeRule
from scenario_runner.planning.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CODING_SCHEME = "99FABRICATOR"
"""CodingSchemeDesignator of our own codes; 99 is for private schemes (PS3.3 8.2)."""
ENGLISH = "en"
_LANGUAGES = (
    ENGLISH,
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pt",
    "ja",
    "zh",
    "ko",
    "ru",
    "uk",
    "tr",
    "sv",
    "da",
    "no",
    "fi",
    "pl",
)
_SIDES = re.compile(r"\{([^/}]*)/([^}]*)\}")
_YEAR = 12
_NEAR = 5 * _YEAR
"""Months by which ages may be farther away than the nearest."""
_WIDE = 40 * _YEAR
"""Of fewer ages is what has its reason in the age: a screening, a second trimester."""
_GROWN = 18 * _YEAR


@dataclass(frozen=True)
class Examination:
    """One kind of study. Ages in completed months, both included."""

    code: str
    """Of ``CODING_SCHEME``; at most 16 characters."""
    body_part: str
    """A defined term of Body Part Examined."""
    sexes: str
    """``MF``, ``M`` or ``F``."""
    first_month: int
    last_month: int
    weight: int
    """How often it comes up among those of its modality."""
    sides: str
    """``LR`` for either, ``L``, ``B`` for both, empty for none."""
    series: tuple[str, ...]
    """Of each series the view, or a description that is the same in every language."""
    words: Mapping[str, str]
    """By language, with marks as the table explains them."""

    def may_be_of(self, months: int) -> bool:
        """Whether somebody of another age may have it all the same; what children have, no adult does."""
        return self.last_month >= _GROWN or months <= self.last_month + _YEAR

    def side(self, seed: int) -> str | None:
        """Laterality of a study; seed: its own."""
        return "RL"[seed % 2] if self.sides == "LR" else self.sides or None

    def description(self, language: str, side: str | None) -> str:
        """StudyDescription. language: one that there are no words in means English."""
        return _sided(self._wording(language).translate(_UNMARKED), side)

    def protocol(self, language: str, side: str | None) -> str:
        """ProtocolName: the same without the word for the modality."""
        return _sided(re.sub(r" ?\[[^]]*\] ?", " ", self._wording(language)), side)

    def series_name(self, place: int, language: str, view: str | None = None) -> str:
        """SeriesDescription of the place-th series; empty where the examination has no words for it.

        view: which one it has, of those of projection radiographs.
        """
        known = _views()
        name = self.series[place % len(self.series)] if self.series else ""
        if name in known:
            name = view or name
        return known.get(name, {}).get(_known(language), name)

    @property
    def views(self) -> tuple[str, ...]:
        """The views of projection radiographs, one a series; of anything else none."""
        return self.series if set(self.series) <= set(_views()) else ()

    def view(self, place: int) -> str | None:
        """ViewPosition of the place-th series of projection radiographs."""
        return self.views[place % len(self.views)] if self.views else None

    def _wording(self, language: str) -> str:
        return self.words[_known(language)]


@dataclass(frozen=True)
class Subject:
    """Somebody who has an examination. Ages in completed months, both included."""

    sexes: str
    first_month: int
    last_month: int
    weight: int

    @cached_property
    def ages(self) -> AgeRule:
        """The same in years where it can be, so that each year is as likely as any other."""
        first, last = self.first_month, self.last_month
        if first % _YEAR or (last + 1) % _YEAR:
            return AgeRule(GivenAge(first, "m"), GivenAge(last, "m"))
        return AgeRule(GivenAge(first // _YEAR, "y"), GivenAge(last // _YEAR, "y"))


class Fitting(Protocol):
    """What fits some sexes and ages, and some things are likelier than others."""

    @property
    def sexes(self) -> str:
        """Some of M and F."""
        ...

    @property
    def first_month(self) -> int:
        """The least age."""
        ...

    @property
    def last_month(self) -> int:
        """The greatest age."""
        ...

    @property
    def weight(self) -> int:
        """How often it comes up."""
        ...


F = TypeVar("F", bound=Fitting)


def examinations(modality: str) -> Sequence[Examination]:
    """Those of a modality, by its defined term; none for one that the table does not have."""
    return _by_modality().get(modality, ())


def pick(choices: Sequence[F], sex: str, months: int | None, seed: int) -> F:
    """One of those that fit a sex and an age; where none does, what is commonest near that age, and then sex does not matter.

    sex: O fits any. months: None fits any.
    """
    fitting = [each for each in choices if sex in each.sexes or sex not in "MF"] or choices
    if months is not None:
        fitting = [e for e in fitting if _months_off(e, months) == 0] or [_usual(fitting, months)]
    number = (seed >> 20) % sum(each.weight for each in fitting)
    for each in fitting:
        number -= each.weight
        if number < 0:
            break
    return each


def _usual(choices: Sequence[F], months: int) -> F:
    """What somebody gets whom none of these is made for: a child's CT is of the head and no screening of lungs."""
    nearest = min(_months_off(each, months) for each in choices)
    near = [each for each in choices if _months_off(each, months) <= nearest + _NEAR]
    wide = [each for each in near if each.last_month - each.first_month >= _WIDE]
    return max(wide or near, key=lambda each: each.weight)


def _months_off(one: Fitting, months: int) -> int:
    """How far an age is from those that something fits."""
    return max(one.first_month - months, months - one.last_month, 0)


def subjects(
    studies: Sequence[Sequence[Examination]], *, adult: bool, several: bool
) -> tuple[Subject, ...]:
    """Who can have one examination of each of these studies.

    adult: nobody below 18 where that leaves anybody. several: of whom there are further studies, up to a
    year later. Where nobody can have them all, those who can have the first.
    """
    first, *others = studies
    found = [one for each in first if (one := _subject(each, others))]
    found = found or [one for each in first if (one := _subject(each, []))]
    if adult:
        grown = [_within(one, one.sexes, 18 * _YEAR, one.last_month) for one in found]
        found = [one for one in grown if one] or found
    if several:
        found = [_with_room(one) for one in found]
    return tuple(found)


def _subject(one: Examination, others: Sequence[Sequence[Examination]]) -> Subject | None:
    made: Subject | None = Subject(one.sexes, one.first_month, one.last_month, one.weight)
    for other in others:
        if made is None:
            return None
        meeting = [
            each
            for each in other
            if set(each.sexes) & set(made.sexes)
            and each.first_month <= made.last_month
            and made.first_month <= each.last_month
        ]
        if not meeting:
            return None
        made = _within(
            made,
            "".join(each.sexes for each in meeting),
            min(each.first_month for each in meeting),
            max(each.last_month for each in meeting),
        )
    return made


def _within(one: Subject, sexes: str, first: int, last: int) -> Subject | None:
    both = "".join(sex for sex in one.sexes if sex in sexes)
    first, last = max(first, one.first_month), min(last, one.last_month)
    return Subject(both, first, last, one.weight) if both and first <= last else None


def _with_room(one: Subject) -> Subject:
    """Not so old that a study a year later would be of somebody too old."""
    room = one.last_month - one.first_month >= 3 * _YEAR
    last = one.last_month - _YEAR if room else one.last_month
    return Subject(one.sexes, one.first_month, last, one.weight)


_UNMARKED = str.maketrans("", "", "[]")


def _known(language: str) -> str:
    return language if language in _LANGUAGES else ENGLISH


def _sided(text: str, side: str | None) -> str:
    """With the word for the side, and without one where both or neither is shown."""
    word = {"R": r"\1", "L": r"\2"}.get(side or "", "")
    return " ".join(_SIDES.sub(word, text).split())


@cache
def _by_modality() -> Mapping[str, Sequence[Examination]]:
    found: dict[str, list[Examination]] = {}
    for row in table("examinations"):
        low, high = row["ages"].split("-")
        one = Examination(
            code=row["code"],
            body_part=row["body_part"],
            sexes=row["sex"],
            first_month=_months(low),
            last_month=_months(high, _YEAR - 1),
            weight=int(row["weight"]),
            sides=row["side"],
            series=tuple(row["series"].split(",")) if row["series"] else (),
            words={language: row[language] for language in _LANGUAGES},
        )
        for modality in row["modality"].split(","):
            found.setdefault(modality, []).append(one)
    return found


def _months(age: str, further: int = 0) -> int:
    return int(age[:-1]) if age.endswith("m") else int(age) * _YEAR + further


@cache
def _views() -> Mapping[str, Mapping[str, str]]:
    return {row["view"]: row for row in table("views")}
