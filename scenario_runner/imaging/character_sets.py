"""The texts of an object and the character sets that hold them (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydicom.dataelem import RawDataElement

from scenario_runner.dicom.characters import choose, parse, unencodable
from scenario_runner.dicom.datasets import character_sets
from scenario_runner.dicom.vrs import CHARACTER_SET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydicom import DataElement, Dataset


class Text(NamedTuple):
    """One value. own: what the item it stands in declares; None for the set of the whole object."""

    element: DataElement
    text: str
    own: tuple[str, ...] | None

    def missing(self, terms: Sequence[str]) -> str:
        """Its characters that can be written neither in these sets nor, if there are, in its own."""
        return unencodable(self.text, str(self.element.VR), terms if self.own is None else self.own)


def texts(dataset: Dataset, own: tuple[str, ...] | None = None) -> Iterator[Text]:
    """Every text that a character set applies to, items of sequences included; raw values are not.

    Asking a data set for a raw value would decode it, so those are passed over.
    """
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from texts(item, character_sets(item) or own)
        elif element.VR in CHARACTER_SET and element.value:
            for value in element.value if element.VM > 1 else [element.value]:
                yield Text(element, str(value), own)


def chosen(found: Iterable[Text]) -> tuple[str, ...]:
    """The defined terms for the texts of an object whose set nobody gave."""
    return choose(one.text for one in found if one.own is None)


def without_default(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms as they are written: the default repertoire, ISO_IR 6, has none."""
    return parse("" if term == "ISO_IR 6" else term for term in terms)


def declare(dataset: Dataset, terms: Sequence[str]) -> None:
    """Say in a data set which character sets it is written in."""
    if terms:
        dataset.SpecificCharacterSet = list(terms) if len(terms) > 1 else terms[0]
    else:
        dataset.pop("SpecificCharacterSet", None)
