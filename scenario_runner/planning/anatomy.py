"""Sides and views that go with a body part, so that what is generated makes sense together."""

from __future__ import annotations

from scenario_runner.dicom.body_parts import resembling

_SAID = {"L": "L", "LEFT": "L", "LT": "L", "R": "R", "RIGHT": "R", "RT": "R"}
"""Words for a side in front of a body part that is no defined term."""
_USUAL_VIEW = {"CHEST": "PA", "HAND": "PA", "WRIST": "PA", "FINGER": "PA"}
_PROJECTIONS = frozenset({"CR", "DX", "RF", "XA"})


def side(modality: str, body_part: str, seed: int) -> str | None:
    """R or L of a paired body part, the same for a seed; None of any other.

    A part that is no defined term is paired when what it resembles is, and has the side that it names itself.
    None of a mammography, too: its images are of both sides, the next of the usual views each.
    """
    found = resembling(body_part)
    if modality == "MG" or found is None or not found[1].paired:
        return None
    return _SAID.get(found[0]) or "RL"[seed % 2]


def usual_view(modality: str, body_part: str) -> str | None:
    """The view a projection of that body part most often has; None where views mean nothing."""
    return _USUAL_VIEW.get(body_part, "AP") if modality in _PROJECTIONS else None
