"""What an ORC says has become of an order (HL7 2.5.1 4.5.1)."""

from __future__ import annotations

from typing import Final

from scenario_runner.orders.hl7.message import Message, Segment
from scenario_runner.orders.order import Status

_STATUS: Final[dict[str, Status]] = {
    "NW": "new", "SN": "new", "PA": "new", "CH": "new", "RE": "new", "CA": "cancelled", "OC": "cancelled", "CR": "cancelled",
    "DC": "discontinued", "OD": "discontinued", "XO": "changed", "XX": "changed", "RP": "changed",
    "RU": "changed", "RO": "changed", "HD": "held", "OH": "held", "HR": "held", "DR": "discontinued",
    "XR": "changed", "RL": "changed", "OE": "changed", "OR": "changed", "SC": "changed",
    # Answers and notifications: of an order that nobody takes, and of one that stays what it is.
    "UA": "cancelled", "DE": "cancelled", "OK": "changed", "NA": "changed", "SS": "changed",
    "UC": "changed", "UD": "changed", "UH": "changed", "UM": "changed", "UR": "changed", "UX": "changed",
    "SR": "changed", "RR": "changed", "NR": "changed",
}  # fmt: skip
"""HL7 table 0119, ORC-1, as far as a modality is concerned."""
_BY_STATE: Final[dict[str, Status]] = {
    "IP": "in-progress", "CM": "completed", "CA": "cancelled", "DC": "discontinued", "HD": "held",
    "SC": "new",
}  # fmt: skip
"""HL7 table 0038, ORC-5, which says more when ORC-1 is SC: the status has changed."""
_REPLACED: Final = ("RP", "RU")
"""An order that another one of the same message, which says RO, takes the place of (2.5.1 4.5.1.1)."""
_ENDED: Final = ("cancelled", "discontinued")


def control(orc: Segment | None) -> str:
    """ORC-1, in capitals; nothing where there is no ORC."""
    return orc.raw(1).strip().upper() if orc is not None else ""


def status(message: Message, orc: Segment | None, *, replaced: bool) -> Status:
    """What has become of an order. replaced: whether another of the message takes the place of it."""
    if orc is None:
        return "completed" if message.kind.startswith("ORU") else "new"
    said, state = control(orc), orc.raw(5).strip().upper()
    if said == "SC":
        return _BY_STATE.get(state, "changed")
    if said in _REPLACED and replaced:
        return "discontinued"
    found = _STATUS.get(said, "unknown" if said else "new")
    # A result is of what was done, whatever its ORC repeats of the order.
    return "completed" if message.kind.startswith("ORU") and found not in _ENDED else found
