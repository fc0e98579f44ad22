"""Body parts: code, whether they come in pairs, and which way a projection faces."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from scenario_runner.imaging.modules.values import ds

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A defined term of BodyPartExamined with its SNOMED CT code (PS3.16 annex L, CID 4)."""

    code: str
    meaning: str
    paired: bool = False


BODY_PARTS = {
    "ABDOMEN": BodyPart("818981001", "Abdomen"),
    "ANKLE": BodyPart("70258002", "Ankle joint", paired=True),
    "BLADDER": BodyPart("89837001", "Bladder"),
    "BRAIN": BodyPart("12738006", "Brain"),
    "BREAST": BodyPart("76752008", "Breast", paired=True),
    "CHEST": BodyPart("51185008", "Chest"),
    "CLAVICLE": BodyPart("51299004", "Clavicle", paired=True),
    "COLON": BodyPart("71854001", "Colon"),
    "CSPINE": BodyPart("122494005", "Cervical spine"),
    "EAR": BodyPart("117590005", "Ear", paired=True),
    "ELBOW": BodyPart("16953009", "Elbow joint", paired=True),
    "ESOPHAGUS": BodyPart("32849002", "Esophagus"),
    "EYE": BodyPart("81745001", "Eye", paired=True),
    "FEMUR": BodyPart("71341001", "Femur", paired=True),
    "FIBULA": BodyPart("87342007", "Fibula", paired=True),
    "FINGER": BodyPart("7569003", "Finger", paired=True),
    "FOOT": BodyPart("56459004", "Foot", paired=True),
    "FOREARM": BodyPart("14975008", "Forearm", paired=True),
    "HAND": BodyPart("85562004", "Hand", paired=True),
    "HEAD": BodyPart("69536005", "Head"),
    "HEART": BodyPart("80891009", "Heart"),
    "HIP": BodyPart("24136001", "Hip joint", paired=True),
    "HUMERUS": BodyPart("85050009", "Humerus", paired=True),
    "JAW": BodyPart("661005", "Jaw region"),
    "KIDNEY": BodyPart("64033007", "Kidney", paired=True),
    "KNEE": BodyPart("72696002", "Knee", paired=True),
    "LEG": BodyPart("30021000", "Leg", paired=True),
    "LIVER": BodyPart("10200004", "Liver"),
    "LSPINE": BodyPart("122496007", "Lumbar spine"),
    "NECK": BodyPart("45048000", "Neck"),
    "NOSE": BodyPart("45206002", "Nose"),
    "PATELLA": BodyPart("64234005", "Patella", paired=True),
    "PELVIS": BodyPart("816092008", "Pelvis"),
    "RADIUS": BodyPart("62413002", "Radius", paired=True),
    "SCAPULA": BodyPart("79601000", "Scapula", paired=True),
    "SHOULDER": BodyPart("16982005", "Shoulder", paired=True),
    "SKULL": BodyPart("89546000", "Skull"),
    "SPINE": BodyPart("421060004", "Spine"),
    "STERNUM": BodyPart("56873002", "Sternum"),
    "STOMACH": BodyPart("69695003", "Stomach"),
    "THIGH": BodyPart("68367000", "Thigh", paired=True),
    "THUMB": BodyPart("76505004", "Thumb", paired=True),
    "TIBIA": BodyPart("12611008", "Tibia", paired=True),
    "TOE": BodyPart("29707007", "Toe", paired=True),
    "TSPINE": BodyPart("122495006", "Thoracic spine"),
    "ULNA": BodyPart("23416004", "Ulna", paired=True),
    "WHOLEBODY": BodyPart("38266002", "Entire body"),
    "WRIST": BodyPart("74670003", "Wrist joint", paired=True),
}

_FIELD_MM = {
    "ANKLE": 240.0, "ELBOW": 240.0, "FOOT": 300.0, "HAND": 240.0, "JAW": 150.0, "KNEE": 300.0,
    "SKULL": 300.0, "WRIST": 240.0,
}  # fmt: skip

_LATERAL = {
    "LL": "A\\F",
    "LLD": "A\\F",
    "RL": "P\\F",
    "RLD": "P\\F",
    "LATERAL": "A\\F",
    "LAT": "A\\F",
}


def body_part(planned: PlannedSeries) -> BodyPart | None:
    """What is known about the series' body part; None for one that is not in the table."""
    return BODY_PARTS.get(planned.body_part.upper())


def detector_spacing(planned: PlannedSeries) -> list[str]:
    """ImagerPixelSpacing in mm, for a field that suits the body part."""
    field = _FIELD_MM.get(planned.body_part.upper(), 400.0)
    return [ds(round(field / max(planned.rows, planned.columns), 6))] * 2


def laterality(planned: PlannedSeries) -> str:
    """L, R, B or U (unpaired); a paired part without a given side gets one from the seed."""
    if planned.laterality:
        return planned.laterality
    part = body_part(planned)
    if part and part.paired:
        return Random(planned.seed).choice("LR")  # noqa: S311 - anatomy is no secret
    return "U"


def is_lateral_view(view: str | None) -> bool:
    """Whether a ViewPosition is seen from the side."""
    return (view or "").upper() in _LATERAL


def projection_orientation(planned: PlannedSeries) -> list[str]:
    """PatientOrientation (C.7.6.1.1.1) of a projection: rows run towards, columns run towards."""
    return _LATERAL.get((planned.view or "").upper(), "L\\F").split("\\")


def view_position(planned: PlannedSeries) -> str:
    """ViewPosition as the Standard has it (C.8.11.5.1.1), or empty when the view is not one of its."""
    view = (planned.view or "").upper()
    view = {"LATERAL": "LL", "LAT": "LL", "OBLIQUE": "LLO"}.get(view, view)
    return view if view in ("AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO") else ""


VIEW_CODES = {
    "AP": ("399348003", "antero-posterior"),
    "PA": ("272479007", "postero-anterior"),
    "LL": ("399173006", "left lateral"),
    "RL": ("399198007", "right lateral"),
    "LLO": ("399184004", "left oblique"),
    "RLO": ("399236003", "right oblique"),
    "CC": ("399162004", "cranio-caudal"),
    "MLO": ("399368009", "medio-lateral oblique"),
    "ML": ("399260004", "medio-lateral"),
    "LM": ("399352003", "latero-medial"),
}
"""ViewPosition to SNOMED CT (PS3.16 CID 4010 and 4014)."""
