"""Text in pydicom's data sets, decoded and encoded by our codec instead of pydicom's.

pydicom 3.0.2 does not know Latin alphabet No. 9, writes GB 2312 without its escape sequences, divides
values before it decodes them, and turns what a set lacks into question marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import DataElement, Dataset, charset, dcmread
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, private_dictionary_VR
from pydicom.dataelem import RawDataElement

from scenario_runner.dicom.characters import (
    SPECIFIC_CHARACTER_SET,
    decode,
    encode,
    parse,
)
from scenario_runner.dicom.vrs import CHARACTER_SET, ONE_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pydicom.tag import BaseTag

# pydicom warns of a term that is not in its table whenever it opens a data set with it.
charset.python_encoding.setdefault("ISO_IR 203", "iso8859_15")
charset.python_encoding.setdefault("ISO 2022 IR 203", "iso8859_15")


def read_file(file: str | Path | BinaryIO, **how: Any) -> Dataset:
    """A DICOM file with its text decoded. how, and what is raised: as of pydicom's ``dcmread``."""
    return decode_texts(dcmread(file, **how))


def decode_texts(dataset: Dataset, terms: Sequence[str] = ()) -> Dataset:
    """Decode every text that is not ASCII, items of sequences included; the data set itself comes back.

    terms: the character sets where the data set declares none. Everything else stays as it is, raw or
    not; so does a sequence that pydicom cannot read.
    """
    terms = character_sets(dataset) or tuple(terms)
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if not isinstance(element, RawDataElement):
            if element.VR == "SQ":
                for item in element.value or ():
                    decode_texts(item, terms)
            continue
        vr = _vr(dataset, element)
        if vr == "SQ":
            for item in _items(dataset, tag):
                decode_texts(item, terms)
        elif vr in CHARACTER_SET and element.value:
            text = decode(element.value, vr, terms)
            if not _is_same(element.value, text):
                dataset[tag] = DataElement(tag, vr, _values(text, vr), validation_mode=IGNORE)
    return dataset


def character_sets(dataset: Dataset) -> tuple[str, ...]:
    """The defined terms that a data set declares; () when it declares none."""
    if SPECIFIC_CHARACTER_SET not in dataset:
        return ()
    return parse(dataset.get_item(SPECIFIC_CHARACTER_SET).value)


def text_of(value: Any) -> str:
    """A value as pydicom has it as one text, several joined by backslashes."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) or (hasattr(value, "__iter__") and not hasattr(value, "components")):
        return "\\".join("" if one is None else str(one) for one in value)
    return str(value)


def encoded_text(value: Any, vr: str, terms: Sequence[str]) -> bytes:
    """A text value as pydicom has it, encoded but not padded; bytes are taken as they are.

    Raises UnencodableError.
    """
    return value if isinstance(value, bytes) else encode(text_of(value), vr, terms)


def _vr(dataset: Dataset, element: RawDataElement) -> str:
    """The VR as written, else the dictionary's; empty when nobody knows."""
    if element.VR not in (None, "UN"):
        return str(element.VR)
    tag = element.tag
    try:
        if not tag.is_private:
            return dictionary_VR(tag)
        if tag.is_private_creator:
            return "LO"
        creator = dataset.get_item((tag.group, tag.element >> 8))
        return private_dictionary_VR(tag, text_of(creator.value).strip(" \0"))
    except KeyError:
        return ""


def _items(dataset: Dataset, tag: BaseTag) -> list[Dataset]:
    try:
        return list(dataset[tag].value or ())
    except Exception:  # noqa: BLE001 - the decoder raises whatever hostile bytes lead it into
        return []


def _is_same(value: bytes, text: str) -> bool:
    """Whether pydicom would read the same: ASCII without an escape sequence."""
    return text.isascii() and len(text) == len(value)


def _values(text: str, vr: str) -> str | list[str]:
    if vr in ONE_TEXT:
        return text.rstrip(" \0")
    values = [value.rstrip(" \0") for value in text.split("\\")]
    return values if len(values) > 1 else values[0]
