"""What a PACS matches on, what it answers with, and how often (PS3.4 C.4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.levels import ATTRIBUTES, COMPUTED, COUNTS, UNIQUE_KEY
from scenario_runner.language.dicom_text import as_key

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.api import QueryLevel
    from scenario_runner.app.learning.asking import Asking

_NOT_ASKED: Final = frozenset(("TimezoneOffsetFromUTC", "IssuerOfPatientID", "PatientBirthTime"))
_BESIDES: Final = {"study": ("InstitutionName",), "series": ("InstitutionName", "StationName")}
"""What people ask for though it is no attribute of the level alone."""
_ELSEWHERE: Final = {
    "PN": "Nobody^Else", "DA": "18991231", "TM": "000001", "IS": "987654", "US": "60000", "AS": "120Y",
    "UI": "1.2.3.4", "CS": "XYZ",
}  # fmt: skip
"""Values that nothing of ours has, by VR."""


def learn_keys(asking: Asking) -> Iterator[Finding]:
    """unsupported_keys, counts, repeated_matches, relational_queries and uid_lists."""
    if not asking.can_find:
        return
    study = asking.studies.latin
    image = asking.studies.one(study.series[0].images[0]).dataset()
    above: dict[str, str] = {}
    lacking: dict[str, None] = {}
    asked: set[str] = set()
    evidence: list[Exchange] = []
    counts: list[Exchange] = []
    right = True
    for level, uid in (("study", study.uid), ("series", study.series[0].uid),
                       ("image", study.series[0].images[0].uid)):  # fmt: skip
        above = {**above, UNIQUE_KEY[level.upper()]: uid}  # type: ignore[index]
        told = _Level(asking, level, dict(above), image)  # type: ignore[arg-type]
        lacking |= dict.fromkeys(told.lacking())
        asked |= told.asked
        evidence += told.evidence
        counts += told.counts
        right = right and told.counts_right
    every = sorted(asked & set(COUNTS))
    none = bool(every) and lacking.keys() >= set(every)
    keys = [one for one in lacking if not (none and one in every)]
    yield Finding(subject="unsupported_keys", value=keys, evidence=evidence, asked=sorted(asked))
    if none:
        counts = [Exchange(f"{', '.join(every)} of what is there", "neither answered nor matched")]
    known = right if counts else None
    yield Finding(subject="counts", value=False if none else known, evidence=counts)
    yield _repeated(asking)
    yield _relational(asking)
    yield _lists(asking)


class _Level:
    """The keys of one level: which come back, and which are matched on."""

    def __init__(
        self, asking: Asking, level: QueryLevel, unique: Mapping[str, str], image: Dataset
    ) -> None:
        self._asking, self._level, self._unique = asking, level, unique
        named = [one for one in _attributes(level) if one in image and one not in unique]
        self._values: dict[str, Any] = {one: image[one].value for one in named if image[one].value}
        self._computed = _computed(asking, level)
        self.evidence: list[Exchange] = []
        self.counts: list[Exchange] = []
        self.counts_right = True

    @property
    def asked(self) -> set[str]:
        """All keys that it is asked for."""
        return {*self._values, *self._computed}

    def lacking(self) -> list[str]:
        """The keys that are not answered, or that anything matches."""
        answer = self._asking.find(self._level, self._unique, [*self._values, *self._computed])
        if not answer.matches:
            self.evidence.append(answer.exchange)
            return []
        back = answer.matches[0]
        silent = [key for key in (*self._values, *self._computed) if back.get(key) is None]
        if silent:
            asked = f"{self._level} by its UIDs, with {len(self._values) + len(self._computed)} keys to return"
            self.evidence.append(Exchange(asked, f"no {', '.join(silent)}"))
        self._count(back)
        ignored = [key for key in self._values if key not in silent and self._matches_anything(key)]
        return [*silent, *ignored]

    def _count(self, back: Mapping[str, Any]) -> None:
        for key, expected in self._computed.items():
            actual = back.get(key)
            if actual is None:
                continue
            agrees = _as_set(actual) == _as_set(expected)
            self.counts_right = self.counts_right and agrees
            self.counts.append(Exchange(f"{key} of what has {expected}", str(actual)))

    def _matches_anything(self, key: str) -> bool:
        """Whether the object is found by its UID with a value that it does not have."""
        value = _ELSEWHERE.get(vr_of(tag_of(key)), "NOTHING")
        answer = self._asking.find(self._level, {**self._unique, key: as_key(key, value)})
        if not answer.matches:
            return False
        self.evidence.append(
            Exchange(
                f"{self._level} by its UIDs and {key}={value}, which it does not have", "found"
            )
        )
        return True


def _attributes(level: QueryLevel) -> tuple[str, ...]:
    own = ATTRIBUTES[level.upper()]  # type: ignore[index]
    patient = ATTRIBUTES["PATIENT"] if level == "study" else ()
    named = (*patient, *own, *_BESIDES.get(level, ()))
    return tuple(one for one in named if one not in _NOT_ASKED)


def _computed(asking: Asking, level: QueryLevel) -> dict[str, Any]:
    study = asking.studies.latin
    images = [series.image_count for series in study.series]
    known = {
        "ModalitiesInStudy": [series.modality for series in study.series],
        "NumberOfStudyRelatedSeries": len(images),
        "NumberOfStudyRelatedInstances": sum(images),
        "NumberOfSeriesRelatedInstances": images[0],
    }
    return {key: value for key, value in known.items() if COMPUTED[key] == level.upper()}


def _as_set(value: Any) -> set[str]:
    return {str(one) for one in (value if isinstance(value, list) else [value])}


def _repeated(asking: Asking) -> Finding:
    study = asking.studies.latin
    count = sum(series.image_count for series in study.series)
    answer = asking.find(
        "study", {"StudyInstanceUID": study.uid}, how=f" (one study of {count} instances)"
    )
    value = len(answer.matches) > 1 if answer.matches else None
    return Finding(subject="repeated_matches", value=value, evidence=[answer.exchange])


def _relational(asking: Asking) -> Finding:
    """To be asked for where it is granted, and not given without."""
    series = asking.studies.latin.series[0]
    match = {"SeriesInstanceUID": series.uid}

    def found(**expects: Any) -> tuple[bool, Exchange]:
        how = ", without the study's UID" + (", relational queries asked for" if expects else "")
        answer = asking.find("series", match, how=how, **expects)
        return any(
            one.get("SeriesInstanceUID") == series.uid for one in answer.matches
        ), answer.exchange

    unasked, first = found()
    asked, second = found(relational_queries=True)
    return Finding(
        subject="relational_queries", value=asked and not unasked, evidence=[first, second]
    )


def _lists(asking: Asking) -> Finding:
    """Two UIDs in one key, of which one is there."""
    uid = asking.studies.latin.uid
    answer = asking.find("study", {"StudyInstanceUID": [uid, f"{uid[:40]}.1"]}, how=" in a list")
    value = any(one.get("StudyInstanceUID") == uid for one in answer.matches)
    return Finding(subject="uid_lists", value=value, evidence=[answer.exchange])
