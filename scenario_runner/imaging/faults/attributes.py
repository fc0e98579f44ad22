"""Attributes that are missing, or that contradict others of the same object (PS3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.element_writing import element, item
from scenario_runner.dicom.sop_classes import (
    COMPUTED_RADIOGRAPHY,
    GRAYSCALE_PRESENTATION_STATE,
    KEY_OBJECT_SELECTION,
    ULTRASOUND,
)
from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.base import (
    DX_FAMILY,
    PATIENT,
    SPATIAL,
    STUDY,
    fault,
    put,
    remove,
)

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawObject

_DOCUMENTS = {
    "SR": KEY_OBJECT_SELECTION,
    "KO": GRAYSCALE_PRESENTATION_STATE,
    "PR": KEY_OBJECT_SELECTION,
    "DOC": KEY_OBJECT_SELECTION,
}
"""Modalities whose objects have no pixels, and a class of another of them."""
_NO_SIDE = frozenset({"CR", "CT", "MR", "PT", "NM", "OT", "RF", "US", "XA"})
"""Modalities with Laterality of the series; the others have ImageLaterality, which is Type 1."""


def _other_class(modality: str) -> str:
    """A SOP class whose IOD does not have the modality, and that asks for little else."""
    return _DOCUMENTS.get(modality) or (COMPUTED_RADIOGRAPHY if modality == "US" else ULTRASOUND)


def _age(broken: RawObject, _about: Faulty) -> None:
    age = broken.text("PatientAge")
    if len(age) != 4 or not age[:3].isdecimal():
        raise CannotHaveFaultError("the object has no PatientAge")
    broken.put("PatientAge", f"{(int(age[:3]) + 20) % 1000:03}{age[3]}")


def _born_later(broken: RawObject, _about: Faulty) -> None:
    broken.put("PatientBirthDate", "29991231")


def _not_enhanced(broken: RawObject) -> None:
    if broken.get("SharedFunctionalGroupsSequence"):
        raise CannotHaveFaultError("an enhanced object may say it for each frame")


def _no_frame_of_reference(broken: RawObject, _about: Faulty) -> None:
    _not_enhanced(broken)
    broken.remove("FrameOfReferenceUID")


def _no_burned_in_flag(broken: RawObject, _about: Faulty) -> None:
    _not_enhanced(broken)
    broken.remove("BurnedInAnnotation")


def _no_side(broken: RawObject, _about: Faulty) -> None:
    _not_enhanced(broken)
    broken.put("BodyPartExamined", "KNEE")
    broken.remove("Laterality")


def _one_of_a_kind_has_a_side(broken: RawObject, _about: Faulty) -> None:
    broken.put("BodyPartExamined", "CHEST")
    broken.put("Laterality", "L")


def _code(broken: RawObject, _about: Faulty) -> None:
    """An item of a code sequence without coding scheme designator (PS3.3 8.8)."""
    inside = element(0x00080100, "SH", b"ABDOMEN1", broken.encoding) + element(
        0x00080104, "LO", b"Abdomen ", broken.encoding
    )
    broken.put("PerformedProtocolCodeSequence", item(inside, little=broken.encoding.little))


def _private(broken: RawObject, _about: Faulty) -> None:
    broken.put_tag(0x00531010, "LO", "value of nobody ")


FAULTS = (
    fault("missing-type-1", "Modality (Type 1) is missing", "type-1", change=remove("Modality")),
    fault("empty-type-1", "Modality (Type 1) is empty", "type-1", change=put("Modality", "")),
    fault(
        "missing-type-2",
        "SeriesNumber (Type 2, in documents Type 1) is missing",
        "type-2",
        "type-1",
        change=remove("SeriesNumber"),
    ),
    fault(
        "missing-patient-id",
        "PatientID (Type 2) is missing",
        "type-2",
        also=PATIENT,
        change=remove("PatientID"),
    ),
    fault(
        "missing-frame-of-reference",
        "FrameOfReferenceUID (Type 1 of a cross-section) is missing",
        "type-1",
        modalities=SPATIAL,
        single=True,
        change=_no_frame_of_reference,
    ),
    fault(
        "missing-burned-in-flag",
        "BurnedInAnnotation (Type 1 of a digital X-ray) is missing",
        "type-1",
        modalities=DX_FAMILY,
        single=True,
        change=_no_burned_in_flag,
    ),
    fault(
        "missing-laterality",
        "BodyPartExamined is KNEE, and no attribute says which one",
        "laterality",
        modalities=_NO_SIDE,
        single=True,
        change=_no_side,
    ),
    fault(
        "false-laterality",
        "BodyPartExamined is CHEST, and Laterality says it is the left one",
        "no-laterality",
        modalities=_NO_SIDE,
        change=_one_of_a_kind_has_a_side,
    ),
    fault(
        "wrong-sop-class",
        "SOPClassUID is that of an ultrasound image; for ultrasound a CR image, for reports key objects",
        "modality",
        # The other class may ask for what the object does not have.
        also=("type-1", "type-2", "patient-orientation", "frames"),
        sop_class=_other_class,
    ),
    fault(
        "age-mismatch",
        "PatientAge is 20 more than birth date and study date make",
        "age",
        also=STUDY,
        change=_age,
    ),
    fault(
        "born-after-study",
        "PatientBirthDate is later than the study",
        "birth",
        also=PATIENT,
        change=_born_later,
    ),
    fault(
        "incomplete-code",
        "The item of PerformedProtocolCodeSequence has no coding scheme designator",
        "code",
        change=_code,
    ),
    fault(
        "private-without-creator",
        "The private attribute (0053,1010) is in a block that nobody has reserved",
        "private-creator",
        change=_private,
    ),
)
