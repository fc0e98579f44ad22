"""Sides and views that go with a body part, so that what is generated makes sense together."""

from __future__ import annotations

from scenario_runner.dicom.body_parts import is_paired

_USUAL_VIEW = {"CHEST": "PA", "HAND": "PA", "WRIST": "PA", "FINGER": "PA"}
_PROJECTIONS = frozenset({"CR", "DX", "RF", "XA"})


def side(modality: str, body_part: str, seed: int) -> str | None:
    """R or L of a paired body part, the same for a seed; None of any other.

    None of a mammography, too: its images are of both sides, the next of the usual views each.
    """
    return "RL"[seed % 2] if modality != "MG" and is_paired(body_part) else None


def usual_view(modality: str, body_part: str) -> str | None:
    """The view a projection of that body part most often has; None where views mean nothing."""
    return _USUAL_VIEW.get(body_part, "AP") if modality in _PROJECTIONS else None
