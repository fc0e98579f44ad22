"""People whose parts agree: a town has its postcode and telephones, a site its physicians."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.planning.addresses import home
from scenario_runner.planning.identity import Dice
from scenario_runner.planning.people import synthetic_person
from scenario_runner.planning.tables import table
from tests.planning.support import FAKER, plan

SOURCES = {"faker": FAKER}
LOCALES = [row["locale"] for row in table("streets")]


def telephones_of(form: str) -> re.Pattern[str]:
    """What a telephone of that form looks like."""
    parts = re.split(r"\{(\d+)-\d+\}", form)
    return re.compile(
        "".join(
            rf"\d{{{len(part)}}}" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_postcode_town_region_and_telephone_are_of_one_place(locale: str) -> None:
    towns = [row for row in table("towns") if row["locale"] == locale]
    assert len(towns) > 3
    seen = set()
    for number in range(300):
        address, phone = home(locale, number)
        (town,) = (
            row
            for row in towns
            if all(row[part] in address for part in ("town", "region", "postcode"))
        )
        assert telephones_of(town["phone"]).fullmatch(phone), (address, phone)
        assert "{" not in address + phone
        assert len(address.encode()) <= 64
        assert len(phone) <= 16
        seen.add(town["town"] + town["region"])
    assert len(seen) == len(towns)


@pytest.mark.parametrize(
    ("locale", "kept"),
    [
        ("en_US", r"\(\d{3}\) 555-01\d\d"),
        ("en_CA", r"\(\d{3}\) 555-01\d\d"),
        ("fr_CA", r"\(\d{3}\) 555-01\d\d"),
        ("en_AU", r"\(0[2378]\) 5550 \d{4}"),
        ("en_GB", r"020 7946 0\d{3}|01[1-6]\d 496 0\d{3}|029 2018 0\d{3}|028 9649 6\d{3}"),
        ("en_IE", r"020 91\d \d{4}"),
        ("de_DE", r"(030 23125|040 66969|0221 4710|089 99998|069 90009)\d{3}"),
        ("fr_FR", r"(01 99 00|02 61 91|03 53 01|04 65 71|05 36 49) \d\d \d\d"),
    ],
)
def test_nobody_is_called_whose_country_keeps_numbers_for_films(locale: str, kept: str) -> None:
    for number in range(200):
        person = FAKER.person(locale, "F", number * 0x9E3779B97F4A7)
        assert re.fullmatch(kept, person.phone), person.phone


def test_no_name_begins_with_a_vowel_sign_that_no_letter_carries() -> None:
    names = {
        FAKER.draw("hi_IN", f"given {sex}", number)[0] for sex in "MF" for number in range(1024)
    }
    assert len(names) > 100
    assert not [name for name in names if unicodedata.category(name[0]).startswith("M")]


@given(
    seed=st.integers(0, 2**63 - 1),
    locale=st.sampled_from(["en_US", "de_DE", "ja_JP", "ko_KR", "zh-CN", "pt"]),
    sex=st.sampled_from(["M", "F", "O", None]),
    first=st.dates(dt.date(1900, 1, 1), dt.date(2020, 1, 1)),
    days=st.integers(0, 40_000),
)
def test_a_person_is_as_asked_and_the_same_for_the_same_seed(
    seed: int, locale: str, sex: str | None, first: dt.date, days: int
) -> None:
    born = (first, first + dt.timedelta(days))
    one, same = (
        synthetic_person(Dice(seed), sources=SOURCES, locale=locale, sex=sex, born=born)
        for _ in range(2)
    )
    assert one == same
    assert one.sex == (sex or one.sex)
    assert one.sex in "MFO"
    assert born[0] <= one.birth_date <= born[1]
    groups = one.name.split("=")
    assert all(group.count("^") == groups[0].count("^") for group in groups if len(groups) > 1)


def test_people_of_one_pair_of_dice_differ() -> None:
    dice = Dice(1)
    people = {synthetic_person(dice, sources=SOURCES) for _ in range(500)}
    assert len({one.name for one in people}) > 480
    assert {one.sex for one in people} == {"M", "F"}
    assert min(one.birth_date.year for one in people) < 1945
    assert max(one.birth_date.year for one in people) > 1998


MANY = """matrix: {site: [a, b]}
patients: [{count: 100, locale: de_DE, studies: [{modality: CT}]}]
"""


def test_the_same_few_physicians_and_hospitals_come_up_again() -> None:
    cases = plan(MANY)
    found = [
        Counter(study.referring_physician for study in case.studies()).most_common()
        for case in cases
    ]
    for counted in found:
        assert 4 < len(counted) <= 16
        assert counted[0][1] > 3 * counted[-1][1], "some refer far more than others"
    assert {name for name, _ in found[0]} & {name for name, _ in found[1]}
    assert len({name for counted in found for name, _ in counted}) <= 16, "one site, one list"
    hospitals = Counter(study.institution for case in cases for study in case.studies())
    assert hospitals.most_common(1)[0][0] == "Klinikum Musterstadt"
    assert len(hospitals) == 3


def test_a_site_of_another_run_has_other_physicians() -> None:
    one, other = (
        {study.referring_physician for study in plan(MANY, seed=seed)[0].studies()}
        for seed in (1, 2)
    )
    assert len(one & other) < 3


@pytest.mark.parametrize("place", ["patient", "study", "series"])
def test_what_a_given_character_set_cannot_hold_is_written_in_letters_it_can(place: str) -> None:
    given = dict.fromkeys(("patient", "study", "series"), "")
    given[place] = ", tags: {SpecificCharacterSet: ISO_IR 100}"
    text = (
        "patients: [{count: 40, name: YAMADA^TAROU, locale: ja_JP%(patient)s, studies: "
        "[{series: [{modality: CT%(series)s}]%(study)s}]}]\n"
    )
    for study in plan(text % given)[0].studies():
        assert study.institution.startswith("SYNTHETIC ")
        assert study.referring_physician.isascii()
    unheld = plan(text % dict.fromkeys(given, ""))[0].patients[0].studies[0]
    assert "=" in unheld.referring_physician
    assert unheld.institution.startswith("架空")
