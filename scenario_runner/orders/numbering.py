"""Which order a message means: its number, and who gave it (HL7 2.5.1 2.A.28 EI; PS3.3 C.4.11).

Two placers may both count from 1. An order is another one where both sides name an authority and the two differ; where
one side is silent, as a cancel often is, the number alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scenario_runner.planning.tagged_fields import text_of

if TYPE_CHECKING:
    from scenario_runner.orders.order import Order, Said

PLACER: Final = "PlacerOrderNumberImagingServiceRequest"
FILLER: Final = "FillerOrderNumberImagingServiceRequest"
AUTHORITIES: Final = {
    PLACER: "OrderPlacerIdentifierSequence",
    FILLER: "OrderFillerIdentifierSequence",
}


class Authority(NamedTuple):
    """Who gave a number; empty where nothing is said."""

    name: str = ""
    uid: str = ""
    """Or another identifier that is the only one in the world."""

    def differs(self, other: Authority) -> bool:
        """Both say who gave the number, and it is somebody else."""
        if self.uid and other.uid:
            return self.uid != other.uid
        return bool(self.name and other.name) and self.name != other.name

    def agrees(self, other: Authority) -> bool:
        """Both say who gave the number, and it is the same."""
        if self.uid and other.uid:
            return self.uid == other.uid
        return bool(self.name) and self.name == other.name

    def __str__(self) -> str:
        return self.name or self.uid


def key_of(order: Order) -> str:
    """What tells an order from others of its patient: the placer's number, else the filler's, else the rest."""
    for keyword in (PLACER, FILLER, "AccessionNumber"):
        if text := order.text(keyword):
            return f"{keyword}:{text}"
    return f"{order.text('PatientID')}:{order.text('ScheduledProcedureStepID')}"


def _authority_of(said: Mapping[str, Said]) -> Authority:
    """Who gave the number that an order, or a worklist item, goes by."""
    for number in AUTHORITIES:
        if number in said and said[number].text:
            return giver_of(said, number)
    return Authority()


def giver_of(said: Mapping[str, Said], number: str) -> Authority:
    """Who gave one of its numbers. number: PLACER or FILLER; nobody says so of another."""
    keyword = AUTHORITIES.get(number, "")
    items = said[keyword].items if keyword in said else ()
    first = items[0] if items else {}
    name, uid = first.get("LocalNamespaceEntityID"), first.get("UniversalEntityID")
    return Authority(str(name or ""), str(uid or ""))


def is_number(said: Mapping[str, Said]) -> bool:
    """Whether the accession number is a number of the order: it may be read from there for want of one."""
    accession = said["AccessionNumber"].text if "AccessionNumber" in said else ""
    return bool(accession) and any(
        name in said and said[name].text == accession for name in (PLACER, FILLER)
    )


def parts_of(tags: Mapping[str, Any], number: str) -> Sequence[str]:
    """What the images of an order say of who gave its number, as components two to four of an EI have it.

    tags: of the images; a sequence that is written as bytes (``{raw: …}``) says nothing here. number: PLACER or FILLER.
    """
    items = tags.get(AUTHORITIES[number])
    if not isinstance(items, list) or not items:
        return ()
    keywords = ("LocalNamespaceEntityID", "UniversalEntityID", "UniversalEntityIDType")
    return [text_of(items[0].get(one)) or "" for one in keywords]


def whole_key(order: Order) -> str:
    """The key and whose it is; the key alone where nobody says so."""
    key, authority = key_of(order), _authority_of(order.said)
    return "\0".join((key, *authority)) if authority.name or authority.uid else key
