"""Pairs of what a study says and a patient of the registry, labelled as one person or two; made by a seed.

Slips are made as fingers make them; names are changed as marriages, alphabets and forms do. The pairs that are not one
person are the hard ones: twins and other siblings, namesakes, and neighbours in the list.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from faker import Faker

from scenario_runner.registry.patient import Patient
from scenario_runner.service.homes.home import StudyFacts

LOCALES = ("en_GB", "de_DE", "fr_FR", "pl_PL", "es_ES", "it_IT")


@dataclass(frozen=True)
class Pair:
    """kind: how it was made. same: whether it is one person."""

    kind: str
    study: StudyFacts
    patient: Patient
    same: bool


def said(patient: Patient, *, number: str = "") -> StudyFacts:
    """What a study of a patient says, without the number unless it is given."""
    return StudyFacts(
        study_instance_uid="1.2.3",
        patient_id=number,
        patient_name=patient.name,
        birth_date=f"{patient.birth_date:%Y%m%d}",
        sex=patient.sex,
    )


def slip(draw: random.Random, text: str) -> str:
    """One letter too many, too few, another one, or two that changed places; not the first one."""
    at = draw.randrange(1, max(2, len(text) - 1))
    letter = draw.choice("AEIOUNRSTL")
    how = draw.randrange(4)
    if how == 0 and text[at : at + 1] != text[at - 1 : at]:
        return text[:at] + text[at + 1 :]
    if how == 1 and text[at : at + 1].isalpha() and text[at] != letter:
        return text[:at] + letter + text[at + 1 :]
    if how == 2 and at + 1 < len(text) and text[at] != text[at + 1]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + letter + text[at:]


class Maker:
    """Makes pairs."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.fakers = {locale: Faker(locale) for locale in LOCALES}
        for number, faker in enumerate(self.fakers.values()):
            faker.seed_instance(seed + number)
        self.count = 0

    def person(self, locale: str | None = None, sex: str | None = None) -> Patient:
        faker = self.fakers[locale or self.draw.choice(LOCALES)]
        sex = sex or self.draw.choice("FM")
        given = faker.first_name_female() if sex == "F" else faker.first_name_male()
        return self.named(f"{faker.last_name()}^{given}".upper(), sex)

    def named(self, name: str, sex: str) -> Patient:
        self.count += 1
        born = dt.date(1930, 1, 1) + dt.timedelta(days=self.draw.randrange(30_000))
        return Patient(id=f"PID{self.count:07}", name=name, sex=sex, birth_date=born)

    def long(self, part: int) -> Patient:
        """A person in whose family (0) or given (1) name a slip can be seen."""
        while True:
            one = self.person()
            if len(one.name.split("^")[part]) >= 5:
                return one

    def as_it_is(self) -> Pair:
        one = self.person()
        return Pair("as it is", said(one), one, same=True)

    def slipped(self) -> Pair:
        part = self.draw.randrange(2)
        one = self.long(part)
        parts = one.name.split("^")
        parts[part] = slip(self.draw, parts[part])
        return Pair("slip", replace(said(one), patient_name="^".join(parts)), one, same=True)

    def swapped(self) -> Pair:
        one = self.person()
        family, given = one.name.split("^")
        return Pair("swapped", replace(said(one), patient_name=f"{given}^{family}"), one, same=True)

    def married(self) -> Pair:
        """The number stayed, the name did not; or both names are on the card."""
        one = self.person(sex="F")
        family, given = one.name.split("^")
        other = self.person().name.split("^")[0]
        if self.draw.random() < 0.5:
            study = replace(said(one, number=one.id), patient_name=f"{other}^{given}")
        else:
            study = replace(said(one), patient_name=f"{other}-{family}^{given}")
        return Pair("married", study, one, same=True)

    def transliterated(self) -> Pair:
        written, spelt = self.draw.choice(
            [
                ("MÜLLER^JÖRG", "MUELLER^JOERG"), ("ŁUKASIEWICZ^BŁAŻEJ", "LUKASIEWICZ^BLAZEJ"),
                ("ШЕВЧЕНКО^АНДРІЙ", "SHEVCHENKO^ANDRII"), ("ИВАНОВА^НАТАЛЬЯ", "IVANOVA^NATALIA"),
                ("ΠΑΠΑΔΟΠΟΥΛΟΣ^ΓΙΩΡΓΟΣ", "PAPADOPOULOS^GIORGOS"), ("GARCÍA^JOSÉ", "GARCIA^JOSE"),
                ("YAMADA^TAROU=山田^太郎", "山田^太郎"), ("ÅSTRÖM^BJÖRN", "ASTROEM^BJOERN"),
                ("KOWALSKI^WOJCIECH", "KOVALSKI^VOJCIECH"), ("STRAUß^KÄTHE", "STRAUSS^KAETHE"),
                ("ÇELİK^İBRAHİM", "CELIK^IBRAHIM"), ("ПЕТРОВ^ЮРИЙ", "PETROV^YURIY"),
            ]
        )  # fmt: skip
        one = self.named(written, self.draw.choice("FM"))
        return Pair("transliterated", replace(said(one), patient_name=spelt), one, same=True)

    def day_and_month(self) -> Pair:
        one = self.person()
        day = self.draw.randrange(1, 13)
        month = self.draw.choice([each for each in range(1, 13) if each != day])
        one = replace(one, birth_date=dt.date(one.birth_date.year, month, day))
        turned = f"{one.birth_date:%Y}{day:02}{month:02}"
        return Pair("day and month", replace(said(one), birth_date=turned), one, same=True)

    def sibling(self, *, twin: bool, like: bool = False) -> Pair:
        sex = self.draw.choice("FM")
        locale = self.draw.choice(LOCALES)
        one = self.person(locale, sex)
        family, given = one.name.split("^")
        while True:
            other = self.person(locale, sex if like else None)
            if other.name.split("^")[1] != given:
                break
        born = one.birth_date if twin else one.birth_date + dt.timedelta(days=400)
        other = replace(other, name=f"{family}^{other.name.split('^')[1]}", birth_date=born)
        return Pair("twins" if twin else "siblings", said(other), one, same=False)

    def namesake(self) -> Pair:
        one = self.person()
        other = self.named(one.name, one.sex)
        return Pair("namesakes", said(other), one, same=False)

    def stranger(self) -> Pair:
        return Pair("strangers", said(self.person()), self.person(), same=False)

    def wrong_number(self) -> Pair:
        one = self.person()
        return Pair("another's number", said(self.person(), number=one.id), one, same=False)


def pairs(count: int, seed: int) -> list[Pair]:
    """A set of that many, seven of ten one person."""
    maker = Maker(seed)
    kinds: list[tuple[int, Callable[[], Pair]]] = [
        (15, maker.as_it_is), (20, maker.slipped), (8, maker.swapped), (9, maker.married),
        (9, maker.transliterated), (9, maker.day_and_month),
        (8, lambda: maker.sibling(twin=True)), (7, lambda: maker.sibling(twin=True, like=True)),
        (4, lambda: maker.sibling(twin=False)), (5, maker.namesake), (3, maker.stranger),
        (3, maker.wrong_number),
    ]  # fmt: skip
    return [make() for share, make in kinds for _ in range(count * share // 100)]
