"""What is known of the items of the worklist without opening them: numbers, patients, which order each is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.same_order import ATTRIBUTES, ByNumber, Numbers, Person, numbers_of
from scenario_runner.orders.worklist import held_name, is_held, order_name, said_in, step_name

if TYPE_CHECKING:
    from scenario_runner.orders.order import Said
    from scenario_runner.pacs.ordered_items import OrderedItems


_PERSON: Final = ("PatientID", "IssuerOfPatientID")
_KEYWORDS: Final = (*ATTRIBUTES, *_PERSON)


@dataclass(frozen=True, slots=True)
class Known:
    """Of one item. name: of its order."""

    name: str
    numbers: Numbers
    patient: Person


class KnownItems:
    """Items by name, those of orders that are held among them (``held_name``). Those of an earlier process are read once."""

    def __init__(self, kept: OrderedItems) -> None:
        self._of: dict[str, Known] = {}
        self._by_number: ByNumber[str] = ByNumber()
        for name in (*kept.names(), *map(held_name, kept.held())):
            try:
                said = said_in(kept.read(name) or b"", _KEYWORDS)
            except (OSError, DamagedDatasetError):
                continue
            self.note(name, said)

    def __contains__(self, name: str) -> bool:
        return name in self._of

    def __iter__(self) -> Iterator[tuple[str, Known]]:
        return iter(list(self._of.items()))

    def note(self, name: str, said: Mapping[str, Said]) -> None:
        """There is this item, which says that."""
        person = tuple(said[one].text if one in said else "" for one in _PERSON)
        known = Known(order_name(name), numbers_of(said), (person[0], person[1]))
        self._of[name] = known
        self._by_number.put(name, known.numbers)

    def forget(self, name: str) -> None:
        """There is no such item."""
        self._of.pop(name, None)
        self._by_number.drop(name)

    def patient_is(self, name: str, person: Person) -> None:
        """An item is of that patient from now on."""
        self._of[name] = replace(self._of[name], patient=person)

    def first(self, name: str) -> tuple[str, Known] | None:
        """The first item of an order that is there, or held."""
        for one in (name, held_name(name)):
            if one in self._of:
                return one, self._of[one]
        return None

    def orders(self, numbers: Numbers) -> dict[str, Numbers]:
        """The names of orders that these numbers may mean, and by what: numbers of an item of each that has them."""
        found: dict[str, Numbers] = {}
        for one in self._by_number.find(numbers):
            found.setdefault(self._of[one].name, self._of[one].numbers)
        return found

    def with_accession(self, accession: str) -> list[str]:
        """The names of orders of the worklist that have an accession number."""
        found = self._by_number.having("AccessionNumber", accession)
        return list(dict.fromkeys(self._of[one].name for one in found if not is_held(one)))

    def held_accessions(self, name: str) -> set[str]:
        """Accession numbers of an order that is held."""
        found, number = set[str](), 0
        while (known := self._of.get(held_name(step_name(name, number)))) is not None:
            accession = known.numbers.get("AccessionNumber")
            found |= set() if accession is None else {accession.text}
            number += 1
        return found

    def issuers(self, patient_id: str) -> set[str]:
        """Who has given this number to a patient, as far as items say so."""
        there = (one.patient for one in self._of.values())
        return {issuer for number, issuer in there if number == patient_id} - {""}
