"""A feed as its last message leaves it: what came later of an order changes it, and is no order of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.numbering import is_number
from scenario_runner.orders.order import Order, Said
from scenario_runner.orders.same_order import ByNumber, numbers_of, patients_of, same_patient
from scenario_runner.orders.sources.patients import NOT_DONE, performed
from scenario_runner.orders.worklist_item import STEP

_PROCEDURE: Final = ("AccessionNumber", "RequestedProcedureID", "StudyInstanceUID")
"""What tells one procedure of an order from another."""
_STEP_ID: Final = "ScheduledProcedureStepID"
_FOLLOWS: Final = ("changed", "in-progress", "completed", *NOT_DONE)


@dataclass(slots=True, eq=False)
class _Standing:
    """An order as it stands. held: it comes back with a message that changes it."""

    order: Order
    held: bool = False
    gone: bool = False


@dataclass(slots=True)
class Feed:
    """Orders of messages, in the order they came. Those that say so of one that came before change or withdraw it.

    It is the same order as ``same_order`` has it, of the same patient.
    """

    remarks: list[str] = field(default_factory=list)
    """What was withdrawn, or came back, in words."""
    _standing: list[_Standing] = field(default_factory=list)
    _known: ByNumber[_Standing] = field(default_factory=ByNumber)

    def take(self, orders: Iterable[Order]) -> None:
        """The orders of a further message."""
        found = [(order, self._before(order)) for order in orders]
        exact = [_of_procedure(order, before) for order, before in found]
        claimed = {id(one) for some in exact for one in some}
        added = []
        for (order, before), some in zip(found, exact, strict=True):
            meant = some
            if not meant and order.status == "changed" and len(before) == 1:
                # It gets another accession number, unless the message says something else of it.
                meant = [one for one in before if id(one) not in claimed]
                claimed |= {id(one) for one in meant}
            if meant:
                self._follow(order, meant)
            else:
                added.append(_Standing(order))
        for one in added:
            self._standing.append(one)
            self._note(one)

    def wanted(self) -> list[Order]:
        """Those that are to be performed."""
        standing = (one.order for one in self._standing if not (one.gone or one.held))
        return performed(standing)

    def __len__(self) -> int:
        return len(self._standing)

    def _before(self, order: Order) -> list[_Standing]:
        """What came before of the same order."""
        if order.status not in _FOLLOWS:
            return []
        ours = patients_of(order)

        def fits(one: _Standing) -> bool:
            return same_patient(ours, patients_of(one.order))

        return self._known.find(numbers_of(order.said), [number for number, _ in ours], fits)

    def _follow(self, order: Order, meant: Sequence[_Standing]) -> None:
        for one in meant:
            if order.status in NOT_DONE:
                one.held = order.status == "held"
                one.gone = not one.held
                if one.gone:
                    self._known.drop(one)
                self.remarks.append(f"{order.name}: {one.order.name} is {order.status}")
                continue
            if one.held:
                one.held = False
                self.remarks.append(f"{order.name}: {one.order.name} is released")
            one.order = _changed(one.order, order, alone=len(meant) == 1)
            self._note(one)

    def _note(self, one: _Standing) -> None:
        numbers = [number for number, _ in patients_of(one.order)]
        self._known.put(one, numbers_of(one.order.said), numbers)


def _of_procedure(order: Order, before: Sequence[_Standing]) -> list[_Standing]:
    """Those that all it says of a procedure fits; all where it says nothing of one."""
    names = [name for name in _PROCEDURE if name != "AccessionNumber" or not is_number(order.said)]
    return [one for one in before if not any(_differ(order, one.order, name) for name in names)]


def _differ(one: Order, other: Order, name: str) -> bool:
    ours, theirs = one.text(name), other.text(name)
    return bool(ours and theirs) and ours != theirs


def _changed(before: Order, after: Order, *, alone: bool) -> Order:
    """An order with what a later message says of it; what that does not say stays (HL7 2.5.1 2.5.3)."""
    said: dict[str, Said] = dict(after.said)
    if before.text("AccessionNumber") and is_number(after.said):
        said.pop("AccessionNumber", None)
    for name in () if alone else _PROCEDURE:  # each of several keeps its own
        said.pop(name, None)
    # Who is named by another of the patient's numbers keeps the first.
    renamed = _differ(after, before, "PatientID")
    for name in ("PatientID", "IssuerOfPatientID") if renamed else ():
        said.pop(name, None)
    return replace(
        before,
        status=after.status,
        said={**before.said, **said},
        steps=_further_steps(before, after),
        other_ids=(() if renamed else after.other_ids) or before.other_ids,
        remarks=list(dict.fromkeys((*before.remarks, *after.remarks))),
        unsaid={} if "Modality" in said else before.unsaid,
    )


def _further_steps(before: Order, after: Order) -> Sequence[Mapping[str, Said]]:
    """Beside the step that a change names, if it does: all others, but those of a procedure that it puts another one for."""
    named = after.text(_STEP_ID)
    if after.steps or not named:
        return after.steps or before.steps
    if _differ(after, before, "RequestedProcedureID"):
        return ()
    first = {name: before.said[name] for name in STEP if name in before.said}
    # The one that is named comes to the front, so what stood there takes its place.
    return [first if one[_STEP_ID].text == named else one for one in before.steps]
