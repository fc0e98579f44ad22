"""The texts of an object and the character sets that hold them (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydicom import Dataset
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement

from scenario_runner.dicom.characters import choose, faults, named, parse, unencodable
from scenario_runner.dicom.datasets import character_sets
from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.vrs import CHARACTER_SET
from scenario_runner.imaging.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydicom import DataElement

    from scenario_runner.imaging.overrides import Applied
    from scenario_runner.planning.plan import PlannedSeries

_CHARACTER_SET = "SpecificCharacterSet"


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


def settled(
    series: PlannedSeries, shared: Dataset, each: Mapping[str, Any], applied: Applied
) -> tuple[str, ...]:
    """Choose or check the character sets of a series and declare them in what its images share.

    each: what one of them has of its own. Raises InvalidInput for a set that is none, or holds too little.
    """
    given = series.study.patient.character_set
    if _CHARACTER_SET in applied.keywords and _CHARACTER_SET not in applied.raw:
        given = character_sets(shared)
    found = [*texts(shared), *texts(_varying(each))]
    if given is None:
        terms = chosen(found)
    else:
        terms = without_default(given)
        for term, reason in faults(terms):
            raise refusal(
                series,
                "FAB314",
                f"'{term}' {reason}",
                "write ISO_IR 100, ISO_IR 192, ISO 2022 IR 87, ... (PS3.3 C.12.1.1.2)",
            )
    for one in found:
        if missing := one.missing(terms):
            raise refusal(
                series,
                "FAB314",
                f"{one.element.keyword or one.element.tag}: {missing!r} cannot be written in "
                f"{named(terms if one.own is None else one.own)}",
                "leave 'character_set' out, and one that holds all values is chosen",
            )
    if _CHARACTER_SET not in applied.keywords and terms:
        declare(shared, terms)
    return terms


def _varying(values: Mapping[str, Any]) -> Dataset:
    """The attributes of one instance that are texts or hold some."""
    dataset = Dataset()
    for keyword, value in values.items():
        tag = tag_for_keyword(keyword)
        if tag is not None and dictionary_VR(tag) in (*CHARACTER_SET, "SQ"):
            dataset.add_new(tag, dictionary_VR(tag), value)
    return dataset
