"""What a worklist says of its patients can be: procedure, sex, age, side and view go together."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.dicom.characters import unencodable
from scenario_runner.imaging.modalities.defaults import ALL
from scenario_runner.planning.dates import age_on
from scenario_runner.planning.departments import institution, language_of
from scenario_runner.planning.examinations import (
    CODING_SCHEME,
    Examination,
    examinations,
    pick,
    subjects,
)
from scenario_runner.planning.tables import table
from tests.planning.support import plan

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedStudy

KINDS = {kind.key: kind for kind in ALL}
IMAGING = sorted({kind.modality for kind in ALL if kind.has_pixels})
EVERY = {each.code: each for modality in IMAGING for each in examinations(modality)}
LANGUAGES = {
    "en": "ISO_IR 6", "de": "ISO_IR 100", "fr": "ISO_IR 100", "es": "ISO_IR 100",
    "it": "ISO_IR 100", "nl": "ISO_IR 100", "pt": "ISO_IR 100", "ja": "ISO 2022 IR 87",
    "zh": "GB18030", "ko": "ISO 2022 IR 149", "ru": "ISO_IR 144", "uk": "ISO_IR 144", "tr": "ISO_IR 148",
    "sv": "ISO_IR 100", "da": "ISO_IR 100", "no": "ISO_IR 100", "fi": "ISO_IR 100", "pl": "ISO_IR 101",
}  # fmt: skip
LOCALES = [
    "en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "ja_JP", "zh_CN", "ko_KR", "ru_RU", "uk_UA", "tr_TR",
    "sv_SE", "da_DK", "no_NO", "fi_FI", "pl_PL",
]  # fmt: skip
OF_WOMEN = {"BREAST", "UTERUS", "OVARY", "CERVIX", "VAGINA"}
OF_MEN = {"PROSTATE", "TESTIS", "PENIS", "SCROTUM"}
YEARS = {
    "MG-SCREENING": (40, 75), "MR-PROSTATE": (46, 120), "US-PROSTATE": (46, 120),
    "US-OBSTETRIC": (18, 45), "RF-HSG": (18, 45), "OT-DXA-F": (50, 120), "OT-DXA-M": (50, 120),
    "XR-CHEST-CHILD": (0, 15), "XR-BONE-AGE": (0, 17), "XR-SCOLIOSIS": (0, 17), "RF-VCUG": (0, 15),
    "US-HIP-INFANT": (0, 1), "CT-LUNG-SCREEN": (50, 80),
}  # fmt: skip
"""Whom a reader expects to see there, said again apart from the table."""


def impossible(study: PlannedStudy) -> str:
    """What a reader would shake the head at; empty for a study that can be."""
    patient = study.patient
    assert study.procedure_code is not None
    code = study.procedure_code[0]
    one = EVERY[code]
    years = age_on(study.date, patient.birth_date)
    low, high = YEARS.get(code, (0, 96))
    if not low <= years <= high:
        return f"{code} of somebody of {years}"
    for series in study.series:
        if series.body_part in OF_WOMEN and patient.sex == "M":
            return f"{series.body_part} of a man"
        if series.body_part in OF_MEN and patient.sex == "F":
            return f"{series.body_part} of a woman"
        if series.laterality and not BODY_PARTS[series.body_part].paired:
            return f"a side of {series.body_part}"
        if series.laterality != one.side(study.seed):
            return f"{code} of side {series.laterality}"
        if series.modality in ("CR", "DX") and series.view not in one.series:
            return f"{code} seen as {series.view}"
        if series.modality != study.modality or series.body_part != one.body_part:
            return f"{code} as {series.modality} of {series.body_part}"
    return ""


def test_no_study_of_a_generated_worklist_is_impossible() -> None:
    patients = [
        {"count": 6, "locale": locale, "studies": [{"count": 2, "series": [{"modality": one}]}]}
        for locale in LOCALES
        for one in IMAGING
    ]
    case = plan(f"patients: {patients}\n", modalities=KINDS)[0]
    studies = list(case.studies())
    assert len(studies) == 6 * 2 * len(LOCALES) * len(IMAGING)
    assert [found for study in studies if (found := impossible(study))] == []
    assert len({study.procedure_code for study in studies}) > 300, "wordings by language"
    assert len({study.description for study in studies if study.modality == "CT"}) > 50


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    modalities=st.lists(st.sampled_from(IMAGING), min_size=1, max_size=3),
    sex=st.sampled_from(["M", "F", None]),
    series=st.integers(1, 3),
)
def test_studies_of_one_patient_can_all_be(
    seed: int, modalities: list[str], sex: str | None, series: int
) -> None:
    if sex == "M" and "MG" in modalities:
        return  # on purpose
    one: dict[str, Any] = {
        "count": 5,
        "studies": [{"series": [{"modality": each, "count": series}]} for each in modalities],
    }
    if sex is not None:
        one["sex"] = sex
    case = plan(f"patients: {[one]}\n".replace("None", "null"), seed=seed, modalities=KINDS)[0]
    for study in case.studies():
        assert sex in (None, study.patient.sex)
        assert impossible(study) == ""


@pytest.mark.parametrize("code", EVERY)
def test_a_row_of_the_table_is_possible_in_itself(code: str) -> None:
    one = EVERY[code]
    assert len(code) <= 16
    assert one.body_part in BODY_PARTS
    assert one.sexes in ("MF", "M", "F")
    assert (one.sexes == "F") >= (one.body_part in OF_WOMEN)
    assert (one.sexes == "M") >= (one.body_part in OF_MEN)
    assert 0 <= one.first_month < one.last_month <= 96 * 12
    assert one.weight > 0
    assert one.sides in ("", "L", "B", "LR")
    if BODY_PARTS[one.body_part].paired:
        assert one.sides or code == "MG-SCREENING", "a paired part has a side"
    else:
        assert not one.sides
    low, high = YEARS.get(code, (0, 96))
    assert low * 12 <= one.first_month
    assert one.last_month < (high + 1) * 12


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_fits_and_can_be_written_in_its_language(language: str) -> None:
    terms = ["", LANGUAGES[language]] if "2022" in LANGUAGES[language] else [LANGUAGES[language]]
    for code, one in EVERY.items():
        for side in ("R", "L") if one.sides == "LR" else (one.side(0),):
            texts = one.description(language, side), one.protocol(language, side)
            assert all(texts)
            for text in (*texts, one.series_name(0, language)):
                assert not set(text) & set("[]{}\\")
                assert text == " ".join(text.split())
                assert len(text) <= 64
                assert unencodable(text, "LO", terms) == "", (code, text)
        sides = {one.description(language, side) for side in "RL"}
        assert len(sides) == (2 if one.sides == "LR" else 1), code


def test_the_table_has_every_modality_that_has_images() -> None:
    assert {one for row in table("examinations") for one in row["modality"].split(",")} == set(
        IMAGING
    )
    assert len(EVERY) == len(table("examinations"))


@pytest.mark.parametrize("modality", IMAGING)
@given(data=st.data())
def test_whom_an_examination_is_drawn_for_can_have_it(modality: str, data: st.DataObject) -> None:
    rows = examinations(modality)
    (one, *_) = found = subjects([rows], adult=False, several=False)
    assert len(found) == len(rows)
    one = data.draw(st.sampled_from(found))
    months = data.draw(st.integers(one.first_month, one.last_month))
    sex = data.draw(st.sampled_from(one.sexes))
    chosen = pick(rows, sex, months, data.draw(st.integers(0, 2**63 - 1)))
    assert sex in chosen.sexes
    assert chosen.first_month <= months <= chosen.last_month


def planned(patient: str, seed: int = 7) -> PlannedStudy:
    return next(plan(f"patients: [{patient}]\n", seed=seed, modalities=KINDS)[0].studies())


def test_what_the_scenario_asks_for_wins_however_odd() -> None:
    boy = planned("{sex: M, age: 8y, studies: [{modality: MG}]}")
    assert (boy.patient.sex, boy.modality) == ("M", "MG")
    assert age_on(boy.date, boy.patient.birth_date) == 8
    woman = planned("{sex: F, studies: [{series: [{modality: MR, body_part: PROSTATE}]}]}")
    assert (woman.patient.sex, woman.series[0].body_part) == ("F", "PROSTATE")
    wrist = planned(
        "{studies: [{series: [{modality: CR, body_part: WRIST, laterality: L, view: LL}]}]}"
    )
    assert (wrist.series[0].laterality, wrist.series[0].view) == ("L", "LL")
    assert "left" in wrist.description
    other = planned("{tags: {PatientSex: M}, studies: [{modality: MG}]}")
    assert other.patient.sex == "M"


@pytest.mark.parametrize("seed", range(8))
def test_a_body_part_decides_who_has_it(seed: int) -> None:
    man = planned("{studies: [{series: [{modality: MR, body_part: PROSTATE}]}]}", seed)
    assert man.patient.sex == "M"
    assert age_on(man.date, man.patient.birth_date) > 45
    assert man.description == "MRI Prostate multiparametric"
    assert man.series[0].protocol == "Prostate multiparametric"
    woman = planned("{studies: [{modality: CT}, {modality: MG}]}", seed)
    assert woman.patient.sex == "F"


def test_the_views_of_a_radiograph_are_taken_one_a_series() -> None:
    study = planned(
        "{locale: de_DE, studies: [{series: [{modality: DX, body_part: CHEST, count: 2}]}]}"
    )
    assert study.description == "Röntgen Thorax p.a. und seitlich"
    assert [(one.view, one.description) for one in study.series] == [
        ("PA", "p.a."),
        ("LL", "seitlich"),
    ]
    assert {one.protocol for one in study.series} == {"Thorax p.a. und seitlich"}
    alone = planned("{studies: [{series: [{modality: DX, body_part: KNEE}]}]}")
    assert re.fullmatch(r"XR Knee (right|left) AP", alone.description)


@pytest.mark.parametrize("seed", range(5))
def test_a_pet_and_its_ct_show_the_same_body(seed: int) -> None:
    ct, pet = planned("{studies: [{series: [{modality: CT}, {modality: PT}]}]}", seed).series
    assert (ct.body_part, pet.body_part) == ("ABDOMEN", "ABDOMEN")
    pet_first = planned("{studies: [{series: [{modality: PT}, {modality: CT}]}]}", seed)
    assert pet_first.description == "PET/CT FDG whole body"
    assert pet_first.series[1].body_part == "ABDOMEN"


def test_words_of_the_scenario_are_of_an_adult_and_have_no_code_of_ours() -> None:
    ages = set()
    for seed in range(40):
        study = planned("{studies: [{description: My own, modality: CR}]}", seed)
        assert (study.description, study.procedure_code) == ("My own", None)
        assert study.series[0].body_part == "CHEST"
        ages.add(age_on(study.date, study.patient.birth_date))
    assert min(ages) >= 18


def test_what_a_character_set_lacks_is_said_in_english() -> None:
    text = "{name: YAMADA^TAROU, locale: ja_JP, %sstudies: [{series: [{modality: MR, body_part: BRAIN}]}]}"
    assert "頭部" in planned(text % "").description
    latin = planned(text % "character_set: ISO_IR 100, ")
    assert latin.description.startswith("MRI Brain")
    assert latin.series[0].protocol.startswith("Brain")
    assert latin.procedure_code is not None
    assert latin.procedure_code[1:] == (CODING_SCHEME, latin.description)


def test_a_worklist_has_the_ages_of_its_modality() -> None:
    text = "patients: [{count: 300, studies: [{modality: %s}]}]\n"
    ages = {
        one: [
            age_on(study.date, study.patient.birth_date)
            for study in plan(text % one, modalities=KINDS)[0].studies()
        ]
        for one in ("CR", "CT", "MG")
    }
    assert sum(age < 18 for age in ages["CR"]) > 20
    assert min(ages["CT"]) >= 16
    assert min(ages["MG"]) >= 35
    sexes = Counter(study.patient.sex for study in plan(text % "CR", modalities=KINDS)[0].studies())
    assert min(sexes.values()) > 100


def test_a_newborn_that_is_asked_for_gets_what_newborns_get() -> None:
    for seed in range(10):
        study = planned("{age: 6w, studies: [{date: 2025-03-03, modality: US}]}", seed)
        assert study.procedure_code is not None
        assert study.procedure_code[0] in ("US-HIP-INFANT", "US-KIDNEY")
        assert study.patient.birth_date == dt.date(2025, 1, 20)


@settings(deadline=None)
@given(
    months=st.integers(0, 120 * 12),
    sex=st.sampled_from("MFO"),
    modality=st.sampled_from([one for one in IMAGING if one != "MG"]),
    seed=st.integers(0, 2**31),
)
def test_no_age_that_is_asked_for_makes_an_impossible_study(
    months: int, sex: str, modality: str, seed: int
) -> None:
    age = f"{months}m" if months < 120 else f"{months // 12}y"
    study = planned(f"{{sex: {sex}, age: {age}, studies: [{{modality: {modality}}}]}}", seed)
    assert study.procedure_code is not None
    low, high = YEARS.get(study.procedure_code[0], (0, 120))
    assert low <= months // 12 <= high, study.description
    part = study.series[0].body_part
    assert part not in {"M": OF_WOMEN, "F": OF_MEN, "O": set()}[sex]


@pytest.mark.parametrize(
    ("age", "series", "words"),
    [
        ("2d", "{modality: CT}", "CT Head without contrast"),
        ("4y", "{modality: MR}", "MRI Brain without contrast"),
        ("10y", "{modality: RF}", "Barium swallow"),
        ("99y", "{modality: US}", "US Abdomen"),
        ("99y", "{modality: DX, body_part: HAND}", "XR Hand"),
        ("4y", "{modality: US, body_part: UTERUS}", "US Female pelvis"),
        ("4y", "{modality: CT, body_part: CHEST}", "CT Chest with contrast"),
        ("40y", "{modality: DX, body_part: SPINE}", "DX SPINE"),
        ("14y", "{modality: DX, body_part: SPINE}", "XR Whole spine scoliosis"),
        ("60y", "{modality: US, body_part: UTERUS}", "US Female pelvis"),
        ("40y", "{modality: US, body_part: HIP}", "US HIP"),
        ("2d", "{modality: US, body_part: HIP}", "US Infant hips"),
    ],
)
def test_who_is_too_young_or_too_old_for_all_gets_what_is_usual_near_that_age(
    age: str, series: str, words: str
) -> None:
    for seed in range(6):
        study = planned(f"{{sex: F, age: {age}, studies: [{{series: [{series}]}}]}}", seed)
        assert study.description.startswith(words)


def test_an_examination_says_both_sides_once() -> None:
    one: Examination = EVERY["US-BREAST"]
    assert one.description("en", "B") == "US Breast"
    assert one.description("ja", "R") == "右乳房超音波"


@pytest.mark.parametrize("locale", LOCALES[1:])
def test_a_study_of_each_locale_is_worded_in_its_language(locale: str) -> None:
    language = language_of(locale)
    same = [
        code for code, one in EVERY.items()
        if one.description(language, "R") == one.description("en", "R")
    ]  # fmt: skip
    assert len(same) <= len(EVERY) // 20, same
    assert institution(language, 0) != institution("en", 0)


@pytest.mark.parametrize("locale", ["zh_TW", "zh-tw", "faker:zh_TW"])
def test_no_simplified_character_stands_in_a_study_from_taiwan(locale: str) -> None:
    language = language_of(locale)
    wordings = (each.description(language, "R") for each in EVERY.values())
    assert all(one.isascii() for one in wordings)
    for seed in range(3):
        institution(language, seed << 16).encode("big5")
