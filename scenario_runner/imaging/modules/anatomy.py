"""What a series says of the body part it shows, and which way a projection faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.body_parts import BodyPart, find
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


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
    """What is known about the series' body part; None for one that is no defined term."""
    return find(planned.body_part)


def detector_spacing(planned: PlannedSeries) -> list[str]:
    """ImagerPixelSpacing in mm, for a field that suits the body part."""
    field = _FIELD_MM.get(planned.body_part.upper(), 400.0)
    return [ds(round(field / max(planned.rows, planned.columns), 6))] * 2


def laterality(planned: PlannedSeries) -> str:
    """L, R, B or U (unpaired), as planned: a paired part has a side there."""
    return planned.laterality or "U"


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
