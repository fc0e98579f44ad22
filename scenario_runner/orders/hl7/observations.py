"""What OBX segments say of a patient or a study: weight, size, the Study Instance UID."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final

from scenario_runner.orders.hl7.field import Field
from scenario_runner.orders.hl7.message import Message, Segment
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.order import Said

_OBSERVATIONS: Final = {
    "weight": ("3141-9", "29463-7", "WT", "WEIGHT", "BODY WEIGHT"),
    "size": ("3137-7", "8302-2", "HT", "HEIGHT", "BODY HEIGHT"),
    "study": ("113014", "STUDY INSTANCE UID", "STUDYINSTANCEUID"),
}
"""What OBX-3 says of an observation, by code or text: LOINC, DCM (PS3.16), and what feeds write."""
_OBSERVED: Final = Path("OBX", 3)
_OBSERVATION: Final = Path("OBX", 5)
_UNIT: Final = Path("OBX", 6)
_LONG: Final = 100
"""Characters of an OBX-3; what shorter ones say is remembered."""
_FACTORS: Final = {"kg": 1.0, "g": 0.001, "lb": 0.45359237, "m": 1.0, "cm": 0.01, "in": 0.0254}


def observed(
    message: Message, segments: Sequence[Segment], kind: str, remarks: list[str]
) -> Said | None:
    """The first of these segments that says it; None where none does. kind: a key of the table.

    A weight is in kg, a size in m; what is no number of a known unit is left out, and a remark says so.
    """
    for segment in segments:
        if kind not in _kinds(message.field(segment, _OBSERVED)):
            continue
        where = partial(message.where, _OBSERVATION, segment)
        value = message.field(segment, _OBSERVATION).part(1).strip()
        if not value or kind == "study":
            return Said(value, where) if value else None
        unit = message.field(segment, _UNIT).part(1).strip().casefold()
        try:
            number = float(value) * _FACTORS[unit or ("kg" if kind == "weight" else "m")]
        except (ValueError, KeyError):
            remarks.append(f"OBX-5 '{value} {unit}' is left out: not a number of a known unit")
            return None
        return Said(f"{number:.6g}", where)
    return None


def _kinds(observed: Field) -> Sequence[str]:
    """What an OBX-3 says is observed: keys of the table. Those of a feed are few."""
    return _remembered(observed) if len(observed.raw) < _LONG else _remembered.__wrapped__(observed)


@lru_cache(maxsize=512)
def _remembered(observed: Field) -> Sequence[str]:
    parts = observed.components(5)
    # The third is the coding scheme.
    said = {parts[at].strip().upper() for at in (0, 1, 3, 4)}
    return [kind for kind, names in _OBSERVATIONS.items() if not said.isdisjoint(names)]
