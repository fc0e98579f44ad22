"""Whether two messages are about one order: for the embedded PACS and for a feed that is read at once.

It is the same order when its number is: the placer's, else the filler's, else the accession number, the first that both
sides say, unless both say a higher one and these differ, or both name who gave it and that is somebody else
(HL7 2.5.1 4.5.1). Whose order it is has to fit as well; what becomes of one that is another patient's is up to who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from scenario_runner.dicom.forms import uid_fault
from scenario_runner.orders.numbering import AUTHORITIES, FILLER, PLACER, Authority, giver_of

if TYPE_CHECKING:
    from scenario_runner.orders.order import Order, Said

_NUMBERS: Final = (PLACER, FILLER, "AccessionNumber")
ATTRIBUTES: Final = (*_NUMBERS, *AUTHORITIES.values())
"""What is to be known of an order to tell what it goes by."""
One = TypeVar("One")
Person = tuple[str, str]
"""A patient's number, and who issued it; empty where nobody says so."""


class Number(NamedTuple):
    """One number of an order, and who gave it."""

    text: str
    giver: Authority

    def differs(self, other: Number) -> bool:
        """It is another one, or somebody else's."""
        return self.text != other.text or self.giver.differs(other.giver)


Numbers = Mapping[str, Number]
"""What an order goes by: attribute to number, the one that decides first."""


def numbers_of(said: Mapping[str, Said]) -> Numbers:
    """The numbers of an order, or of a worklist item."""
    return {
        name: Number(text, giver_of(said, name))
        for name in _NUMBERS
        if name in said and (text := said[name].text)
    }


class ByNumber(Generic[One]):
    """Things that go by the numbers of an order. whose: further text that has to be the same, such as a patient's number."""

    def __init__(self) -> None:
        self._of: dict[One, tuple[Numbers, Sequence[str]]] = {}
        self._at: dict[tuple[str, str, str], dict[One, None]] = {}

    def put(self, one: One, numbers: Numbers, whose: Sequence[str] = ("",)) -> None:
        """Find it by these numbers from now on, and by no others."""
        self.drop(one)
        self._of[one] = numbers, whose
        for key in _keys(numbers, whose):
            self._at.setdefault(key, {})[one] = None

    def drop(self, one: One) -> None:
        """Find it no more."""
        for key in _keys(*self._of.pop(one, ({}, ()))):
            there = self._at[key]
            there.pop(one, None)
            if not there:
                del self._at[key]

    def having(self, name: str, text: str) -> list[One]:
        """All that have a number, whoever gave it."""
        return list(self._at.get((name, text, ""), ()))

    def find(
        self,
        numbers: Numbers,
        whose: Sequence[str] = ("",),
        fits: Callable[[One], bool] = lambda _: True,
    ) -> list[One]:
        """Those of the same order: that are so by who gave the number, where any are, else all that may be."""
        above: list[str] = []
        for name, ours in numbers.items():
            above.append(name)
            there = {one: None for who in whose for one in self._at.get((name, ours.text, who), ())}
            near = [
                one for one in there if not _differ(numbers, self._of[one][0], above) and fits(one)
            ]
            if near:
                agreeing = [one for one in near if ours.giver.agrees(self._of[one][0][name].giver)]
                return agreeing or near
        return []


def _keys(numbers: Numbers, whose: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    # A patient has the same number of two issuers, at times.
    return {(name, number.text, who): None for who in whose for name, number in numbers.items()}


def _differ(ours: Numbers, theirs: Numbers, names: Iterable[str]) -> bool:
    """Whether both say one of these, and not the same. A loop: of thousands with one accession number each is asked."""
    for name in names:
        number = theirs.get(name)
        if number is not None and ours[name].differs(number):
            return True
    return False


def patients_of(order: Order) -> list[Person]:
    """All that the patient of an order goes by."""
    own = order.text("PatientID"), order.text("IssuerOfPatientID")
    return [own, *((one.id, one.issuer) for one in order.other_ids)]


def same_patient(ours: Iterable[Person], theirs: Sequence[Person]) -> bool:
    """Whether one number is on both sides, unless both say who issued it and that is not the same.

    An issuer is called by a name, or where it has none by its UID (HD): a name and a UID may be one.
    """
    return any(
        number == their_number and not _authority(issuer).differs(_authority(their_issuer))
        for number, issuer in ours
        for their_number, their_issuer in theirs
    )


def _authority(issuer: str) -> Authority:
    return Authority(issuer) if uid_fault(issuer) else Authority(uid=issuer)
