"""A character set that the scenario gives has to hold the texts of its patient (FAB314)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.characters import ALONE, TERMS, faults, named, parse, unencodable
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.language.model import NameParts
from scenario_runner.planning.demographics import DEFAULT_LOCALE, demographics_for
from scenario_runner.planning.tagged_fields import is_raw
from scenario_runner.planning.tags import merge
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scenario_runner.language.model import PatientSpec
    from scenario_runner.planning.api import Demographics
    from scenario_runner.planning.blueprint import Path, PatientPart, StudyPart
    from scenario_runner.planning.findings import Findings

_PATIENT = {"id": "LO", "issuer": "LO", "address": "LO", "phone": "SH"}
_STUDY = {
    "accession": "SH",
    "description": "LO",
    "institution": "LO",
    "procedure": "LO",
    "referring_physician": "PN",
}
_SERIES = {"description": "LO", "protocol": "LO"}
"""Keys whose values are written as text, and the VR that they are written in."""
_SAMPLE = 12
"""Generated people who are looked at; their scripts differ between locales, not within one."""
_HINT = "leave 'character_set' out, and one that holds all values is chosen; ISO_IR 192 holds any"
_ALIKE = {"·": "・", "・": "·", "—": "―", "～": "〜", "〜": "～", "－": "−", "∥": "‖"}
"""Characters that look alike to people, of which the sets of East Asia have one or the other."""
_KEYWORD = "SpecificCharacterSet"

Text = tuple["Path", str, str]
"""Where a text stands, its VR, and itself."""


class CharacterSets:
    """Checks given character sets against the texts that are known before anything is made."""

    def __init__(self, demographics: Mapping[str, Demographics], findings: Findings) -> None:
        self._demographics, self._findings = demographics, findings
        self._samples: dict[str, list[str]] = {}
        self._noted: set[tuple[Path, str]] = set()

    def check(self, spec: PatientSpec, path: Path, locale: str | None) -> None:
        """Note every text of a patient, its studies and series that cannot be written.

        locale: whose names are generated. Without a given set there is nothing to check: one is chosen
        for the values. Tags of any level may give another, which then holds the texts of all levels.
        """
        given = spec.character_set
        listed: Sequence[str] | None = [given] if isinstance(given, str) else given
        listed, place = _told(spec.tags, (*path, "tags"), listed, (*path, "character_set"))
        of_patient = [*_name_texts(spec, path), *_fields(spec, path, _PATIENT)]
        of_patient += _tag_texts(spec.tags, (*path, "tags"))
        self._hold(of_patient, listed, place)
        if listed is not None and not faults(listed) and _is_generated(spec):
            locale = locale or DEFAULT_LOCALE
            missing = unencodable("".join(self._sample(locale)), "LT", listed)[:8]
            self._note(place, f"names of the locale {locale}", missing, listed)
        for index, study in enumerate(spec.studies):
            below = (*path, "studies", index)
            of_study = [*_fields(study, below, _STUDY), *_tag_texts(study.tags, (*below, "tags"))]
            terms, where = _told(study.tags, (*below, "tags"), listed, place)
            self._hold([*of_patient, *of_study], terms, where)
            for number, series in enumerate(study.series):
                inner = (*below, "series", number)
                texts = [*_fields(series, inner, _SERIES)]
                texts += _tag_texts(series.tags, (*inner, "tags"))
                own, there = _told(series.tags, (*inner, "tags"), terms, where)
                self._hold([*of_patient, *of_study, *texts], own, there)

    def _hold(self, texts: Iterable[Text], terms: Sequence[str] | None, place: Path) -> None:
        """Note what is wrong with the terms, else which of the texts they cannot hold."""
        if terms is None:
            return
        if wrong := faults(terms):
            term, reason = wrong[0]
            hint = "leave the other sets out; it holds what they hold (PS3.3 C.12.1.1.2)"
            if term not in TERMS:
                hint = f"near ones are: {', '.join(_near(term))} (PS3.3 C.12.1.1.2)"
            elif term not in ALONE:
                hint = "see PS3.3 C.12.1.1.2; ISO_IR 192 alone holds any text"
            where = (*place, list(terms).index(term)) if len(terms) > 1 else place
            self._add(where, ValueProblem("FAB314", f"'{term}' {reason}", hint))
            return
        for where, vr, text in texts:
            self._note(where, f"'{text}'", unencodable(text, vr, terms), terms)

    def _note(self, path: Path, what: str, missing: str, terms: Sequence[str]) -> None:
        if missing:
            self._add(path, _lacking(what, missing, terms))

    def _add(self, path: Path, problem: ValueProblem) -> None:
        """Note it once, though it is met at every level below."""
        if (path, problem.message) not in self._noted:
            self._noted.add((path, problem.message))
            self._findings.add(path, problem)

    def _sample(self, locale: str) -> list[str]:
        """Texts of a few generated people; none where the locale is unknown, which is told."""
        if locale not in self._samples:
            try:
                source, rest = demographics_for(locale, self._demographics)
                people = [source.person(rest, "MF"[n % 2], n) for n in range(_SAMPLE)]
            except ValueError:
                people = []
            self._samples[locale] = [
                text
                for one in people
                for text in (one.family, one.given, one.ideographic, one.phonetic)
            ]
        return self._samples[locale]


def given_terms(owner: PatientPart, study: StudyPart) -> list[Sequence[str]]:
    """The lists of defined terms that the objects of a study are written in, as far as any is given."""
    given = owner.spec.character_set
    listed: Sequence[str] | None = [given] if isinstance(given, str) else given
    tags = [merge(owner.spec.tags, study.spec.tags), *(part.tags for part in study.series)]
    found = (_told(each, (), listed, ())[0] for each in tags)
    return [terms for terms in found if terms is not None]


def unwritable_tags(
    tags: Mapping[str, Any], path: Path, studies: Iterable[tuple[PatientPart, StudyPart]]
) -> list[tuple[Path, ValueProblem]]:
    """Texts that a step sets in all objects of these studies and that their given character sets lack."""
    own, _ = _told(tags, path, None, path)
    if own is not None and faults(own):
        return []  # told with the tags
    lists = [own] if own is not None else [each for one in studies for each in given_terms(*one)]
    alike = dict.fromkeys(map(tuple, () if is_raw(tags.get(_KEYWORD)) else lists))
    found: dict[Path, ValueProblem] = {}
    for where, vr, text in _tag_texts(tags, path):
        for terms in alike:
            if not faults(terms) and (missing := unencodable(text, vr, terms)):
                found.setdefault(where, _lacking(f"'{text}'", missing, terms))
    return list(found.items())


def _lacking(what: str, missing: str, terms: Sequence[str]) -> ValueProblem:
    message = f"{what} cannot be written in {named(terms)}, which has no {missing}"
    alike = [
        f"{one} is U+{ord(one):04X}; these sets have {other}, U+{ord(other):04X}"
        for one in missing
        if (other := _ALIKE.get(one)) and not unencodable(other, "LO", terms)
    ]
    return ValueProblem("FAB314", message, "; ".join((*alike, _HINT)))


def writable(text: str, term_lists: Iterable[Sequence[str]], vr: str = "LO") -> bool:
    """Whether each of the lists has sets for all characters of a text."""
    return not any(unencodable(text, vr, terms) for terms in term_lists)


def _is_generated(spec: PatientSpec) -> bool:
    return spec.name is None or (isinstance(spec.name, NameParts) and spec.name.locale is not None)


def _told(
    tags: Mapping[str, Any], path: Path, terms: Sequence[str] | None, place: Path
) -> tuple[Sequence[str] | None, Path]:
    """The terms that hold from these tags down and where they were given; None when one is chosen."""
    if _KEYWORD not in tags:
        return terms, place
    value = tags[_KEYWORD]
    return (None if is_raw(value) else parse(value)), (*path, _KEYWORD)


def _near(term: str) -> list[str]:
    """Defined terms that may be meant: those alike, else the most usual ones."""
    digits = "".join(filter(str.isdigit, term))
    same = [known for known in TERMS if digits and known.split()[-1:] == [digits]]
    alike = get_close_matches(term.upper(), TERMS, 3, 0.6)
    usual = ["ISO_IR 100", "ISO_IR 192", "GB18030"]
    return list(dict.fromkeys([*same, *alike]))[:3] or usual


def _name_texts(spec: PatientSpec, path: Path) -> Iterator[Text]:
    if isinstance(spec.name, str):
        yield (*path, "name"), "PN", spec.name
    elif spec.name is not None:
        yield from _fields(spec.name, (*path, "name"), dict.fromkeys(NameParts.model_fields, "PN"))


def _fields(spec: Any, path: Path, names: Mapping[str, str]) -> Iterator[Text]:
    for name, vr in names.items():
        text = getattr(spec, name)
        if isinstance(text, str):
            yield (*path, name), vr, text


def _tag_texts(value: Any, path: Path, vr: str = "LO") -> Iterator[Text]:
    """Every text below ``tags`` that the character set of the object is for.

    A raw one is bytes, and an item that declares a set is read by that; neither is for it to hold.
    """
    if isinstance(value, str):
        yield path, vr, value
    elif isinstance(value, dict) and not is_raw(value):
        if _KEYWORD in value and len(path) and isinstance(path[-1], int):
            return
        for name, inner in value.items():
            yield from _tag_texts(inner, (*path, name), _vr(name) or vr)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _tag_texts(inner, (*path, place), vr)


def _vr(keyword: str) -> str:
    """The VR of a keyword; empty for what is none, such as ``value`` of a private attribute."""
    tag = tag_for_keyword(keyword)
    return "" if tag is None else vr_of(tag)
