"""What has been ordered of the embedded PACS: worklist items by order, accession number and patient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.dicom.part10 import read_meta
from scenario_runner.orders.numbering import FILLER, key_of, whole_key
from scenario_runner.orders.same_order import (
    ByNumber,
    Numbers,
    numbers_of,
    patients_of,
    same_patient,
)
from scenario_runner.orders.worklist import (
    file_name,
    held_name,
    items,
    other_ids_of,
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
from scenario_runner.pacs.known_items import KnownItems
from scenario_runner.pacs.order_journal import Record
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from scenario_runner.orders.hl7.patient import PatientChange
    from scenario_runner.orders.order import Order, Said
    from scenario_runner.pacs.ordered_items import OrderedItems

_GONE: Final = ("cancelled", "discontinued", "completed", "held")
"""Not to be done, or not now; a released order (RL) comes back as it was held, with what its message says."""


class RefusedError(Exception):
    """A message that is understood and cannot be done. path: the field that is at fault. condition: of HL7 table 0357."""

    def __init__(self, text: str, path: str = "", condition: str = "") -> None:
        super().__init__(text)
        self.path = path
        self.condition = condition


_MISSING, _TYPE, _VALUE, _UNKNOWN, _TWICE = "101", "102", "103", "204", "205"
"""HL7 table 0357: a required field is missing, a wrong type, no value of the table, a key that is unknown, or there already."""


class _Named(NamedTuple):
    """An order, and what it goes by."""

    order: Order
    name: str
    """Of its item, and of those of its further steps."""
    numbers: Numbers
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
        self._known: KnownItems | None = None

    def keep(self, key: str, digest: str, answers: Sequence[bytes]) -> None:
        """Keep what the message has changed, and that it was answered so. Raises OSError, and nothing is kept."""
        changes, self._changes = self._changes, {}
        try:
            self._kept.keep(Record(key, digest, answers, changes))
        except BaseException:
            self._known = None
            raise

    def drop(self) -> None:
        """Leave all as it was before the message."""
        if self._changes:
            self._changes = {}
            self._known = None

    def take(self, orders: Sequence[Order]) -> None:
        """Do what orders say. Raises RefusedError, OSError."""
        there: ByNumber[int] = ByNumber()
        owners: list[int] = []
        wanted: list[_Named] = []
        named = [self._named(order) for order in orders]
        leaving = {one.name for one in named if one.order.status in _GONE}
        for one in named:
            order = one.order
            self._check(one, leaving)
            if order.status in _GONE:
                continue
            alike = {owners[each] for each in there.find(one.numbers)}
            if not one.numbers:  # then it goes by what its item is called
                alike = {each for each, other in enumerate(wanted) if other.name == one.name}
            accession = order.text("AccessionNumber")
            if {owners[each] for each in there.having("AccessionNumber", accession)} - alike:
                raise _taken(accession)
            owner = next((each for each in alike if _holds(wanted[each], one)), len(wanted))
            if owner < len(wanted):
                wanted[owner].further.append(order)
            elif alike:
                raise RefusedError(f"order {_number(order)} is there twice", "ORC-2", _TWICE)
            else:
                wanted.append(one)
            there.put(len(owners), one.numbers)
            owners.append(owner)
        # What an order leaves may be what the next one takes: the replaced before its replacement.
        for one in named:
            if one.order.status in _GONE:
                self._leave(one)
        for one in wanted:
            now = self._named(one.order) if leaving else one
            self._keep(now._replace(further=one.further))

    def _leave(self, named: _Named) -> None:
        """Take an order off the worklist; of its procedures only those that the message names, unless it is held."""
        order, name = named.order, named.name
        if order.status == "completed" and not self._is_theirs(named):
            return  # a result of what was never ordered here
        there, held = [*self._steps(name)], self._held(name)
        if order.status == "held":
            self._hold(name, there or held)
            self._remove(name)
            return
        rest = other_procedures(order, there)
        self._put(name, [(content, said_of(content)) for content in rest])
        self._hold(name, other_procedures(order, held))

    def _check(self, named: _Named, leaving: set[str]) -> None:
        order, name = named.order, named.name
        if not order.text("PatientID"):
            raise RefusedError("the order has no patient identifier", "PID-3", _MISSING)
        if order.status == "unknown":
            raise RefusedError("it is not known here what that does to an order", "ORC-1", _VALUE)
        known = self._items()
        if order.status in _GONE:
            # A result of what was never ordered here is none of the worklist's business.
            if order.status != "completed":
                if known.first(name) is None:
                    raise RefusedError(f"there is no order {_number(order)}", "ORC-2", _UNKNOWN)
                self._require_patient(named)
            return
        if order.status == "new" and name in known and not self._is_gone(name):
            raise self._here_already(named)
        if order.status != "new":
            self._require_patient(named)
        self._require_accession(named, leaving)
        for keyword, why in unfit(order):
            where = order.said[keyword].where.path if keyword in order.said else ""
            raise RefusedError(why, where, _TYPE)

    def _require_accession(self, named: _Named, leaving: set[str]) -> None:
        """Refuse an accession number of another order, unless that leaves with the same message."""
        order, name, known = named.order, named.name, self._items()
        accessions = {order.text("AccessionNumber")}
        if order.status != "new" and name not in known:
            # What is released comes back with those that it had, which others may have got meanwhile.
            accessions |= known.held_accessions(name)
        for accession in sorted(accessions):
            for theirs in known.with_accession(accession):
                if theirs not in {name, *leaving} and not self._is_gone(theirs):
                    raise _taken(accession)

    def _here_already(self, named: _Named) -> RefusedError:
        """By the number that both have."""
        there = self._items().first(named.name)
        theirs = there[1].numbers if there is not None else {}
        for keyword, number in named.numbers.items():
            if keyword not in theirs or number.differs(theirs[keyword]):
                continue
            if keyword == "AccessionNumber" and len(named.numbers) > 1:
                return _taken(number.text)
            path = "ORC-3" if keyword == FILLER else "ORC-2"
            return RefusedError(f"order {number.text} is here already", path, _TWICE)
        return RefusedError(f"order {_number(named.order)} is here already", "ORC-2", _TWICE)

    def _require_patient(self, named: _Named) -> None:
        """Refuse to change an order in the name of a patient whose it is not, nor was before a merge."""
        if self._is_theirs(named):
            return
        order, there = named.order, self._items().first(named.name)
        whose = there[1].patient if there is not None else ("", "")
        given = order.text("PatientID"), order.text("IssuerOfPatientID")
        if given[0] == whose[0]:  # then it is the issuer that tells them apart
            given, whose = (f"{given[0]} of {given[1]}", ""), (f"{whose[0]} of {whose[1]}", "")
        text = f"order {_number(order)} is of patient {whose[0]}, and none of {given[0]}"
        raise RefusedError(text, "PID-3", _UNKNOWN)

    def _is_theirs(self, named: _Named) -> bool:
        """Whether an order that is here is of the patient whom the message names, or nobody knows whose it is."""
        there = self._items().first(named.name)
        if there is None or not there[1].patient[0]:
            return True
        ours = patients_of(named.order)
        for number, issuer in list(ours):
            if after := self._stays(number, issuer):
                ours.append((after.get("PatientID", ""), after.get("IssuerOfPatientID", "")))
        if same_patient(ours, [there[1].patient]):
            return True
        content = self._content(there[0])
        return content is not None and same_patient(ours, other_ids_of(said_of(content)))

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
        whole = [order, *named.further]
        if order.status == "new":
            whole = with_studies(whole)
        else:
            told = [said_of(content) for content in before]
            whole = completed([self._of_who_stays(one, told) for one in whole], told)
        self._put(
            name,
            [(content, one.said) for one in whole for content in items(one, station=self._station)],
        )
        self._hold(name, [])

    def _of_who_stays(self, order: Order, before: Sequence[Mapping[str, Said]]) -> Order:
        """A change of an order, without what it says of a number that its patient does not go by first, or had before a merge."""
        given = order.text("PatientID")
        if not before or before[0].get("PatientID", order.said["PatientID"]).text == given:
            return order
        gone = {"PatientID", "IssuerOfPatientID"}
        gone |= self._stays(given, order.text("IssuerOfPatientID")).keys()
        said = {keyword: one for keyword, one in order.said.items() if keyword not in gone}
        return replace(order, said=said, other_ids=())

    def _put(self, name: str, contents: Sequence[tuple[bytes, Mapping[str, Said]]]) -> None:
        """Let an order have these items and no others. contents: each with what it says."""
        known = self._items()
        here = name in known
        for number, (content, said) in enumerate(contents):
            step = step_name(name, number)
            self._changes[step] = content
            known.note(step, said)
        if here:
            self._remove(name, beyond=len(contents))

    def _remove(self, name: str, beyond: int = 0) -> None:
        """Take the items of an order away from that step on."""
        known, number = self._items(), beyond
        while (step := step_name(name, number)) in known:
            self._changes[step] = None
            known.forget(step)
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
        return [*self._steps(name, held_name)] if held_name(name) in self._items() else []

    def _hold(self, name: str, contents: Sequence[bytes]) -> None:
        """Keep these beside the worklist until the order is released; no others of it."""
        known = self._items()
        for number in range(max(len(contents), len(self._held(name)))):
            held = held_name(step_name(name, number))
            self._changes[held] = contents[number] if number < len(contents) else None
            if number < len(contents):
                known.note(held, said_of(contents[number]))
            else:
                known.forget(held)

    def _content(self, name: str) -> bytes | None:
        return self._changes[name] if name in self._changes else self._kept.read(name)

    def _named(self, order: Order) -> _Named:
        """An order and what its items are called, or would be. Raises RefusedError where it may be either of two."""
        known = self._items()
        ours = numbers_of(order.said)
        found = known.orders(ours)
        if len(found) > 1:
            raise _either(ours, [*found.values()])
        name = next(iter(found), "") or file_name(whole_key(order))
        while ours and not found and known.first(name) is not None:
            name = file_name(name)  # of an order that has another number by now
        return _Named(order, name, ours, [])

    def issuers(self, patient_id: str) -> set[str]:
        """Who has given this number to a patient, as far as orders say so."""
        return self._items().issuers(patient_id)

    def change(self, change: PatientChange) -> int:
        """Give the items of a patient what a message says; how many there are. Raises OSError."""
        who = change.before or (change.patient_id, change.issuer)
        items = self._items()
        count = 0
        for name, known in items:
            number, issuer = known.patient
            if number != who[0] or (who[1] and issuer not in ("", who[1])):
                continue
            content = self._content(name)
            if content is None:
                continue
            meta = read_meta(content)
            data = content[meta.data_offset :]
            for keyword, value in wanted_of(change).items():
                data = altered(data, meta.transfer_syntax_uid, keyword, value)
            self._changes[name] = content[: meta.data_offset] + data
            items.patient_is(name, (change.patient_id, change.issuer or issuer))
            count += 1
        return count

    def _items(self) -> KnownItems:
        if self._known is None:
            self._known = KnownItems(self._kept)
        return self._known


def _holds(first: _Named, other: _Named) -> bool:
    """Whether a further order of a message is a procedure of one before it: of one OBR, or of another one that names it so."""
    if first.order.place == other.order.place:
        return True
    same = whole_key(first.order) == whole_key(other.order)
    same = same and first.order.status == other.order.status
    patients = {one.order.text("PatientID") for one in (first, other)}
    return same and len(patients) == 1 and is_further(other.order, [first.order, *first.further])


def _number(order: Order) -> str:
    return key_of(order).partition(":")[2]


def _taken(accession: str) -> RefusedError:
    return RefusedError(f"accession number {accession} is another order's", "OBR-18", _TWICE)


def _either(ours: Numbers, there: Sequence[Numbers]) -> RefusedError:
    """Two or more orders have the number that a message names, and it does not say whose that is."""
    keyword = next(one for one in ours if all(one in theirs for theirs in there))
    givers = {str(theirs[keyword].giver) for theirs in there}
    if "" in givers or len(givers) < len(there):  # told apart by what else they go by
        givers = {next(iter(theirs.values())).text for theirs in there}
    whose = " and of ".join(sorted(givers))
    text = f"there is an order {ours[keyword].text} of {whose}; the message does not say whose"
    return RefusedError(text, "ORC-2", _UNKNOWN)
