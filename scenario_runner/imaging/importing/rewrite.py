"""One file under its new identity: read, rewritten by the profile, given the plan's values, encoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydicom import Dataset

from scenario_runner.dicom.characters import faults
from scenario_runner.dicom.datasets import character_sets as declared_sets
from scenario_runner.dicom.datasets import read_file
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.dicom.unreadable import UnreadableError, readable
from scenario_runner.errors import PLAN, Diagnostic, InvalidInput, Where
from scenario_runner.imaging import character_sets, overrides
from scenario_runner.imaging.importing.deidentify import Deidentifier, Policy
from scenario_runner.imaging.importing.encode import encode
from scenario_runner.imaging.modules.attribute_values import age, da
from scenario_runner.imaging.modules.patient import patient
from scenario_runner.imaging.modules.study import code

if TYPE_CHECKING:
    from scenario_runner.imaging.importing.scan import SourceFile
    from scenario_runner.imaging.importing.tally import Tally
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage, PlannedStudy

METHOD = "DICOM Fabricator import, PS3.15 Annex E"
_OPTIONS = {
    "113100": "Basic Application Confidentiality Profile",
    "113104": "Clean Structured Content Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
}
"""Codes of what was done, PS3.16 CID 7050."""
_IF_THERE = ("PatientAge", "InstitutionName", "StudyDescription", "IssuerOfPatientID")


def rewritten(
    file: SourceFile,
    image: PlannedImage,
    days: int | None,
    policy: Policy,
    uid: Callable[[str], str],
    tally: Tally,
) -> Instance:
    """The instance that a file becomes.

    Raises UnreadableError for a file that cannot be read, InvalidInput for a value of the plan that
    cannot be written.
    """
    with readable():
        dataset = read_file(file.path)
        there = {keyword for keyword in _IF_THERE if keyword in dataset}
        declared = declared_sets(dataset)
        Deidentifier(policy, uid, days, tally).apply(dataset)
        # pydicom keeps what it read beside the data set; the encoders need nothing of it.
        tags = list(dataset.keys())
        plain = Dataset()
        plain.update({tag: dataset.get_item(tag) for tag in tags})
        _identify(plain, image.series.study, there)
        _mark(plain, file, policy)
        terms = _character_set(plain, declared, image.series.study, tally)
        if plain.SOPInstanceUID != image.uid:
            raise UnreadableError("its SOP Instance UID is not the one that was read first")
        instance = encode(plain, file.transfer_syntax, terms, image)
    if file.pictured:
        tally.pictured[file.pictured] += 1
    return instance


def _identify(dataset: Dataset, study: PlannedStudy, there: set[str]) -> None:
    """Set what the plan says; of what an object need not have, only what it had."""
    person = study.patient
    patient(dataset, person)
    if "IssuerOfPatientID" not in there and not person.issuer:
        dataset.pop("IssuerOfPatientID", None)
    if "PatientAge" in there and (value := age(person.birth_date, study.date)):
        dataset.PatientAge = value
    dataset.StudyDate = da(study.date)
    dataset.ReferringPhysicianName = study.referring_physician
    dataset.StudyID = study.study_id
    dataset.AccessionNumber = study.accession
    if study.description:
        dataset.StudyDescription = study.description
    if "InstitutionName" in there and study.institution:
        dataset.InstitutionName = study.institution
    if "StudyTime" not in dataset:
        dataset.StudyTime = ""  # Type 2, PS3.3 C.7.2.1
    tags = {**person.tags, **study.tags}
    try:
        overrides.apply(dataset, tags, encoding=Encoding())
    except overrides.UnusableTagError as error:
        where = Where(file=PLAN, path=study.id)
        raise InvalidInput([Diagnostic("FAB311", where, str(error), error.hint)]) from None


def _mark(dataset: Dataset, file: SourceFile, policy: Policy) -> None:
    """Say what was done to it (PS3.3 C.7.1.1, C.12.1.1); the Patient Module says nobody is meant."""
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    if file.pictured:
        # Who is burned in is not removed, and no attribute may claim it.
        dataset.PatientIdentityRemoved = "NO"
        return
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    if policy.private == "remove" and not policy.keep:
        dataset.DeidentificationMethodCodeSequence = [
            code(value, "DCM", meaning) for value, meaning in _OPTIONS.items()
        ]


def _character_set(
    dataset: Dataset, declared: tuple[str, ...], study: PlannedStudy, tally: Tally
) -> tuple[str, ...]:
    """Declare the character set: the plan's, else the file's where it holds all texts, else a new one."""
    texts = list(character_sets.texts(dataset))
    given = study.patient.character_set
    before = character_sets.without_default(declared)
    terms = before if given is None else character_sets.without_default(given)
    wrong = faults(terms)
    missing = wrong or any(text.missing(terms) for text in texts)
    if missing and given is not None:
        message = f"'character_set: {' '.join(given)}' cannot hold the texts of an imported file"
        hint = "leave it out, and one that holds all values is chosen"
        raise InvalidInput([Diagnostic("FAB314", Where(file=PLAN, path=study.id), message, hint)])
    if missing:
        terms = character_sets.chosen(texts)
    character_sets.declare(dataset, terms)
    if terms != before:
        tally.character_sets[f"{_said(declared)} to {_said(terms)}"] += 1
    return terms


def _said(terms: tuple[str, ...]) -> str:
    return "\\".join(terms) or "none"
