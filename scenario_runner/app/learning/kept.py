"""What comes back of what was sent: character sets, private attributes, a second instance, another transfer syntax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from scenario_runner.api import StoreOptions
from scenario_runner.app.learning.asking import short
from scenario_runner.app.learning.findings import Exchange, Finding
from scenario_runner.app.learning.studies import CREATOR, PRIVATE_VALUE
from scenario_runner.dicom.characters import parse
from scenario_runner.dicom.datasets import character_sets, text_of
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, transfer_syntax_name
from scenario_runner.errors import TargetError

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.app.learning.asking import Asking
    from scenario_runner.planning.plan import PlannedStudy

_CHANGED: Final = "A second one"
_BOTH: Final = "both"
"""What the evidence begins with where a PACS has two instances of one UID; no key is for that."""


def learn_kept(asking: Asking) -> Iterator[Finding]:
    """converts_character_sets, private_attributes, transcodes and duplicates."""
    yield _converted(asking)
    if "retrieve" not in asking.target.capabilities:
        return
    yield _private(asking)
    yield _transcoded(asking)
    yield _duplicates(asking)


def _converted(asking: Asking) -> Finding:
    """Whether text comes back in another set, or with letters lost, from a retrieval or in answers."""
    studies = asking.studies
    evidence: list[Exchange] = []
    converted: list[bool] = []
    for study, name in (
        (studies.accented, studies.umlaut),
        (studies.cyrillic, studies.cyrillic_name),
    ):
        sent = asking.studies.one(study.series[0].images[0]).dataset()
        said = "\\".join(character_sets(sent)) or "none"
        if asking.can_find:
            answer = asking.find(
                "study", {"StudyInstanceUID": study.uid}, ["PatientName", "SpecificCharacterSet"]
            )
            for match in answer.matches[:1]:
                back = "\\".join(parse(match.get("SpecificCharacterSet"))) or "none"
                whole = name in str(match.get("PatientName")) or "PatientName" in answer.undeclared
                converted.append(back != said and not whole)
                evidence.append(
                    Exchange(
                        f"{answer.asked}, sent in {said}", f"{match.get('PatientName')} in {back}"
                    )
                )
        if "retrieve" in asking.target.capabilities:
            brought = asking.bring(study)
            if brought.trouble:
                evidence.append(Exchange(f"the study of {name} back", brought.trouble))
            for dataset in brought.datasets[:1]:
                back = "\\".join(character_sets(dataset)) or "none"
                converted.append(back != said)
                evidence.append(
                    Exchange(
                        f"the study of {name} back, sent in {said}",
                        f"{text_of(dataset.get('PatientName'))} in {back}",
                    )
                )
    value = any(converted) if converted else None
    return Finding(subject="converts_character_sets", value=value, evidence=evidence)


def _private(asking: Asking) -> Finding:
    back = asking.bring(asking.studies.latin)
    asked = f"an image with a private attribute of '{CREATOR}' back"
    subject = "private_attributes"
    images = [one for one in back.datasets if one.get("Modality") == "CT"]
    if not images:
        return Finding(subject=subject, value=None, evidence=[Exchange(asked, back.trouble)])
    kept = all(_has_private(one) for one in images)
    words = "with it" if kept else "without it"
    return Finding(subject=subject, value=kept, evidence=[Exchange(asked, words)])


def _has_private(image: Dataset) -> bool:
    value = image[0x00091001].value if 0x00091001 in image else b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.strip() == PRIVATE_VALUE


def _transcoded(asking: Asking) -> Finding:
    study = asking.studies.accented
    status = asking.status(study.series[0])
    if status is None or status.sent_as:
        exchange = Exchange("what is stored, in another transfer syntax", "it takes one alone")
        return Finding(subject="transcodes", value=None, evidence=[exchange])
    back = asking.bring(study, [IMPLICIT_LE])
    names = ", ".join(transfer_syntax_name(one) for one in dict.fromkeys(back.syntaxes))
    asked = f"what was sent in {transfer_syntax_name(EXPLICIT_LE)} back in {transfer_syntax_name(IMPLICIT_LE)}"
    value = True if set(back.syntaxes) == {IMPLICIT_LE} else None
    if not back.syntaxes and asking.bring(study, [EXPLICIT_LE]).syntaxes:
        value = False  # what comes as it is stored comes in no other way
    return Finding(
        subject="transcodes", value=value, evidence=[Exchange(asked, names or back.trouble)]
    )


def _duplicates(asking: Asking) -> Finding:
    """The last to be asked: it changes what is stored."""
    study = asking.studies.accented
    series = study.series[0]
    again = asking.studies.one(series.images[0], SeriesDescription=_CHANGED)
    pair = (series.sop_class_uid, series.transfer_syntax_uid)
    asked = "an instance a second time, with another SeriesDescription"
    subject = "duplicates"
    try:
        [status] = asking.target.store(
            [again], StoreOptions(contexts=[pair], transcode=False), asking.deadline
        )
    except TargetError as error:
        return Finding(subject=subject, value=None, evidence=[Exchange(asked, short(error))])
    told = (
        f"status {status.status:04X} {status.comment}".strip()
        if status.status is not None
        else status.comment
    )
    if not status.stored:
        return Finding(subject=subject, value="refused", evidence=[Exchange(asked, told)])
    kept, words = _which(asking, study)
    both = kept is None and words.startswith(_BOTH)
    return Finding(
        subject=subject,
        value=kept,
        note="both are kept" if both else "",
        needless=kept == "replaced",
        evidence=[Exchange(asked, told), Exchange("that instance back", words)],
    )


def _which(asking: Asking, study: PlannedStudy) -> tuple[str | None, str]:
    back = asking.bring(study)
    if not back.datasets:
        return None, back.trouble
    found = {str(one.get("SeriesDescription", "")) for one in back.datasets}
    words = ", ".join(f"SeriesDescription={one}" for one in sorted(found))
    if len(back.datasets) > 1:
        return None, f"{_BOTH}: {words}"
    return "replaced" if _CHANGED in found else "kept", words
