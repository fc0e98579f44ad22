"""What the fields and components of segments are called, for people who read a message.

The table beside it is made from a package of the HL7 v2 data model; ``tests/orders/field_names.py``
says which and writes it again.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

TABLE: Final = files(__package__) / "field_names.tsv"
_OWN: Final = {("ZDS", 1): ("RP", "Study Instance UID")}
"""IHE RAD TF-2 RAD-4 has this one segment that the Standard has not."""


@cache
def _names() -> dict[tuple[str, int], tuple[str, str]]:
    rows = (line.split("\t") for line in TABLE.read_text("utf-8").splitlines())
    known = {(owner, int(number)): (kind, words) for owner, number, kind, words in rows}
    return known | _OWN


def of_field(segment: str, number: int) -> str:
    """The name of a field, ``Patient Name``; empty where nobody knows."""
    return _names().get((segment, number), ("", ""))[1]


def of_component(segment: str, field: int, number: int) -> str:
    """The name of a component of a field, by the field's data type; empty where nobody knows."""
    kind = _names().get((segment, field), ("", ""))[0]
    return _names().get((kind, number), ("", ""))[1]
