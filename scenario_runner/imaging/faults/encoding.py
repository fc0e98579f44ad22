"""Bytes that are not as PS3.5 chapter 7 and PS3.10 7.1 want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.element_writing import item_head
from scenario_runner.dicom.sop_classes import RAW_DATA, SECONDARY_CAPTURE
from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.base import fault

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawElement, RawObject


def _odd(broken: RawObject, _about: Faulty) -> None:
    broken.put("StationName", "").value = b"STATION"


def _index(broken: RawObject, keyword: str) -> int:
    element = broken.get(keyword)
    if element is None:
        raise CannotHaveFaultError(f"the object has no {keyword}")
    return broken.elements.index(element)


def _unsorted(broken: RawObject, _about: Faulty) -> None:
    at = _index(broken, "StationName")
    elements = broken.elements
    elements[at], elements[at - 1] = elements[at - 1], elements[at]


def _twice(broken: RawObject, _about: Faulty) -> None:
    at = _index(broken, "Modality")
    broken.elements.insert(at, broken.elements[at])


def _broken_item(broken: RawObject, _about: Faulty) -> None:
    """An item that says it is longer than its sequence; last in the object, so nothing is lost."""
    broken.put_tag(0xFFFAFFFA, "SQ", item_head(4096, little=broken.encoding.little))


def _command_inside(broken: RawObject, _about: Faulty) -> None:
    broken.put_tag(0x00000110, "US", 1)


def _other_instance(broken: RawObject, _about: Faulty) -> None:
    _change_end(broken.meta_element(0x0003))


def _other_class(broken: RawObject, _about: Faulty) -> None:
    element = broken.meta_element(0x0002)
    # Raw Data and Secondary Capture: one of the two is another class for certain.
    other = RAW_DATA.encode("ascii")
    if element.value.rstrip(b"\0") == other:
        other = SECONDARY_CAPTURE.encode("ascii")
    element.value = other + b"\0" * (len(other) % 2)


def _change_end(element: RawElement) -> None:
    uid = element.value.rstrip(b"\0")
    changed = uid[:-1] + (b"2" if uid.endswith(b"1") else b"1")
    element.value = changed + element.value[len(uid) :]


def _meta_length(broken: RawObject, _about: Faulty) -> None:
    broken.meta_length = sum(8 + len(element.value) for element in broken.meta) + 100


def _no_preamble(broken: RawObject, _about: Faulty) -> None:
    broken.preamble = b""


def _no_implementation(broken: RawObject, _about: Faulty) -> None:
    broken.meta = [element for element in broken.meta if element.tag != 0x00020012]


FAULTS = (
    fault("odd-length", "StationName has an odd number of bytes", "even-length", change=_odd),
    fault(
        "unsorted-elements",
        "StationName comes before an element with a lower tag",
        "element-order",
        change=_unsorted,
    ),
    fault("repeated-element", "Modality occurs twice", "element-repeated", change=_twice),
    fault(
        "broken-sequence",
        "An item of the last sequence says it is longer than the object",
        "truncated",
        change=_broken_item,
    ),
    fault(
        "command-in-data-set",
        "The data set has MessageID, which belongs to a command",
        "group",
        change=_command_inside,
    ),
    fault(
        "wrong-sop-instance-meta",
        "MediaStorageSOPInstanceUID is not the SOPInstanceUID",
        "meta-instance",
        on_the_wire=False,
        change=_other_instance,
    ),
    fault(
        "wrong-sop-class-meta",
        "MediaStorageSOPClassUID is not the SOPClassUID",
        "meta-class",
        on_the_wire=False,
        change=_other_class,
    ),
    fault(
        "wrong-meta-length",
        "FileMetaInformationGroupLength is 100 too much",
        "meta-length",
        on_the_wire=False,
        change=_meta_length,
    ),
    fault(
        "missing-meta",
        "ImplementationClassUID is missing from the file meta information",
        "meta-missing",
        on_the_wire=False,
        change=_no_implementation,
    ),
    fault(
        "missing-preamble",
        "The file has neither preamble nor DICM",
        "no-preamble",
        on_the_wire=False,
        change=_no_preamble,
    ),
)
