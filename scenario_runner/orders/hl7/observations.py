"""What OBX segments say of a patient or a study: weight, size, the Study Instance UID."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from scenario_runner.orders.hl7.field import Field, field_of
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
_NUMBER: Final = re.compile(r"[+]?(?:\d{1,6}(?:\.\d*)?|\.\d+)", re.ASCII)
_FACTORS: Final = {
    "kg": 1.0, "g": 0.001, "lb": 0.45359237, "lbs": 0.45359237, "[lb_av]": 0.45359237, "oz": 0.028349523125, "[oz_av]": 0.028349523125,
    "m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "[in_i]": 0.0254, "ft": 0.3048, "[ft_i]": 0.3048,
}  # fmt: skip
"""Of a unit, what feeds call it and UCUM, to kg or m."""


def by_kind(message: Message, segments: Sequence[Segment]) -> dict[str, Segment]:
    """The first of these segments that says something of each kind: "weight", "size", "study"."""
    found: dict[str, Segment] = {}
    marks, codec = message.delimiters, message.codec
    for segment in segments:
        fields = segment.fields
        if len(fields) <= _OBSERVED.field:
            continue
        written = fields[_OBSERVED.field]
        known = _kinds if len(written) < _LONG else _kinds.__wrapped__
        for kind in known(field_of((written, marks, codec))):
            found.setdefault(kind, segment)
    return found


def observed(message: Message, segment: Segment, kind: str, remarks: list[str]) -> Said | None:
    """What a segment says of its kind; None where that is nothing.

    A weight is in kg, a size in m; what is no number of a known unit is left out, and a remark says so.
    """
    written = message.field(segment, _OBSERVATION)
    if kind == "study":
        # HD: what is the only one in the world stands second
        value = written.part(1).strip() or written.part(2).strip()
    else:
        unit = message.field(segment, _UNIT)
        short = len(written.raw) < _LONG and len(unit.raw) < _LONG
        known = _measured if short else _measured.__wrapped__
        value, remark = known(kind, written, unit)
        if remark:
            remarks.append(remark)
    return Said(value, (message.where_in, _OBSERVATION, segment.line)) if value else None


@lru_cache(maxsize=512)
def _measured(kind: str, written: Field, unit: Field) -> tuple[str, str]:
    """A number in kg or m, and what to remark where there is none of a known unit."""
    value = written.part(1).strip()
    if not value:
        return "", ""
    name = unit.part(1).strip().casefold()
    factor = _FACTORS.get(name or ("kg" if kind == "weight" else "m"))
    if factor is None or not _NUMBER.fullmatch(value):
        return "", f"OBX-5 '{value} {name}' is left out: not a number of a known unit"
    return f"{float(value) * factor:.6g}", ""


@lru_cache(maxsize=512)
def _kinds(observed: Field) -> Sequence[str]:
    """What an OBX-3 says is observed: keys of the table. Those of a feed are few."""
    parts = observed.components(5)
    # The third is the coding scheme.
    said = {parts[at].strip().upper() for at in (0, 1, 3, 4)}
    return [kind for kind, names in _OBSERVATIONS.items() if not said.isdisjoint(names)]
