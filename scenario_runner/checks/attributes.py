"""Which attributes of two data sets differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.checks.item_pixels import pixels_of_items, syntax_of
from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET
from scenario_runner.dicom.dictionary import attribute
from scenario_runner.dicom.private_names import PrivateName, is_private
from scenario_runner.errors import Advised
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

    from scenario_runner.checks.converted import Conversion

# Pixels, but for those of an icon, are the business of the check `pixels`; padding and group lengths carry nothing.
_PIXELS = (0x7FE00010, 0x7FE00008, 0x7FE00009)
_SKIPPED = {*_PIXELS, 0xFFFCFFFC}


def label(tag: int) -> str:
    """A keyword, or ``(gggg,eeee)`` for an attribute without one."""
    found = attribute(tag)
    return found.keyword if found and found.keyword else f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def named(dataset: Dataset) -> dict[str, int]:
    """The tags of a data set by name: a keyword, or ``(gggg,xxee) CREATOR`` in whichever block that is.

    A private creator with the attributes of its block is named by itself, ``(gggg,00xx) CREATOR``; what has no
    creator, or a name that is taken, by its tag.
    """
    creators: dict[int, str] = {}
    names: dict[str, int] = {}
    for tag in sorted(dataset.keys()):
        group, element = tag >> 16, tag & 0xFFFF
        name = label(tag)
        if group % 2 and 0x10 <= element <= 0xFF:
            found = element_of(dataset, tag)
            creator = str(found.value).strip() if found is not None else ""
            creators[group << 16 | element] = creator
            name = f"({group:04X},00xx) {creator}"
        elif group % 2 and (creator := creators.get(group << 16 | element >> 8, "")):
            name = str(PrivateName(group, element & 0xFF, creator))
        names[label(tag) if name in names else name] = tag
    return names


def element_of(dataset: Dataset, tag: int) -> DataElement | None:
    """An element of a data set; one that is damaged as the bytes it has, for those can be compared."""
    from pydicom import DataElement
    from pydicom.config import IGNORE

    from scenario_runner.dicom.datasets import with_values  # validate loads no pydicom

    try:
        found: DataElement | None = dataset.get(tag)
    except Exception:  # noqa: BLE001 - the decoder raises whatever a damaged value leads it into
        value = dataset.get_item(tag).value
        return DataElement(tag, "OB", bytes(value or b""), validation_mode=IGNORE)
    return found if found is None else with_values(found)


def plain_value(element: DataElement | None) -> Any:
    """An element's value as text, number or list; bulk data by its size; absent says so."""
    if element is None:
        return "absent"
    if element.VR == "SQ":
        return amount(len(element.value), "item")
    if isinstance(element.value, bytes):
        text = element.value.rstrip(b" \0")
        if element.VR == "UN" and text.isascii() and text.decode("ascii").isprintable():
            return text.decode("ascii")  # of a private attribute whose VR nobody knows
        return amount(len(element.value), "byte")
    if element.VM > 1:
        return [_scalar(item) for item in element.value]
    return _scalar(element.value)


def _another(ours: DataElement, theirs: DataElement) -> Any:
    """The value of an element that is not that of another; as many bytes are told by the first that differs."""
    told, (before, after) = plain_value(theirs), (ours.value, theirs.value)
    if told == plain_value(ours) and isinstance(before, bytes) and isinstance(after, bytes):
        told = f"{told}, different from byte {_first_other(before, after) + 1} on"
    return told


def _first_other(before: bytes, after: bytes) -> int:
    """Where two differ first, found by halves: bulk data may be as large as memory allows."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high) // 2
        if before[low : middle + 1] == after[low : middle + 1]:
            low = middle + 1
        else:
            high = middle
    return low


class Unseen:
    """Names of ``only`` that no data set has had so far: what was never there was not compared."""

    def __init__(self, only: AbstractSet[str]) -> None:
        self._only, self.names = only, set(only)

    def look(self, *datasets: Dataset) -> None:
        """Cross off what one of them has."""
        for dataset in datasets if self.names else ():
            self.names -= named(dataset).keys()

    @property
    def is_all(self) -> bool:
        """Whether nothing was there of all that was to be looked at."""
        return bool(self._only) and self.names == self._only

    @property
    def words(self) -> str:
        """What was not there; empty when all was."""
        return f"nothing has {', '.join(sorted(self.names))}" if self.names else ""


def refuse_pixels(only: Iterable[str], hint: str) -> None:
    """Raises Advised where pixels are to be looked at as an attribute."""
    for name in only:
        if name in map(label, _PIXELS):
            raise Advised(f"'{name}' is not compared as an attribute", hint)


def is_lost_private(attribute: str, received: Any) -> bool:
    """Whether a difference that ``differing`` found is a private attribute, or its creator, that did not come back."""
    return bool(received == plain_value(None)) and is_private(attribute)


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
    conversion: Conversion | None = None,
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (attribute, sent value, received value) for everything that is not the same.

    only: names to look at at the top level, empty for all. ignored: names to pass over at any
    level. A private attribute is the same in whichever block its creator has (PS3.5 7.8.1). Sequences are compared item by item: ``ReferencedSOPSequence[0].ReferencedSOPClassUID``.
    Pixels in items are compared here, as those of an icon, of which no other check knows.
    conversion: for a PACS that converts character sets; then which one is declared does not count.
    """
    walk = _Walk(ignored, conversion, (syntax_of(sent), syntax_of(received)))
    yield from walk.within(sent, received, only)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through two data sets. syntaxes: the transfer syntaxes they are in."""

    ignored: AbstractSet[str]
    conversion: Conversion | None
    syntaxes: tuple[str, str]

    def within(
        self,
        sent: Dataset,
        received: Dataset,
        only: AbstractSet[str] = frozenset(),
        prefix: str = "",
        terms: Sequence[str] = (),
    ) -> Iterator[tuple[str, Any, Any]]:
        """As ``differing``. prefix: of an item, where it is. terms: what is declared around it."""
        from scenario_runner.dicom.datasets import character_sets  # validate loads no pydicom

        if self.conversion is not None:
            terms = character_sets(received) or terms
        mine, other = named(sent), named(received)
        for name, tag in sorted({**other, **mine}.items(), key=lambda one: one[1]):
            if (tag in _SKIPPED and not (prefix and tag in _PIXELS)) or tag & 0xFFFF == 0:
                continue
            if tag >> 16 == 2 or (self.conversion is not None and tag == SPECIFIC_CHARACTER_SET):
                continue
            if name in self.ignored or (only and name not in only):
                continue
            ours = element_of(sent, mine[name]) if name in mine else None
            theirs = element_of(received, other[name]) if name in other else None
            where = f"{prefix}{name}"
            if ours is None or theirs is None:
                yield where, plain_value(ours), plain_value(theirs)
            elif ours.VR == "SQ" and theirs.VR == "SQ":
                yield from self._items(ours, theirs, where, terms)
            elif _same(ours, theirs):
                continue
            elif tag in _PIXELS:
                if why := pixels_of_items(sent, received, self.syntaxes):
                    yield where, plain_value(ours), why
            elif not _converted(name, ours, theirs, self.conversion, terms):
                yield where, plain_value(ours), _another(ours, theirs)

    def _items(
        self, ours: DataElement, theirs: DataElement, where: str, terms: Sequence[str]
    ) -> Iterator[tuple[str, Any, Any]]:
        if len(ours.value) != len(theirs.value):
            yield where, plain_value(ours), plain_value(theirs)
            return
        for index, (left, right) in enumerate(zip(ours.value, theirs.value, strict=True)):
            yield from self.within(left, right, prefix=f"{where}[{index}].", terms=terms)


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
