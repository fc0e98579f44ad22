"""Which attributes of two data sets differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

    from scenario_runner.checks.converted import Conversion

# Pixels are the business of the check `pixels`; padding and group lengths carry nothing.
_SKIPPED = {0x7FE00010, 0x7FE00008, 0x7FE00009, 0xFFFCFFFC}


def label(element: DataElement) -> str:
    """A keyword, or ``(gggg,eeee)`` for an attribute without one."""
    return element.keyword or f"({element.tag.group:04X},{element.tag.element:04X})"


def element_of(dataset: Dataset, tag: int) -> DataElement | None:
    """An element of a data set; one that is damaged as the bytes it has, for those can be compared."""
    from pydicom import DataElement
    from pydicom.config import IGNORE

    try:
        found: DataElement | None = dataset.get(tag)
    except Exception:  # noqa: BLE001 - the decoder raises whatever a damaged value leads it into
        value = dataset.get_item(tag).value
        return DataElement(tag, "OB", bytes(value or b""), validation_mode=IGNORE)
    return found


def plain_value(element: DataElement | None) -> Any:
    """An element's value as text, number or list; bulk data by its size; absent says so."""
    if element is None:
        return "absent"
    if element.VR == "SQ":
        return amount(len(element.value), "item")
    if isinstance(element.value, bytes):
        return amount(len(element.value), "byte")
    if element.VM > 1:
        return [_scalar(item) for item in element.value]
    return _scalar(element.value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, float):
        return float(value)
    return str(value)


def differing(
    sent: Dataset,
    received: Dataset,
    only: AbstractSet[str],
    ignored: AbstractSet[str],
    prefix: str = "",
    conversion: Conversion | None = None,
    terms: Sequence[str] = (),
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (attribute, sent value, received value) for everything that is not the same.

    only: keywords to look at at the top level, empty for all. ignored: keywords to pass over at any
    level. Sequences are compared item by item: ``ReferencedSOPSequence[0].ReferencedSOPClassUID``.
    conversion: for a PACS that converts character sets; then which one is declared does not count. terms:
    what is declared around an item.
    """
    from scenario_runner.dicom.datasets import character_sets  # validate loads no pydicom

    if conversion is not None:
        terms = character_sets(received) or terms
    for tag in sorted({*sent.keys(), *received.keys()}):
        if tag in _SKIPPED or tag.element == 0 or tag.group == 2:
            continue
        ours, theirs = element_of(sent, tag), element_of(received, tag)
        if conversion is not None and tag == SPECIFIC_CHARACTER_SET:
            continue
        name = _name(ours, theirs)
        if name in ignored or (only and name not in only):
            continue
        where = f"{prefix}{name}"
        if ours is None or theirs is None:
            yield where, plain_value(ours), plain_value(theirs)
        elif ours.VR == "SQ" and theirs.VR == "SQ":
            yield from _items(ours, theirs, ignored, where, conversion, terms)
        elif not _same(ours, theirs) and not _converted(name, ours, theirs, conversion, terms):
            yield where, plain_value(ours), plain_value(theirs)


def _name(ours: DataElement | None, theirs: DataElement | None) -> str:
    element = ours if ours is not None else theirs
    assert element is not None
    return label(element)


def _items(
    ours: DataElement,
    theirs: DataElement,
    ignored: AbstractSet[str],
    where: str,
    conversion: Conversion | None,
    terms: Sequence[str],
) -> Iterator[tuple[str, Any, Any]]:
    if len(ours.value) != len(theirs.value):
        yield where, plain_value(ours), plain_value(theirs)
        return
    for index, (left, right) in enumerate(zip(ours.value, theirs.value, strict=True)):
        place = f"{where}[{index}]."
        yield from differing(left, right, set(), ignored, place, conversion, terms)


def _converted(
    name: str,
    ours: DataElement,
    theirs: DataElement,
    conversion: Conversion | None,
    terms: Sequence[str],
) -> bool:
    from scenario_runner.dicom.datasets import text_of

    if conversion is None or ours.VM != theirs.VM:
        return False
    sent, came = text_of(ours.value), text_of(theirs.value)
    return conversion.fits(name, ours.VR, sent, came, terms)


def _same(ours: DataElement, theirs: DataElement) -> bool:
    if ours.value == theirs.value:
        return True
    # An empty value may come back as None, "" or an empty list (PS3.5 7.4.4 knows one emptiness).
    return ours.is_empty and theirs.is_empty
