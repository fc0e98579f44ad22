"""What the component groups of a person name are written in (PS3.5 6.2.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.values import quoted_value, readable_values
from scenario_runner.dicom.characters import alphabetic_fault, faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.elements import Element, Items

_ESCAPE: Final = b"\x1b"


def alphabetic_group(items: Items, element: Element) -> Iterator[Problem]:
    """The first component group of a name has the characters of the first set, and no escape sequences."""
    if element.vr != "PN" or (element.value.isascii() and _ESCAPE not in element.value):
        return
    terms = items.character_sets()
    if faults(terms):
        return
    for value in readable_values(element, items):
        group = value.partition("=")[0]
        if fault := alphabetic_fault(group, terms):
            yield Problem(
                items.where(element), f"its alphabetic group {quoted_value(group)} {fault}"
            )
            return
