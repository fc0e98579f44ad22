"""A feed as its last message leaves it: what came later of an order changes it, and is no order of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.numbering import FILLER, PLACER, authority_of
from scenario_runner.orders.order import Order, Said
from scenario_runner.orders.sources.patients import performed

_NUMBERS: Final = (PLACER, FILLER, "AccessionNumber")
"""What an order goes by, the first that both sides say."""
_PROCEDURE: Final = ("AccessionNumber", "RequestedProcedureID", "StudyInstanceUID")
"""What tells one procedure of an order from another."""
_GONE: Final = ("cancelled", "discontinued", "held")
_FOLLOWS: Final = ("changed", "in-progress", "completed", *_GONE)


@dataclass(slots=True)
class _Standing:
    """An order as it stands. held: it comes back with a message that changes it."""

    order: Order
    held: bool = False
    gone: bool = False


@dataclass(slots=True)
class Feed:
    """Orders of messages, in the order they came. Those that say so of one that came before change or withdraw it.

    It is the same order when its number (the placer's, else the filler's, else the accession number) and its patient are, and
    nobody else has given the number (HL7 2.5.1 4.5.1).
    """

    remarks: list[str] = field(default_factory=list)
    """What was withdrawn, or came back, in words."""
    _standing: list[_Standing] = field(default_factory=list)
    _known: dict[tuple[str, str, str], list[_Standing]] = field(default_factory=dict)

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
            for key in _keys(one.order):
                self._known.setdefault(key, []).append(one)

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
        who = authority_of(order.said)
        for key in _keys(order):
            above = _NUMBERS[
                : _NUMBERS.index(key[0])
            ]  # one that both say and that differs is another order's
            found = [
                one
                for one in self._known.get(key, ())
                if not one.gone
                and not any(_differ(order, one.order, name) for name in above)
                and not who.differs(authority_of(one.order.said))
                and not _differ(order, one.order, "IssuerOfPatientID")
            ]
            if found:
                return found
        return []

    def _follow(self, order: Order, meant: Sequence[_Standing]) -> None:
        for one in meant:
            if order.status in _GONE:
                one.held = order.status == "held"
                one.gone = not one.held
                self.remarks.append(f"{order.name}: {one.order.name} is {order.status}")
                continue
            if one.held:
                one.held = False
                self.remarks.append(f"{order.name}: {one.order.name} is released")
            one.order = _changed(one.order, order, alone=len(meant) == 1)
            for key in _keys(one.order):
                if one not in (known := self._known.setdefault(key, [])):
                    known.append(one)


def _keys(order: Order) -> list[tuple[str, str, str]]:
    patient = order.text("PatientID")
    return [(name, text, patient) for name in _NUMBERS if (text := order.text(name))]


def _of_procedure(order: Order, before: Sequence[_Standing]) -> list[_Standing]:
    """Those that all it says of a procedure fits; all where it says nothing of one."""
    names = [name for name in _PROCEDURE if name != "AccessionNumber" or not _is_number(order)]
    return [one for one in before if not any(_differ(order, one.order, name) for name in names)]


def _differ(one: Order, other: Order, name: str) -> bool:
    ours, theirs = one.text(name), other.text(name)
    return bool(ours and theirs) and ours != theirs


def _is_number(order: Order) -> bool:
    """Whether the accession number is a number of the order: it may be read from there for want of one."""
    return order.text("AccessionNumber") in (order.text(PLACER), order.text(FILLER))


def _changed(before: Order, after: Order, *, alone: bool) -> Order:
    """An order with what a later message says of it; what that does not say stays (HL7 2.5.1 2.5.3)."""
    said: dict[str, Said] = dict(after.said)
    if before.text("AccessionNumber") and _is_number(after):
        said.pop("AccessionNumber", None)
    for name in () if alone else _PROCEDURE:  # each of several keeps its own
        said.pop(name, None)
    return replace(
        before,
        status=after.status,
        said={**before.said, **said},
        steps=after.steps or before.steps,
        other_ids=after.other_ids or before.other_ids,
        remarks=list(dict.fromkeys((*before.remarks, *after.remarks))),
        unsaid={} if "Modality" in said else before.unsaid,
    )
