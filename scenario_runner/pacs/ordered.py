"""What has been ordered of the embedded PACS: worklist items by order, accession number and patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.dicom.elements import DamagedDatasetError, read_header
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.numbering import (
    NUMBERS,
    Authority,
    authority_of,
    key_of,
    meant,
    with_authority,
)
from scenario_runner.orders.worklist import (
    file_name,
    held_name,
    items,
    number_of,
    order_name,
    said_in,
    said_of,
    step_name,
    unfit,
)
from scenario_runner.pacs.changed_orders import (
    completed,
    is_further,
    other_procedures,
    with_studies,
)
from scenario_runner.pacs.changed_patients import wanted_of
from scenario_runner.pacs.order_journal import Record
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from scenario_runner.orders.hl7.patient import PatientChange
    from scenario_runner.orders.order import Order, Said
    from scenario_runner.pacs.ordered_items import OrderedItems

_GONE: Final = ("cancelled", "discontinued", "completed", "held")
"""Not to be done, or not now; a released order (RL) comes back as it was held, with what its message says."""


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


class _Named(NamedTuple):
    """An order, and what it goes by."""

    order: Order
    name: str
    """Of its item, and of those of its further steps."""
    key: str
    whole_key: str
    authority: Authority
    further: list[Order]
    """Other procedures of the same order, as the IPC of an OMI have them, or the OBR of an ORM."""


class Ordered:
    """The worklist of orders that came by message. Used by one thread at a time.

    What a message asks for counts once it is kept: all of it, or none.
    """

    def __init__(
        self,
        kept: OrderedItems,
        station: str,
        stays: Callable[[str, str], Mapping[str, str]] = lambda *_: {},
    ) -> None:
        """stays: what is said of who a patient, by number and issuer, was merged into."""
        self._kept = kept
        self._stays = stays
        self._changes: dict[str, bytes | None] = {}
        """By the message that is being done."""
        self._station = station
        self._known: dict[str, _Item] | None = None
        """By the name of the item."""
        self._accessions: dict[str, str] = {}
        """To the name of the order that has it."""
        self._numbers: dict[str, set[str]] = {}
        """The names of the orders of one number."""
        self._holding: set[str] = set()
        """The names of the orders that are held."""

    def keep(self, key: str, digest: str, answers: Sequence[bytes]) -> None:
        """Keep what the message has changed, and that it was answered so. Raises OSError, and nothing is kept."""
        changes, self._changes = self._changes, {}
        try:
            self._kept.keep(Record(key, digest, answers, changes))
        except BaseException:
            self._read_anew()
            raise

    def drop(self) -> None:
        """Leave all as it was before the message."""
        if self._changes:
            self._changes = {}
            self._read_anew()

    def _read_anew(self) -> None:
        self._known = None
        self._accessions.clear()
        self._numbers.clear()

    def take(self, orders: Sequence[Order]) -> None:
        """Do what orders say. Raises RefusedError, OSError."""
        keys: dict[str, list[_Named]] = {}
        accessions: dict[str, str] = {}
        named = [self._named(order) for order in orders]
        leaving = {one.name for one in named if one.order.status in _GONE}
        for one in named:
            order = one.order
            self._check(one, leaving)
            if order.status in _GONE:
                continue
            alike = keys.setdefault(one.key, [])
            accession = order.text("AccessionNumber")
            if accession and accessions.setdefault(accession, one.whole_key) != one.whole_key:
                raise _taken(accession)
            first = next((each for each in alike if _holds(each, one)), None)
            if first is not None:
                first.further.append(order)
                continue
            if meant(one.authority, [(each.key, each.authority) for each in alike]):
                raise RefusedError(f"order {_number(order)} is there twice", "ORC-2")
            alike.append(one)
        # What an order leaves may be what the next one takes: the replaced before its replacement.
        for one in named:
            if one.order.status in _GONE:
                self._leave(one)
        for one in (each for alike in keys.values() for each in alike):
            now = self._named(one.order) if leaving else one
            self._keep(now._replace(further=one.further))

    def _leave(self, named: _Named) -> None:
        """Take an order off the worklist; of its procedures only those that the message names, unless it is held."""
        order, name = named.order, named.name
        there, held = [*self._steps(name)], self._held(name)
        if order.status == "held":
            self._hold(name, there or held)
            self._remove(name)
            return
        rest = [(content, said_of(content)) for content in other_procedures(order, there)]
        # A result may say less of whose the number is than the order that is here.
        authority = authority_of(rest[0][1]) if rest else named.authority
        self._put(name, rest, authority)
        self._hold(name, other_procedures(order, held))

    def _check(self, named: _Named, leaving: set[str]) -> None:
        order, name = named.order, named.name
        if not order.text("PatientID"):
            raise RefusedError("the order has no patient identifier", "PID-3")
        if order.status == "unknown":
            raise RefusedError("it is not known here what that does to an order", "ORC-1")
        known = self._items()
        if order.status in _GONE:
            # A result of what was never ordered here is none of the worklist's business.
            if name not in known and order.status != "completed" and not self._held(name):
                raise RefusedError(f"there is no order {_number(order)}", "ORC-2")
            if order.status != "completed" and name in known:
                self._require_patient(order, known[name].patient_id)
            return
        if order.status == "new" and name in known and not self._is_gone(name):
            raise RefusedError(f"order {_number(order)} is here already", "ORC-2")
        accession = order.text("AccessionNumber")
        theirs = self._accessions.get(accession, name)
        if theirs not in {name, *leaving} and not self._is_gone(theirs):
            raise _taken(accession)
        for keyword, why in unfit(order):
            where = order.said[keyword].where.path if keyword in order.said else ""
            raise RefusedError(why, where)

    def _require_patient(self, order: Order, patient_id: str) -> None:
        """Refuse to take an order away in the name of a patient whose it is not, nor was before a merge."""
        given = order.text("PatientID")
        theirs = {given, *(one.id for one in order.other_ids)}
        theirs.add(self._stays(given, order.text("IssuerOfPatientID")).get("PatientID", given))
        if patient_id and patient_id not in theirs:
            text = f"order {_number(order)} is of patient {patient_id}, and none of {given}"
            raise RefusedError(text, "PID-3")

    def _is_gone(self, name: str) -> bool:
        """Whether somebody has taken the item of an order away by hand; then there is no such order any more."""
        if name not in self._items() or self._content(name) is not None:
            return False
        self._remove(name)
        return True

    def _keep(self, named: _Named) -> None:
        order, name = named.order, named.name
        here = name in self._items()
        before = [*self._steps(name)] if here else self._held(name)
        # A change may say less of whose the number is than the order that is here.
        authority = authority_of(order.said) if before else named.authority
        whole = [order, *named.further]
        if order.status == "new":
            whole = with_studies(whole)
        else:
            whole = completed(whole, [said_of(content) for content in before])
            authority = authority_of(whole[0].said) if before else authority
        self._put(
            name,
            [(content, one.said) for one in whole for content in items(one, station=self._station)],
            authority,
        )
        self._hold(name, [])

    def _put(
        self, name: str, contents: Sequence[tuple[bytes, Mapping[str, Said]]], authority: Authority
    ) -> None:
        """Let an order have these items and no others. contents: each with what it says."""
        here = name in self._items()
        for number, (content, said) in enumerate(contents):
            step = step_name(name, number)
            self._changes[step] = content
            self._forget(step)
            self._note(step, _item(said, authority))
        if here:
            self._remove(name, beyond=len(contents))

    def _remove(self, name: str, beyond: int = 0) -> None:
        """Take the items of an order away from that step on."""
        known, number = self._items(), beyond
        while (step := step_name(name, number)) in known:
            self._changes[step] = None
            self._forget(step)
            number += 1

    def _steps(
        self, name: str, called: Callable[[str], str] = lambda step: step
    ) -> Iterator[bytes]:
        """The items of an order, one for each scheduled step. called: by the name of each, what to look under."""
        number = 0
        while (content := self._content(called(step_name(name, number)))) is not None:
            yield content
            number += 1

    def _held(self, name: str) -> list[bytes]:
        """What the items of an order were when it was held."""
        self._items()
        return [*self._steps(name, held_name)] if name in self._holding else []

    def _hold(self, name: str, contents: Sequence[bytes]) -> None:
        """Keep these beside the worklist until the order is released; no others of it."""
        for number in range(max(len(contents), len(self._held(name)))):
            content = contents[number] if number < len(contents) else None
            self._changes[held_name(step_name(name, number))] = content
        (self._holding.add if contents else self._holding.discard)(name)

    def _content(self, name: str) -> bytes | None:
        return self._changes[name] if name in self._changes else self._kept.read(name)

    def _named(self, order: Order) -> _Named:
        """An order and what its items are called, or would be. Raises RefusedError where it may be either of two."""
        known = self._items()
        ours, key = authority_of(order.said), key_of(order)
        whole = with_authority(key, ours)
        name = file_name(whole)
        there = [
            (one, known[one].authority) for one in sorted(self._numbers.get(number_of(name), ()))
        ]
        found = meant(ours, there)
        if len(found) > 1:
            whose = " and of ".join(sorted(str(who) for one, who in there if one in found))
            text = f"there is an order {_number(order)} of {whose}; the message does not say whose"
            raise RefusedError(text, "ORC-2")
        return _Named(order, found[0] if found else name, key, whole, ours, [])

    def issuers(self, patient_id: str) -> set[str]:
        """Who has given this number to a patient, as far as orders say so."""
        known = self._items().values()
        return {one.issuer for one in known if one.patient_id == patient_id} - {""}

    def change(self, change: PatientChange) -> int:
        """Give the items of a patient what a message says; how many there are. Raises OSError."""
        who = change.before or (change.patient_id, change.issuer)
        count = 0
        for name, known in list(self._items().items()):
            if known.patient_id != who[0] or (who[1] and known.issuer not in ("", who[1])):
                continue
            content = self._content(name)
            if content is None:
                continue
            meta = read_meta(content)
            data = content[meta.data_offset :]
            for keyword, value in wanted_of(change).items():
                data = altered(data, meta.transfer_syntax_uid, keyword, value)
            self._changes[name] = content[: meta.data_offset] + data
            issuer = change.issuer or known.issuer
            self._note(name, replace(known, patient_id=change.patient_id, issuer=issuer))
            count += 1
        return count

    def _items(self) -> dict[str, _Item]:
        """All items; those of an earlier process are read once."""
        if self._known is None:
            self._known = {}
            for name in self._kept.names():
                if (found := _read(self._kept, name)) is not None:
                    self._note(name, found)
            self._holding = {order_name(name) for name in self._kept.held()}
        return self._known

    def _note(self, name: str, found: _Item) -> None:
        assert self._known is not None
        self._known[name] = found
        order = order_name(name)
        if order == name:
            self._numbers.setdefault(number_of(name), set()).add(name)
        if found.accession:
            self._accessions[found.accession] = order

    def _forget(self, name: str) -> None:
        assert self._known is not None
        gone = self._known.pop(name, None)
        if gone is None:
            return
        order = order_name(name)
        if self._accessions.get(gone.accession) == order:
            del self._accessions[gone.accession]
        if order == name and (alike := self._numbers.get(number_of(name))):
            alike.discard(name)
            if not alike:
                del self._numbers[number_of(name)]


def _holds(first: _Named, other: _Named) -> bool:
    """Whether a further order of a message is a procedure of one before it: of one OBR, or of another one that names it so."""
    if first.order.place == other.order.place:
        return True
    same = first.whole_key == other.whole_key and first.order.status == other.order.status
    patients = {one.order.text("PatientID") for one in (first, other)}
    return same and len(patients) == 1 and is_further(other.order, [first.order, *first.further])


def _number(order: Order) -> str:
    return key_of(order).partition(":")[2]


def _item(said: Mapping[str, Said], authority: Authority) -> _Item:
    names = ("AccessionNumber", "PatientID", "IssuerOfPatientID")
    accession, patient_id, issuer = (said[one].text if one in said else "" for one in names)
    return _Item(accession, patient_id, issuer, authority)


def _taken(accession: str) -> RefusedError:
    return RefusedError(f"accession number {accession} is another order's", "OBR-18")


def _read(kept: OrderedItems, name: str) -> _Item | None:
    try:
        content = kept.read(name) or b""
        meta = read_meta(content)
        header = read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
    except (OSError, DamagedDatasetError):
        return None
    said = said_in(header, (*NUMBERS, "AccessionNumber", "PatientID", "IssuerOfPatientID"))
    return _item(said, authority_of(said))
