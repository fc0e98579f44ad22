"""What has been ordered of the embedded PACS: worklist items by order, accession number and patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.elements import DamagedDatasetError, read_header
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.numbering import (
    NUMBERS,
    Authority,
    authority_of,
    key_of,
    meant,
    whole_key,
)
from scenario_runner.orders.worklist import (
    STEP,
    OrderFiles,
    file_name,
    items,
    number_of,
    said_in,
    said_of,
    unfit,
)
from scenario_runner.pacs.changed_patients import wanted_of
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from scenario_runner.orders.hl7.patient import PatientChange
    from scenario_runner.orders.order import Order, Said

_GONE: Final = ("cancelled", "discontinued", "completed", "held")
"""Not to be done, or not now; a released order (RL) comes back by what its message says."""


class RefusedError(Exception):
    """A message that is understood and cannot be done. path: the field that is at fault."""

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(text)
        self.path = path


@dataclass(frozen=True, slots=True)
class _Item:
    """What is known of an item without opening it."""

    accession: str
    patient_id: str
    issuer: str
    authority: Authority
    """Who gave the number of the order."""


class Ordered:
    """The worklist of orders that came by message. Used by one thread at a time."""

    def __init__(self, folder: Path, station: str) -> None:
        self._files = OrderFiles(folder)
        self._station = station
        self._known: dict[Path, _Item] | None = None
        self._accessions: dict[str, str] = {}
        """To the order that has it, by the name of its files."""
        self._numbers: dict[str, set[str]] = {}
        """The orders of one number, by the names of their files."""

    def take(self, orders: Sequence[Order], *, again: bool = False) -> None:
        """Do what orders say: all of a message, or none of it. Raises RefusedError, OSError.

        again: the message was perhaps done in part, when the process was killed before it was answered.
        """
        known = self._items()
        keys: dict[str, list[tuple[str, Authority]]] = {}
        accessions: dict[str, str] = {}
        leaving = {self._name(order) for order in orders if order.status in _GONE}
        for order in orders:
            self._check(order, known, leaving, again=again)
            key, accession = key_of(order), order.text("AccessionNumber")
            if order.status in _GONE:
                continue
            alike, authority = keys.setdefault(key, []), authority_of(order.said)
            if meant(authority, alike):
                raise RefusedError(f"order {_number(order)} is there twice", "ORC-2")
            if accession and accessions.setdefault(accession, whole_key(order)) != whole_key(order):
                raise _taken(accession)
            alike.append((key, authority))
        # What an order leaves may be what the next one takes: the replaced before its replacement.
        for order in sorted(orders, key=lambda one: one.status not in _GONE):
            if order.status in _GONE:
                for path in self._files.remove(self._name(order)):
                    self._forget(path)
            else:
                self._keep(order)

    def _check(
        self, order: Order, known: dict[Path, _Item], leaving: set[str], *, again: bool
    ) -> None:
        if not order.text("PatientID"):
            raise RefusedError("the order has no patient identifier", "PID-3")
        path, number = self._files.path(self._name(order)), _number(order)
        if order.status in _GONE:
            # A result of what was never ordered here is none of the worklist's business.
            if path not in known and order.status != "completed" and not again:
                raise RefusedError(f"there is no order {number}", "ORC-2")
            return
        if order.status == "new" and path in known and not again:
            raise RefusedError(f"order {number} is here already", "ORC-2")
        accession = order.text("AccessionNumber")
        if accession and self._accessions.get(accession, path.stem) not in {path.stem, *leaving}:
            raise _taken(accession)
        for keyword, why in unfit(order):
            where = order.said[keyword].where.path if keyword in order.said else ""
            raise RefusedError(why, where)

    def _keep(self, order: Order) -> None:
        name = self._name(order)
        here = self._files.path(name) in self._items()
        if here and order.status != "new":
            before = [said_of(path.read_bytes()) for path in self._files.steps(name)]
            order = _completed(order, before)
        contents = items(order, station=self._station)
        noted = _item(order.text, authority_of(order.said))
        for number, content in enumerate(contents):
            path = self._files.path(name, number)
            self._files.replace(path, content)
            self._forget(path)
            self._note(path, noted)
        for path in self._files.remove(name, beyond=len(contents)) if here else ():
            self._forget(path)

    def _name(self, order: Order) -> str:
        """What the files of an order are called, or would be. Raises RefusedError where it may be either of two."""
        known = self._items()
        ours, name = authority_of(order.said), file_name(whole_key(order))
        there = [
            (one, known[self._files.path(one)].authority)
            for one in sorted(self._numbers.get(number_of(name), ()))
        ]
        found = meant(ours, there)
        if len(found) > 1:
            whose = " and of ".join(sorted(str(who) for one, who in there if one in found))
            text = f"there is an order {_number(order)} of {whose}; the message does not say whose"
            raise RefusedError(text, "ORC-2")
        return found[0] if found else name

    def issuers(self, patient_id: str) -> set[str]:
        """Who has given this number to a patient, as far as orders say so."""
        known = self._items().values()
        return {one.issuer for one in known if one.patient_id == patient_id} - {""}

    def change(self, change: PatientChange) -> int:
        """Give the items of a patient what a message says; how many there are. Raises OSError."""
        who = change.before or (change.patient_id, change.issuer)
        count = 0
        for path, known in list(self._items().items()):
            if known.patient_id != who[0] or (who[1] and known.issuer not in ("", who[1])):
                continue
            content = path.read_bytes()
            meta = read_meta(content)
            data = content[meta.data_offset :]
            for keyword, value in wanted_of(change).items():
                data = altered(data, meta.transfer_syntax_uid, keyword, value)
            self._files.replace(path, content[: meta.data_offset] + data)
            issuer = change.issuer or known.issuer
            self._note(path, replace(known, patient_id=change.patient_id, issuer=issuer))
            count += 1
        return count

    def _items(self) -> dict[Path, _Item]:
        """All items; those of an earlier process are read once."""
        if self._known is None:
            self._known = {}
            for path in self._files:
                if (found := _read(path)) is not None:
                    self._note(path, found)
        return self._known

    def _note(self, path: Path, found: _Item) -> None:
        assert self._known is not None
        self._known[path] = found
        if "-" not in path.stem:
            self._numbers.setdefault(number_of(path.stem), set()).add(path.stem)
        if found.accession:
            self._accessions[found.accession] = _order_of(path)

    def _forget(self, path: Path) -> None:
        assert self._known is not None
        gone = self._known.pop(path, None)
        if gone is not None and self._accessions.get(gone.accession) == _order_of(path):
            del self._accessions[gone.accession]
        if "-" not in path.stem and (alike := self._numbers.get(number_of(path.stem))):
            alike.discard(path.stem)
            if not alike:
                del self._numbers[number_of(path.stem)]


def _number(order: Order) -> str:
    return key_of(order).partition(":")[2]


def _item(text: Callable[[str], str], authority: Authority) -> _Item:
    return _Item(text("AccessionNumber"), text("PatientID"), text("IssuerOfPatientID"), authority)


def _order_of(path: Path) -> str:
    """The name that all files of an order begin with."""
    return path.stem.partition("-")[0]


def _taken(accession: str) -> RefusedError:
    return RefusedError(f"accession number {accession} is another order's", "OBR-18")


def _completed(order: Order, before: Sequence[Mapping[str, Said]]) -> Order:
    """A change of an order that is here: what it does not say stays as it was (HL7 2.5.1 2.5.3).

    before: what each scheduled step of it says. A step that the message does not name stays, too.
    """
    if not before:
        return order
    told = [order.said, *order.steps]
    name = "ScheduledProcedureStepID"
    ids = [one[name].text if name in one else "" for one in before]
    steps: list[Mapping[str, Said]] = list(before)
    for one in told:
        said = one[name].text if name in one else ""
        if said in ids or not said:
            at = ids.index(said) if said in ids else 0
            steps[at] = {**steps[at], **one}
        else:
            ids.append(said)
            steps.append({**before[0], **order.said, **one})
    whole = {**before[0], **order.said}
    of_steps = [{key: step[key] for key in STEP if key in step} for step in steps]
    first = {key: said for key, said in whole.items() if key not in STEP}
    return replace(order, said={**first, **of_steps[0]}, steps=of_steps[1:])


def _read(path: Path) -> _Item | None:
    try:
        content = path.read_bytes()
        meta = read_meta(content)
        header = read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
    except (OSError, DamagedDatasetError):
        return None
    said = said_in(header, (*NUMBERS, "AccessionNumber", "PatientID", "IssuerOfPatientID"))
    return _item(lambda keyword: said[keyword].text if keyword in said else "", authority_of(said))
