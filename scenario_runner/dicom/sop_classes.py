"""SOP classes (PS3.6 table A-1): of services, and of the storage classes that are spoken of by name.

A test holds every UID to the name that pydicom's dictionary gives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.dicom.levels import Root

STANDARD_ARC: Final = "1.2.840.10008."
"""What every UID of the Standard begins with."""
STORAGE_ARC: Final = "1.2.840.10008.5.1.4.1.1."
"""Below which storage SOP classes are assigned (PS3.4 B.5)."""

VERIFICATION: Final = "1.2.840.10008.1.1"
STORAGE_COMMITMENT: Final = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model (PS3.4 J)."""
STORAGE_COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
"""Its well-known SOP instance (PS3.4 J.3.5)."""
MODALITY_WORKLIST: Final = "1.2.840.10008.5.1.4.31"
"""Modality Worklist Information Model - FIND (PS3.4 K.6.1)."""
MPPS: Final = "1.2.840.10008.3.1.2.3.3"
"""Modality Performed Procedure Step (PS3.4 F.7)."""
MEDIA_STORAGE_DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""A DICOMDIR (PS3.4 I)."""
APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
"""No SOP class: the one application context name there is (PS3.7 A.2.1)."""


@dataclass(frozen=True, slots=True)
class InformationModel:
    """One Query/Retrieve information model's SOP classes (PS3.4 C.6)."""

    find: str
    move: str
    get: str


PATIENT_ROOT: Final = InformationModel(
    "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.1.3"
)
STUDY_ROOT: Final = InformationModel(
    "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
)

FIND: Final[Mapping[str, Root]] = {PATIENT_ROOT.find: "patient", STUDY_ROOT.find: "study"}
GET: Final[Mapping[str, Root]] = {PATIENT_ROOT.get: "patient", STUDY_ROOT.get: "study"}
MOVE: Final[Mapping[str, Root]] = {PATIENT_ROOT.move: "patient", STUDY_ROOT.move: "study"}
"""Which root a service's SOP class belongs to."""
SERVICES: Final = frozenset(
    (VERIFICATION, *FIND, *GET, *MOVE, STORAGE_COMMITMENT, MODALITY_WORKLIST, MPPS)
)

COMPUTED_RADIOGRAPHY: Final = STORAGE_ARC + "1"
DIGITAL_XRAY: Final = STORAGE_ARC + "1.1"
"""Digital X-Ray Image Storage - For Presentation; its sibling For Processing is ``.1`` below."""
DIGITAL_MAMMOGRAPHY: Final = STORAGE_ARC + "1.2"
DIGITAL_INTRA_ORAL: Final = STORAGE_ARC + "1.3"
CT: Final = STORAGE_ARC + "2"
ENHANCED_CT: Final = STORAGE_ARC + "2.1"
ULTRASOUND_MULTI_FRAME: Final = STORAGE_ARC + "3.1"
MR: Final = STORAGE_ARC + "4"
ENHANCED_MR: Final = STORAGE_ARC + "4.1"
ULTRASOUND: Final = STORAGE_ARC + "6.1"
SECONDARY_CAPTURE: Final = STORAGE_ARC + "7"
GRAYSCALE_PRESENTATION_STATE: Final = STORAGE_ARC + "11.1"
XRAY_ANGIOGRAPHIC: Final = STORAGE_ARC + "12.1"
XRAY_RADIOFLUOROSCOPIC: Final = STORAGE_ARC + "12.2"
BREAST_TOMOSYNTHESIS: Final = STORAGE_ARC + "13.1.3"
NUCLEAR_MEDICINE: Final = STORAGE_ARC + "20"
RAW_DATA: Final = STORAGE_ARC + "66"
VL_ENDOSCOPIC: Final = STORAGE_ARC + "77.1.1"
VL_MICROSCOPIC: Final = STORAGE_ARC + "77.1.2"
VL_PHOTOGRAPHIC: Final = STORAGE_ARC + "77.1.4"
BASIC_TEXT_SR: Final = STORAGE_ARC + "88.11"
ENHANCED_SR: Final = STORAGE_ARC + "88.22"
COMPREHENSIVE_SR: Final = STORAGE_ARC + "88.33"
KEY_OBJECT_SELECTION: Final = STORAGE_ARC + "88.59"
ENCAPSULATED_PDF: Final = STORAGE_ARC + "104.1"
POSITRON_EMISSION_TOMOGRAPHY: Final = STORAGE_ARC + "128"
LEGACY_ENHANCED_PET: Final = STORAGE_ARC + "128.1"
ENHANCED_PET: Final = STORAGE_ARC + "130"


def is_storage(sop_class_uid: str) -> bool:
    """Whether instances of this class are stored: any Storage class, and any private or unknown one.

    A PACS for tests that refuses what it does not know would hide what a sender does with it.
    """
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    entry = UID(sop_class_uid, IGNORE)
    if not entry.type:
        # Storage SOP classes newer than the dictionary.
        return not sop_class_uid.startswith(STANDARD_ARC) or sop_class_uid.startswith(STORAGE_ARC)
    is_class = entry.type == "SOP Class" and not entry.name.startswith("Storage Commitment")
    return is_class and "Storage" in entry.name


def storage_classes() -> list[str]:
    """The storage SOP classes that pydicom has a name for, the retired ones last."""
    from pydicom import uid

    named = [one for one in vars(uid).values() if isinstance(one, uid.UID)]
    known = dict.fromkeys(one for one in named if one.startswith(STORAGE_ARC))
    return [str(one) for one in sorted(known, key=lambda one: one.is_retired)]
