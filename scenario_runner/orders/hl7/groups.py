"""Which segments of a message belong to which of its orders, and which orders are one procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cache

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7.mapping import standard
from scenario_runner.orders.hl7.message import Message, Segment
from scenario_runner.orders.order import Order, Said


@dataclass(slots=True)
class Group:
    """The segments of one order."""

    number: int
    patient: Sequence[Segment]
    """What stands before it and holds for it: the patient, the visit."""
    segments: list[Segment] = field(default_factory=list)
    orc: Segment | None = None
    """Its own, or that of the order before it where several OBR follow one ORC."""

    def has(self, name: str) -> bool:
        """Whether one of its own segments is called so."""
        return any(one.name == name for one in self.segments)

    def all(self) -> list[Segment]:
        """Its segments, the ORC that it shares, then those of its patient."""
        own = self.segments
        if self.orc is not None and self.orc is not own[0] and not self.has("ORC"):
            own = [self.orc, *own]
        return [*own, *self.patient]


def divided(message: Message) -> list[Group]:
    """Each order's own segments, and those of its patient before it; a message may have several patients."""
    patient: list[Segment] = []
    groups: list[Group] = []
    inside = False
    into = patient
    for segment in message.segments:
        name = segment.name
        if name == "PID":
            patient, inside = [], False
            into = patient
        elif name == "ORC" or (name == "OBR" and (not inside or groups[-1].has("OBR"))):
            orc = segment if name == "ORC" else groups[-1].orc if inside else None
            into = []
            groups.append(Group(len(groups) + 1, patient, into, orc))
            inside = True
        into.append(segment)
    if len(groups) > 1:
        _spread_study_uid(groups)
    return groups


def _spread_study_uid(groups: Sequence[Group]) -> None:
    """One ZDS at the very end is of all orders that have none: RAD-4 lets them share a study."""
    last = [one for one in groups[-1].segments if one.name == "ZDS"]
    if len(last) == 1 and not any(group.has("ZDS") for group in groups[:-1]):
        for group in groups[:-1]:
            group.segments += last


def by_procedure(found: Sequence[Order]) -> list[Order]:
    """Orders of a message that are steps of one requested procedure become one (RAD-4 4.4.4.1.2.2)."""
    whole: list[Order] = []
    known: dict[tuple[str, ...], _Procedure] = {}
    for order in found:
        accession, procedure = order.text("AccessionNumber"), order.text("RequestedProcedureID")
        step = order.text("ScheduledProcedureStepID")
        key = (accession, procedure, order.text("PatientID"), order.status)
        first = known.get(key)
        if step and first is not None and step not in first.ids:
            own = {name: said for name, said in order.said.items() if name in _step_attributes()}
            first.ids.add(step)
            first.further.append(own)
            continue
        if accession and procedure and step:
            known[key] = _Procedure(len(whole), {step})
        whole.append(order)
    for one in known.values():
        if one.further:
            whole[one.place] = replace(whole[one.place], steps=one.further)
    return whole


@dataclass(slots=True)
class _Procedure:
    """What further orders say of a procedure. place: of its first order in the list. ids: of its steps."""

    place: int
    ids: set[str]
    further: list[Mapping[str, Said]] = field(default_factory=list)


@cache
def _step_attributes() -> frozenset[str]:
    return frozenset(line.attribute for line in standard() if line.level == "step")
