"""Which breast and which view an image of a mammography series shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries

SCREENING = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
"""The four views of a screening examination, in the order they are taken."""

VIEWS = ("CC", "MLO", "ML", "LM")


def side_and_view(series: PlannedSeries, index: int) -> tuple[str, str]:
    """Side (L, R) and view of image ``index``: as given, else the next of the four usual ones."""
    given_view = (series.view or "").upper()
    view = given_view if given_view in VIEWS else None
    side = series.laterality if series.laterality in ("L", "R") else None
    if side and view:
        return side, view
    if side:
        return side, ("CC", "MLO")[index % 2]
    if view:
        return "RL"[index % 2], view
    return SCREENING[index % 4]


def orientation(side: str, view: str) -> list[str]:
    """PatientOrientation: where the rows and the columns run to (C.7.6.1.1.1).

    A right breast is shown with the chest wall on the right, a left one with it on the left.
    """
    rows = "P" if side == "R" else "A"
    if view == "CC":
        return [rows, "L" if side == "R" else "R"]
    return [rows, ("FL" if side == "R" else "FR") if view == "MLO" else "F"]


Vector = tuple[float, float, float]

_DIAGONAL = 0.70710678


def cosines(side: str, view: str) -> tuple[Vector, Vector]:
    """The same as ``orientation`` as direction cosines of rows and columns (C.7.6.2.1.1)."""
    sign = 1.0 if side == "R" else -1.0
    columns: dict[str, Vector] = {
        "CC": (sign, 0.0, 0.0),
        "MLO": (sign * _DIAGONAL, 0.0, -_DIAGONAL),
    }
    return (0.0, sign, 0.0), columns.get(view, (0.0, 0.0, -1.0))


def angle(side: str, view: str) -> float:
    """Angle of the positioner in degrees, 0 for cranio-caudal."""
    size = {"CC": 0.0, "MLO": 45.0, "ML": 90.0, "LM": -90.0}[view]
    return size if side == "R" else -size
