"""How sure it is that a study is a patient's: by number, name, birth date and sex, with reasons.

A wrong link is worse than none: a second thing that differs is never outweighed by those that agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.matching.names import (
    ALIKE,
    Likeness,
    latin_letters,
    likeness,
    slips_between,
    spelling,
)

if TYPE_CHECKING:
    from scenario_runner.registry.patient import Patient
    from scenario_runner.service.homes.home import StudyFacts

THRESHOLD: Final = 0.85
"""From which on a study is linked without a person."""
APART: Final = 0.03
"""By which the best candidate has to be better than the next."""
_WEIGHTS: Final = {"family": 0.33, "given": 0.32, "birth": 0.28, "sex": 0.07}
_NOT_LINKED: Final = THRESHOLD - 0.01
"""The most that something gets which contradicts."""
_NUMBER: Final = 0.05
"""What a number that agrees but for a slip adds."""
_LOCALES: Final = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "nl_NL")


@dataclass(frozen=True, slots=True)
class Score:
    """value: from 0 to 1; from ``THRESHOLD`` on it is the same person."""

    value: float
    reasons: Sequence[str]


def score(study: StudyFacts, patient: Patient) -> Score:
    """Hold what a study says of its patient to a patient."""
    name = likeness(study.patient_name, patient.name)
    birth, said = _birth(study.birth_date, f"{patient.birth_date:%Y%m%d}")
    sex, of_sex = _sex(study.sex, patient.sex)
    number, of_number = _number(study, patient)
    reasons = [one for one in (of_number, *_of_name(name), said, of_sex) if one]
    if number == 1.0:
        return _by_number(name, birth, sex, reasons)
    value = (
        _WEIGHTS["family"] * name.family
        + _WEIGHTS["given"] * name.given
        + _WEIGHTS["birth"] * birth
        + _WEIGHTS["sex"] * sex
    )
    if number > 0:
        value = min(1.0, value + _NUMBER)
    against = _against(study, patient, name, birth, sex, number)
    if against:
        value = min(value, _NOT_LINKED)
        reasons += against
    return Score(value, reasons)


def _by_number(name: Likeness, birth: float, sex: float, reasons: list[str]) -> Score:
    """The same number is the same patient, unless it was typed for somebody else."""
    if birth < 0.5 and name.weakest < ALIKE:
        return Score(_NOT_LINKED * 0.6, [*reasons, "the number is theirs, and nothing else is"])
    if max(name.family, name.given) < 0.6:
        return Score(_NOT_LINKED * 0.8, [*reasons, "the number is theirs, and the name is another"])
    value = 0.9 + 0.06 * (name.family + name.given) / 2 + 0.03 * birth + 0.01 * sex
    return Score(min(1.0, value), reasons)


def _against(
    study: StudyFacts, patient: Patient, name: Likeness, birth: float, sex: float, number: float
) -> list[str]:
    """What keeps it from being linked without a person."""
    found = []
    if birth < 0.6:
        found.append("no birth date that agrees")
    if name.weakest < ALIKE:
        found.append("a name that is another")
    if sex == 0.0 and (name.weakest < 1.0 or birth < 1.0):
        found.append("another sex")
    weak = sum((name.family < 0.95, name.given < 0.95, birth < 1.0))
    if weak > 1 and number == 0.0:
        found.append("more than one thing that differs")
    if number == 0.0 and not name.swapped and _both_are_names(study.patient_name, patient.name):
        found.append("given names of two people, as siblings have them")
    return found


def _birth(one: str, other: str) -> tuple[float, str]:
    """Two dates as YYYYMMDD, the first as somebody typed it."""
    if len(one) != 8 or not one.isdigit():
        return 0.5, "birth date unknown"
    if one == other:
        return 1.0, "birth date is the same"
    if one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]:
        return 0.9, "day and month of the birth date changed places"
    if slips_between(one, other, 1) == 1:
        return 0.7, "birth date differs by one digit"
    return 0.0, "birth date is another"


def _sex(one: str, other: str) -> tuple[float, str]:
    if not one or one == "O" or other == "O":
        return 0.7, ""
    return (1.0, "sex is the same") if one == other else (0.0, "sex is another")


def _number(study: StudyFacts, patient: Patient) -> tuple[float, str]:
    """1 where the number is one of the patient's, something where it is but for a slip."""
    wanted = study.patient_id.strip()
    if not wanted:
        return 0.0, ""
    for number, issuer in ((patient.id, patient.issuer), *patient.other_ids):
        if number == wanted and (not study.issuer or not issuer or issuer == study.issuer):
            return 1.0, "patient ID is the same"
    if len(wanted) >= 5 and slips_between(wanted, patient.id, 1) == 1:
        return 0.5, "patient ID differs by a slip"
    return 0.0, ""


def _of_name(name: Likeness) -> list[str]:
    if name.weakest == 1.0:
        return ["name is the same"]
    said = list(name.remarks)
    if name.family < ALIKE:
        said.append("family name is another")
    if name.given < ALIKE:
        said.append("given name is another")
    return said


def _both_are_names(one: str, other: str) -> bool:
    """Whether the given names differ, by little, and are both usual ones: ANNA and HANNA, not ANNA and ANAN."""
    first, second = _given(one), _given(other)
    return spelling(first) != spelling(second) and {first, second} <= _usual_given_names()


def _given(name: str) -> str:
    return latin_letters([*name.partition("=")[0].split("^"), ""][1])


@cache
def _usual_given_names() -> frozenset[str]:
    """Of the languages that Faker has long lists of; loaded when two names first differ by little."""
    found: set[str] = set()
    for locale in _LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for attribute in ("first_names", "first_names_female", "first_names_male"):
            found |= {latin_letters(one) for one in getattr(provider, attribute, ())}
    return frozenset(found)
