"""A character set that the scenario gives has to hold the texts of its patient (FAB314)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.language.model import NameParts
from scenario_runner.planning.character_sets import ALONE, CODECS, unencodable, unknown
from scenario_runner.planning.demographics import DEFAULT_LOCALE, demographics_for
from scenario_runner.planning.said import is_raw
from scenario_runner.planning.values import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.language.model import PatientSpec
    from scenario_runner.planning.api import Demographics
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings

_PATIENT = ("id", "issuer", "address", "phone")
_STUDY = ("accession", "description", "institution", "procedure", "referring_physician")
_SERIES = ("description", "protocol")
_SAMPLE = 12
"""Generated people who are looked at; their scripts differ between locales, not within one."""
_HINT = "leave 'character_set' out, and one that holds all values is chosen; ISO_IR 192 holds any"


class CharacterSets:
    """Checks given character sets against the texts that are known before anything is made."""

    def __init__(self, demographics: Mapping[str, Demographics], findings: Findings) -> None:
        self._demographics, self._findings = demographics, findings
        self._samples: dict[str, list[str]] = {}

    def check(
        self, spec: PatientSpec, path: Path, said: tuple[str, ...] | None, locale: str | None
    ) -> None:
        """Note every text of a patient, its studies and series that cannot be written.

        said: terms that ``tags`` give instead of ``character_set``. locale: whose names are
        generated. Without a given set there is nothing to check: one is chosen for the values.
        """
        place: Path = (*path, "character_set")
        given = spec.character_set
        if said is not None:
            place, given = (*path, "tags", "SpecificCharacterSet"), list(said)
            if is_raw(spec.tags["SpecificCharacterSet"]):
                return
        if given is None:
            return
        terms = [given] if isinstance(given, str) else given
        if wrong := unknown(terms):
            known = ", ".join(_near(wrong[0]))
            where = (
                (*place, terms.index(wrong[0])) if isinstance(spec.character_set, list) else place
            )
            message = f"'{wrong[0]}' is not a defined term of SpecificCharacterSet"
            hint = f"near ones are: {known} (PS3.3 C.12.1.1.2)"
            self._findings.add(
                where if said is None else place, ValueProblem("FAB314", message, hint)
            )
            return
        alone = [term for term in terms if term in ALONE]
        if alone and len(terms) > 1:
            message = f"'{alone[0]}' stands alone in SpecificCharacterSet, without code extensions"
            hint = "leave the other sets out; it holds what they hold (PS3.3 C.12.1.1.2)"
            self._findings.add(place, ValueProblem("FAB314", message, hint))
            return
        for below, text in _texts(spec, path):
            self._note(below, f"'{text}'", unencodable(text, terms), terms)
        if spec.name is None or (isinstance(spec.name, NameParts) and spec.name.locale):
            locale = locale or DEFAULT_LOCALE
            missing = unencodable("".join(self._sample(locale)), terms)[:8]
            self._note(place, f"names of the locale {locale}", missing, terms)

    def _note(self, path: Path, what: str, missing: str, terms: Sequence[str]) -> None:
        if missing:
            sets = " and ".join(term or "ASCII" for term in terms)
            message = f"{what} cannot be written in {sets}, which has no {missing}"
            self._findings.add(path, ValueProblem("FAB314", message, _HINT))

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
                for text in (one.family, one.given, one.ideographic, one.phonetic, one.address)
            ]
        return self._samples[locale]


def _near(term: str) -> list[str]:
    """Defined terms that may be meant: those alike, else the most usual ones."""
    from difflib import get_close_matches

    digits = "".join(filter(str.isdigit, term))
    same = [known for known in CODECS if digits and known.split()[-1:] == [digits]]
    alike = get_close_matches(term.upper(), [known for known in CODECS if known], 3, 0.6)
    usual = ["ISO_IR 100", "ISO_IR 192", "GB18030"]
    return list(dict.fromkeys([*same, *alike]))[:3] or usual


def _texts(spec: PatientSpec, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(spec.name, str):
        yield (*path, "name"), spec.name
    elif spec.name is not None:
        yield from _fields(spec.name, (*path, "name"), tuple(NameParts.model_fields))
    yield from _fields(spec, path, _PATIENT)
    yield from _tag_texts(spec.tags, (*path, "tags"))
    for index, study in enumerate(spec.studies):
        below = (*path, "studies", index)
        yield from _fields(study, below, _STUDY)
        yield from _tag_texts(study.tags, (*below, "tags"))
        for place, series in enumerate(study.series):
            inner = (*below, "series", place)
            yield from _fields(series, inner, _SERIES)
            yield from _tag_texts(series.tags, (*inner, "tags"))


def _fields(spec: Any, path: Path, names: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    for name in names:
        text = getattr(spec, name)
        if isinstance(text, str):
            yield (*path, name), text


def _tag_texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text below ``tags``; a raw one is bytes, and not for a character set to hold."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict) and not is_raw(value):
        for name, inner in value.items():
            yield from _tag_texts(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _tag_texts(inner, (*path, place))
