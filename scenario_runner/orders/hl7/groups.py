"""Which segments of a message belong to which of its orders, and which orders are one procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from typing import Any, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7.mapping import standard
from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment
from scenario_runner.orders.order import Order, Said

MAX_STEPS: Final = 100
"""Scheduled steps of one order, each of which has all of its other segments read again."""


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
    """Each order's own segments, and those of its patient before it; a message may have several patients.

    Raises Hl7Error for an order of more than ``MAX_STEPS`` scheduled steps.
    """
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
    return [one for group in groups for one in _by_step(message, group)]


def _by_step(message: Message, group: Group) -> list[Group]:
    """An OMI has an IPC for each scheduled step, or for each protocol of one (RAD-4): each is read as if it stood alone."""
    steps = [one for one in group.segments if one.name == "IPC"]
    if not steps:
        return [group]
    if len(steps) > MAX_STEPS:
        raise Hl7Error(
            f"an order has {MAX_STEPS} scheduled steps (IPC) at most; this has {len(steps)}",
            message.where_line(steps[MAX_STEPS].line),
        )
    return [
        replace(group, segments=[one for one in group.segments if one.name != "IPC" or one is step])
        for step in steps
    ]


def _spread_study_uid(groups: Sequence[Group]) -> None:
    """One ZDS at the very end is of all orders that have none: RAD-4 lets them share a study."""
    last = [one for one in groups[-1].segments if one.name == "ZDS"]
    if len(last) == 1 and not any(group.has("ZDS") for group in groups[:-1]):
        for group in groups[:-1]:
            group.segments += last


def by_procedure(found: Sequence[Order]) -> list[Order]:
    """Orders of a message that are steps of one requested procedure, or protocols of a step, become one (RAD-4 4.4.4.1.2.2)."""
    whole: list[_Procedure] = []
    known: dict[tuple[str, ...], _Procedure] = {}
    for order in found:
        accession, procedure = order.text("AccessionNumber"), order.text("RequestedProcedureID")
        step = order.text(_STEP_ID)
        key = (accession, procedure, order.text("PatientID"), order.status)
        first = known.get(key)
        if (first is not None and order.place == first.first.place) or (
            first is not None and accession and procedure and step
        ):
            first.add(order, step)
        else:
            one = _Procedure(order, step)
            whole.append(one)
            if first is None or step:
                known[key] = one
    return [one.whole() for one in whole]


_STEP_ID: Final = "ScheduledProcedureStepID"
_PROTOCOL: Final = "ScheduledProtocolCodeSequence"


class _Procedure:
    """An order with what others say of further steps of its procedure, or of further protocols of one that is here."""

    def __init__(self, order: Order, step: str) -> None:
        """step: the ID of its first, or only, step; empty where it has none."""
        self.first = order
        self._further: list[Mapping[str, Said]] = []
        self._at: dict[str, int] = {step: 0}
        self._protocols: dict[int, tuple[Said, dict[str, Mapping[str, Any]]]] = {}
        """Of a step that others say something of: who says it first, and each once."""

    def add(self, other: Order, step: str) -> None:
        """Take a further step, or a further protocol of one that is here."""
        if step and step not in self._at:
            self._at[step] = len(self._further) + 1
            own = {name: said for name, said in other.said.items() if name in _step_attributes()}
            self._further.append(own)
            return
        said = other.said.get(_PROTOCOL)
        if said is None:
            return
        at = self._at[step] if step else 0
        if at not in self._protocols:
            before = self._said(at).get(_PROTOCOL, said)
            self._protocols[at] = before, {str(one): one for one in before.items}
        known = self._protocols[at][1]
        for one in said.items:
            known.setdefault(str(one), one)

    def _said(self, at: int) -> Mapping[str, Said]:
        return self._further[at - 1] if at else self.first.said

    def whole(self) -> Order:
        """The order with all of its steps, the first of which it says itself."""
        if not self._further and not self._protocols:
            return self.first
        says = [self.first.said, *self._further]
        for at, (said, known) in self._protocols.items():
            says[at] = {**says[at], _PROTOCOL: said._replace(items=list(known.values()))}
        return replace(self.first, said=says[0], steps=says[1:])


@cache
def _step_attributes() -> frozenset[str]:
    return frozenset(line.attribute for line in standard() if line.level == "step")
