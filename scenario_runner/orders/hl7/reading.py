"""Orders of a message: each order group an order of its own, by the mapping table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scenario_runner.orders.hl7.compiled import Compiled, compiled
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.groups import Group, by_procedure, divided
from scenario_runner.orders.hl7.mapping import Line, standard
from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment, by_name
from scenario_runner.orders.hl7.order_status import control, status
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.hl7.saying import all_said
from scenario_runner.orders.order import Identifier, Order, Said

KINDS: Final = ("ORM^O01", "OMI^O23", "OMG^O19", "ORU^R01")
"""Messages that hold orders, or results of them."""
_READ: Final = frozenset(
    (
        "MSH", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "TQ1", "IPC", "ZDS", "EVN", "PD1", "PV2",
        "NK1", "AL1", "DG1", "GT1", "IN1", "FHS", "BHS", "BTS", "FTS", "SFT", "UAC",
    )
)  # fmt: skip
"""Segments that are read, or that say nothing of the order itself; others are told."""

_EARLIER: Final = "PR"
"""ORC-1 of what was done before, which an OMG or OMI may repeat beside the order (HL7 2.5.1 4.4.6, table 0119)."""


def orders(message: Message, lines: Sequence[Line] = ()) -> list[Order]:
    """The orders of a message, in order. lines: the mapping; the one that ships by default.

    Raises Hl7Error for a message of another type, one without an order or a patient, and for values
    that no attribute can hold.
    """
    if message.kind not in KINDS:
        known = ", ".join(KINDS)
        raise Hl7Error(
            f"{message.kind} holds no order", message.where("MSH-9"), hint=f"orders come in {known}"
        )
    names = {one.name for one in message.segments}
    if "PID" not in names:
        raise Hl7Error(
            "there is no PID, so nobody knows whose order it is",
            message.where_line(1),
            hint=message.run_together(),
        )
    groups = divided(message)
    if not groups:
        raise Hl7Error(
            "there is no ORC and no OBR, so nothing is ordered",
            message.where_line(1),
            hint=message.run_together(),
        )
    table = compiled(lines or standard(), message)
    replaced = any(control(group.orc) == "RO" for group in groups)
    ignored = names - _READ
    remarks = [*message.remarks, *([f"not read: {', '.join(sorted(ignored))}"] if ignored else ())]
    wanted = [group for group in groups if control(group.orc) != _EARLIER]
    if len(wanted) < len(groups):
        remarks.append(
            f"left aside: results of before that the order comes with (ORC-1 {_EARLIER})"
        )
    alone = groups[-1].number == 1
    found = [
        _order(message, group, table, remarks, alone=alone, replaced=replaced) for group in wanted
    ]
    return by_procedure(found) if len(found) > 1 else found


def _order(
    message: Message,
    group: Group,
    table: Compiled,
    remarks: Sequence[str],
    *,
    alone: bool,
    replaced: bool,
) -> Order:
    told = list(remarks)
    segments = group.all()
    named = by_name(segments)
    named["MSH"] = [message.segments[0]]  # who sent it and when is of each of its orders
    said = all_said(message, segments, named, table, told)
    name = message.label + ("" if alone else f", order {group.number}")
    first = group.segments[0]
    becomes = status(message, group.orc, replaced=replaced)
    if becomes == "unknown":
        told.append(
            f"ORC-1 '{control(group.orc)}' is no order control that is known; it is taken as a new order"
        )
    return Order(
        name=name,
        place=(message.where_line, first.line, first.name),
        status=becomes,
        said=said,
        other_ids=_identifiers(message, (named.get("PID") or message.all("PID"))[0], said),
        remarks=told,
        unsaid={} if "Modality" in said else table.where_unsaid("Modality", message, named),
    )


def _identifiers(message: Message, pid: Segment, said: Mapping[str, Said]) -> list[Identifier]:
    """All of PID-3 but the patient's own."""
    mark = message.delimiters.repetition
    if not mark or mark not in pid.raw(3):
        return []
    own = said["PatientID"].text if "PatientID" in said else ""
    issuer_said = said["IssuerOfPatientID"].text if "IssuerOfPatientID" in said else ""
    found: list[Identifier] = []
    for repetition in range(1, message.repetitions(pid, 3) + 1):
        at = Path("PID", 3, repetition=repetition)
        number = message.value(pid, at._replace(component=1, subcomponent=1)).strip()
        issuer = message.value(pid, at._replace(component=4, subcomponent=1)).strip()
        if number and number != CLEAR and (number, issuer) != (own, issuer_said):
            kind = message.value(pid, at._replace(component=5))
            found.append(Identifier(number, issuer, kind, message.where(at, pid)))
    return found
