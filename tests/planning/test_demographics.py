"""Names a PACS accepts, in every locale, that belong to one person and to nobody in particular."""

from __future__ import annotations

import random as global_random
import subprocess
import sys
import unicodedata

import pytest

from scenario_runner.planning import person_name
from scenario_runner.planning.demographics import (
    FakerDemographics,
    NamelessLocaleError,
    hiragana,
    locales,
)
from scenario_runner.planning.drawn_people import drawn
from scenario_runner.planning.person_name import compose
from scenario_runner.planning.usual_people import usual_people
from tests.planning.support import FAKER, plan, problems


def name_of(locale: str, number: int, sex: str = "M") -> str:
    return compose(None, FAKER.person(locale, sex, number))


@pytest.mark.parametrize("locale", locales())
def test_every_locale_gives_names_addresses_and_phones_that_fit(locale: str) -> None:
    for sex in "MFO":
        for number in range(5):
            person = FAKER.person(locale, sex, number)
            assert person_name.check(compose(None, person)) is None
            assert person.family
            assert person.given
            assert len(person.address.encode()) <= 64
            assert len(person.phone) <= 16
            assert person.phone.isascii()
            assert not set(person.address) & set("\\\n\r")


def scripts(text: str) -> set[str]:
    return {unicodedata.name(c).split()[0] for c in text if c.isalpha()}


@pytest.mark.parametrize(
    ("locale", "ideographic", "phonetic"),
    [("ja_JP", {"CJK", "HIRAGANA", "IDEOGRAPHIC"}, {"HIRAGANA", "KATAKANA-HIRAGANA"}),
     ("ko_KR", {"CJK"}, {"HANGUL"}), ("zh_CN", {"CJK"}, None), ("zh_TW", {"CJK"}, None)],
)  # fmt: skip
def test_east_asian_names_have_their_groups(
    locale: str, ideographic: set[str], phonetic: set[str] | None
) -> None:
    for number in range(60):
        groups = name_of(locale, number, "MF"[number % 2]).split("=")
        assert len(groups) == (2 if phonetic is None else 3)
        assert scripts(groups[0]) == {"LATIN"}
        assert groups[0] == groups[0].upper()
        assert scripts(groups[1]) <= ideographic
        assert all(group.count("^") == 1 for group in groups)
        if phonetic is not None:
            assert scripts(groups[2]) <= phonetic


_ROMAJI = dict(zip("あいうえお", "aiueo", strict=True))


def test_the_groups_of_a_japanese_name_are_one_person() -> None:
    pairs = {name.split("=")[1]: name for name in (name_of("ja_JP", n) for n in range(300))}
    assert len(set(pairs.values())) == len(pairs), "one reading for each writing"
    initials = 0
    for name in pairs.values():
        alphabetic, _, phonetic = name.split("=")
        for latin, kana in zip(alphabetic.split("^"), phonetic.split("^"), strict=True):
            if kana[0] in _ROMAJI:
                assert latin.lower().startswith(_ROMAJI[kana[0]]), name
                initials += 1
    assert initials > 50


def test_hiragana_of_katakana() -> None:
    assert hiragana("ヤマダ・タロー") == "やまだ・たろー"


@pytest.mark.parametrize(
    ("locale", "script"),
    [("ru_RU", "CYRILLIC"), ("el_GR", "GREEK"), ("he_IL", "HEBREW"), ("ar_SA", "ARABIC"),
     ("th_TH", "THAI")],
)  # fmt: skip
def test_other_scripts_stand_in_the_alphabetic_group(locale: str, script: str) -> None:
    for number in range(20):
        name = name_of(locale, number)
        assert "=" not in name
        assert scripts(name) == {script}


def test_given_names_go_with_the_sex() -> None:
    from faker.providers.person.en_US import Provider

    for number in range(200):
        for sex, known in (("M", Provider.first_names_male), ("F", Provider.first_names_female)):
            given = FAKER.person("en_US", sex, number).given
            assert given in {name.upper() for name in known}
    family, _given, patronymic = name_of("ru_RU", 1, "F").split("^")
    assert family.endswith("а")
    assert patronymic.endswith("на")


def test_the_same_seed_is_the_same_person_whoever_was_drawn_before() -> None:
    fresh = FakerDemographics()
    for number in range(50):
        fresh.person("en_GB", "F", number)
    assert fresh.person("de_DE", "M", 5) == FAKER.person("de_DE", "M", 5)


def test_drawing_leaves_global_random_numbers_alone() -> None:
    import faker.generator

    before = global_random.getstate(), faker.generator.random.getstate()
    FakerDemographics().person("fr_FR", "M", 1)
    assert (global_random.getstate(), faker.generator.random.getstate()) == before


def test_ten_thousand_people_of_one_locale_are_a_crowd() -> None:
    assert len({name_of("en_US", number) for number in range(2000)}) > 1900


def test_languages_and_other_spellings_of_a_locale_are_understood() -> None:
    assert name_of("ja", 1) == name_of("ja-jp", 1) == name_of("ja_JP", 1)
    assert name_of("en-au", 1) == name_of("en_AU", 1)


def test_an_unknown_locale_names_near_ones() -> None:
    with pytest.raises(ValueError, match="ja_JP"):
        FAKER.person("ja_JX", "M", 1)


AMERICANS = {FAKER.person("en_US", sex, number).family for sex in "MF" for number in range(500)}


@pytest.mark.parametrize(
    "locale", ["ar_EG", "ar_AE", "am_ET", "it_CH", "el-cy", "sq_AL", "fil_PH", "la"]
)
def test_a_locale_without_names_is_refused_with_those_that_have(locale: str) -> None:
    text = f"patients:\n  - locale: {locale}\n  - name: {{locale: {locale}}}\n"
    assert problems(text) == [("FAB308", 4, 13), ("FAB308", 5, 20)]
    with pytest.raises(NamelessLocaleError) as caught:
        FAKER.person(locale, "F", 1)
    near = str(caught.value).split(", ")
    assert near
    assert set(near) <= set(locales())


def test_arabic_names_are_offered_for_a_country_without_any() -> None:
    with pytest.raises(NamelessLocaleError, match="ar_AA, ar_DZ, ar_PS, ar_SA"):
        FAKER.person("ar_EG", "F", 1)


@pytest.mark.parametrize("language", ["de", "th", "el", "ar", "sr", "nl", "zh"])
def test_a_language_alone_has_names_of_its_own_or_is_refused(language: str) -> None:
    try:
        people = [FAKER.person(language, "F", number) for number in range(30)]
    except ValueError:
        return
    assert sum(one.family in AMERICANS for one in people) < 10


@pytest.mark.parametrize("locale", locales())
def test_every_locale_that_is_offered_has_people_of_one_script(locale: str) -> None:
    people = [FAKER.person(locale, "MF"[number % 2], number * 7919) for number in range(200)]
    assert len({one.family for one in people}) > 5
    assert len({one.given for one in people}) > 15
    for one in people:
        letters = {
            unicodedata.name(letter).split()[0]
            for letter in one.family + one.given + one.middle
            if letter.isalpha()
        } - {"MODIFIER"}
        assert len(letters) == 1, f"{one.family}^{one.given}^{one.middle}"
    if not locale.startswith("en"):
        assert sum(one.family in AMERICANS for one in people) < 100


def test_nobody_lives_in_america_for_want_of_an_address() -> None:
    person = FAKER.person("bg_BG", "F", 1)
    assert person.address == ""
    assert person.phone != ""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("CITIZEN^JANE", "CITIZEN^JANE"),
        ("{family: YAMADA, given: TAROU, ideographic: 山田^太郎, phonetic: やまだ^たろう}",
         "YAMADA^TAROU=山田^太郎=やまだ^たろう"),
        ("{family: A, phonetic: あ}", "A==あ"),
        ("{family: A, suffix: JR}", "A^^^^JR"),
        ("{given: ANN}", "^ANN"),
    ],
)  # fmt: skip
def test_given_names_are_written_as_components(given: str, name: str) -> None:
    assert plan(f"patients:\n  - name: {given}\n")[0].patients[0].name == name


def test_a_given_family_name_and_a_locale_share_the_work() -> None:
    name = (
        plan("patients:\n  - {name: {family: SMITH, locale: ja_JP}, sex: F}\n")[0].patients[0].name
    )
    assert name.startswith("SMITH^")
    assert len(name) > len("SMITH^")
    assert "=" not in name, "the kanji would say another family name"


def test_the_people_kept_are_those_that_faker_draws() -> None:
    assert usual_people() == drawn(), "run python -m scenario_runner.planning.drawn_people"


def test_a_person_of_the_default_locale_needs_no_faker() -> None:
    code = (
        "import sys; from scenario_runner.planning.demographics import FakerDemographics as F;"
        "F().person('en_US', 'F', 7); sys.exit('faker' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
