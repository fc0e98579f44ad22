"""Sides and views that go with a body part, so that what is generated makes sense together."""

from __future__ import annotations

PAIRED = frozenset(
    {
        "ANKLE", "ARM", "AXILLA", "BREAST", "CALCANEUS", "CALF", "CLAVICLE", "EAR", "ELBOW",
        "EXTREMITY", "EYE", "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND", "HIP", "HUMERUS", "KNEE",
        "LEG", "ORBIT", "PATELLA", "RADIUS", "RADIUSULNA", "RIB", "SCAPULA", "SHOULDER", "THIGH",
        "TIBIA", "TIBIAFIBULA", "TOE", "ULNA", "UPPERARM", "WRIST", "ZYGOMA",
    }
)  # fmt: skip
"""Defined terms of Body Part Examined (PS3.16 annex L) of which a person has two."""
_USUAL_VIEW = {"CHEST": "PA", "BREAST": "MLO", "HAND": "PA", "WRIST": "PA", "FINGER": "PA"}
_PROJECTIONS = frozenset({"CR", "DX", "RF", "XA"})


def side(body_part: str, seed: int) -> str | None:
    """R or L of a paired body part, the same for a seed; None of any other."""
    return "RL"[seed % 2] if body_part in PAIRED else None


def usual_view(modality: str, body_part: str) -> str | None:
    """The view a projection of that body part most often has; None where views mean nothing."""
    if modality == "MG":
        return _USUAL_VIEW["BREAST"]
    return _USUAL_VIEW.get(body_part, "AP") if modality in _PROJECTIONS else None
