"""Which attributes say who somebody is, and what stands in their place.

After the Basic Application Level Confidentiality Profile (PS3.15 table E.1-1), less what a test is judged by: dates and
descriptions of studies, the sex and age of a patient, names of devices and of PACS stay.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field
from typing import Final

from scenario_runner.dicom.dictionary import attribute, tag_for_keyword
from scenario_runner.dicom.sop_classes import STANDARD_ARC
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction.pseudonyms import Pseudonyms

_KINDS: Final = {
    "PatientID": "PATIENT-ID", "OtherPatientIDs": "PATIENT-ID", "PatientBirthDate": "BIRTH-DATE",
    "PatientBirthTime": "BIRTH-DATE", "PatientBirthDateInAlternativeCalendar": "BIRTH-DATE",
    "PatientDeathDateInAlternativeCalendar": "BIRTH-DATE", "PatientAddress": "CONTACT",
    "PatientTelephoneNumbers": "CONTACT", "PatientTelecomInformation": "CONTACT",
    "PersonAddress": "CONTACT", "PersonTelephoneNumbers": "CONTACT",
    "PersonTelecomInformation": "CONTACT", "ReferringPhysicianAddress": "CONTACT",
    "ReferringPhysicianTelephoneNumbers": "CONTACT", "CountryOfResidence": "CONTACT",
    "RegionOfResidence": "CONTACT", "CurrentPatientLocation": "CONTACT",
    "PatientInstitutionResidence": "CONTACT", "AccessionNumber": "ACCESSION",
    "StudyID": "STUDY-ID", "AdmissionID": "VISIT", "ServiceEpisodeID": "VISIT",
    "RequestedProcedureID": "ORDER", "ScheduledProcedureStepID": "ORDER",
    "PerformedProcedureStepID": "ORDER", "PlacerOrderNumberImagingServiceRequest": "ORDER",
    "FillerOrderNumberImagingServiceRequest": "ORDER", "MedicalRecordLocator": "PATIENT-ID",
    "PatientComments": "COMMENT", "AdditionalPatientHistory": "COMMENT",
    "VisitComments": "COMMENT", "Occupation": "COMMENT", "EthnicGroup": "COMMENT",
    "PatientReligiousPreference": "COMMENT", "MilitaryRank": "COMMENT",
    "BranchOfService": "COMMENT", "InstitutionName": "PLACE", "InstitutionAddress": "PLACE",
    "InstitutionalDepartmentName": "PLACE", "DeviceSerialNumber": "DEVICE",
}  # fmt: skip
"""Keyword to the word that a value of it is replaced by, less its number."""
_CLASSES: Final = re.compile(
    r"(SOPClass|TransferSyntax|CodingScheme|ContextUID|MappingResource|Implementation|Template|TypeUID)"
)
"""UIDs of kinds of things, which say nothing of anybody."""
_KEYS: Final = {
    "patient_id": "PatientID", "patient_name": "PatientName", "accession": "AccessionNumber",
    "study_id": "StudyID", "birth_date": "PatientBirthDate", "address": "PatientAddress",
    "phone": "PatientTelephoneNumbers", "institution": "InstitutionName",
    "referring_physician": "ReferringPhysicianName",
    **dict.fromkeys(
        ("study_uid", "series_uid", "sop_instance_uid", "uid", "uids", "failed_uids", "deleted",
         "not_there", "left_alone", "transaction_uid"),
        "SOPInstanceUID",  # one UID is replaced like another
    ),
}  # fmt: skip
"""What steps and the plan call such attributes."""
_INDEX: Final = re.compile(r"\[\d*\]")
_UID: Final = re.compile(r"[0-2](?:\.\d+){2,}")
_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


def identifying(name: str) -> str | None:
    """The keyword of the attribute that a key or a path names, when it says who somebody is; None otherwise.

    name: ``PatientName``, ``RequestAttributesSequence[0].AccessionNumber``, ``00100010``, ``patient_id``.
    """
    keyword = _INDEX.sub("", name).rpartition(".")[2]
    if len(keyword) == 8 and re.fullmatch(r"[0-9A-Fa-f]{8}", keyword):
        known = attribute(int(keyword, 16))
        keyword = known.keyword if known else ""
    keyword = _KEYS.get(keyword, keyword)
    return keyword if keyword in _KINDS or _vr(keyword) in ("PN", "UI") else None


def _vr(keyword: str) -> str:
    tag = tag_for_keyword(keyword)
    known = None if tag is None else attribute(tag)
    if known is None or (known.vr == "UI" and _CLASSES.search(keyword)):
        return ""
    return known.vr


@dataclass(slots=True)
class People:
    """Gives every identifying value its word; the same value has the same one."""

    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    _numbers: Counter[str] = field(default_factory=Counter)
    _words: dict[tuple[str, str], str] = field(default_factory=dict)

    def patient(self) -> str:
        """The word for one more patient."""
        return self._next("PATIENT")

    def learn(self, keyword: str, value: object, word: str = "") -> None:
        """Take a value of an identifying attribute, or several of them with backslashes between.

        word: the one to give it where it is new.
        """
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return
        for one in str(value).split("\\"):
            if text := one.strip(" \0"):
                self._learn(keyword, text, word)

    def _learn(self, keyword: str, text: str, word: str) -> None:
        vr = _vr(keyword)
        if vr == "UI":
            if _UID.fullmatch(text):
                if not text.startswith(STANDARD_ARC) and text not in self.pseudonyms:
                    self.pseudonyms.uid(text, self._next("UID"))
                return
            vr = ""
        if text in self.pseudonyms:
            return
        if vr == "PN":
            self._person(text, word or self._next("PERSON"))
            return
        word = word or self._next(_KINDS.get(keyword, "VALUE"))
        self.pseudonyms.value(text, word)
        if keyword.startswith("PatientBirthDate") and (date := _DATE.fullmatch(text)):
            self.pseudonyms.value("".join(date.groups()), word)
            self.pseudonyms.value("-".join(date.groups()), word)

    def _person(self, text: str, word: str) -> None:
        """A name with its groups and components (PS3.5 6.2.1.2)."""
        self.pseudonyms.value(text, word)
        for group in text.split("="):
            self.pseudonyms.value(group.strip("^ "), word)
            components = [one.strip() for one in group.split("^")]
            for component in components:
                for part in dict.fromkeys((component, *component.split())):
                    self.pseudonyms.part(part, word)
            # A family name and a given name without a blank between are told as one in some scripts.
            joined = "".join(components[:2])
            if not joined.isascii():
                self.pseudonyms.part(joined, word)

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]}"
