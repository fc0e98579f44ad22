"""Texts that are not in the character set that the object declares (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.faults.base import PATIENT, STUDY, fault

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawObject

_CHARACTER_SET = "SpecificCharacterSet"
_TEXTS = ("PatientName", "ReferringPhysicianName", "StudyDescription", "SeriesDescription")
_DEPARTMENT = "InstitutionalDepartmentName"
_LATIN_1 = "Röntgen".encode("latin-1")


def _beyond_ascii(broken: RawObject) -> bool:
    there = (broken.get(keyword) for keyword in _TEXTS)
    return any(element and not element.value.isascii() for element in there)


def _undeclared(broken: RawObject, _about: Faulty) -> None:
    if not _beyond_ascii(broken):
        broken.put(_DEPARTMENT, _LATIN_1)
    broken.remove(_CHARACTER_SET)


def _wrong(broken: RawObject, _about: Faulty) -> None:
    """What is most often seen: the text is Latin-1, the declaration says UTF-8."""
    broken.put(_DEPARTMENT, _LATIN_1)
    broken.put(_CHARACTER_SET, "ISO_IR 192")


def _unknown(broken: RawObject, _about: Faulty) -> None:
    broken.put(_CHARACTER_SET, "ISO_IR 999")


FAULTS = (
    fault(
        "undeclared-charset",
        "Text beyond ASCII, and no SpecificCharacterSet; department is Röntgen in Latin-1 where "
        "nothing else is beyond ASCII",
        "characters",
        also=(*PATIENT, *STUDY, "same-series"),
        change=_undeclared,
    ),
    fault(
        "wrong-charset",
        "SpecificCharacterSet is ISO_IR 192 (UTF-8), department is Röntgen in Latin-1",
        "characters",
        also=(*PATIENT, *STUDY, "same-series"),
        change=_wrong,
    ),
    fault(
        "unknown-charset",
        "SpecificCharacterSet is ISO_IR 999, which is no defined term",
        "character-set",
        also=(*PATIENT, *STUDY, "same-series"),
        change=_unknown,
    ),
)
