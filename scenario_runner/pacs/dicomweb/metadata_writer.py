"""The metadata of many instances as JSON: what one has like another, as images of a series do, is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import is_signed
from scenario_runner.dicom.json_model import of_elements
from scenario_runner.pacs.dicomweb.json_writer import encode

if TYPE_CHECKING:
    from scenario_runner.dicom.elements import Element, Elements
    from scenario_runner.dicom.json_model import Json
    from scenario_runner.pacs.dicomweb.shelf import Opened

_MOST: Final = 1 << 20
"""Bytes of members that are remembered."""
_LONGEST: Final = 1 << 12
_Context = tuple[tuple[str, ...], bool]
"""Character sets, and whether pixels are signed: what a member depends on beside its element."""


def metadata_of(opened: Opened, bulk_url: str) -> Json:
    """One instance in the JSON model, its pixels by their URL. bulk_url: what those of bulk data begin with."""
    data = of_elements(opened.header, bulk_url, opened.terms)
    return dict(sorted((data | _pixels(opened, bulk_url)).items()))


def _pixels(opened: Opened, bulk_url: str) -> Json:
    if opened.span is None:
        return {}
    name = f"{opened.span.tag:08X}"
    return {name: {"vr": opened.span.vr or "OW", "BulkDataURI": bulk_url + name}}


class MetadataWriter:
    """Writes instances one after the other, each as ``metadata_of`` has it. For one answer, in one thread."""

    def __init__(self) -> None:
        self._written: dict[_Context, dict[tuple[int, Element], bytes]] = {}
        self._size = 0

    def write(self, opened: Opened, bulk_url: str) -> bytes:
        """One instance as it goes over the wire."""
        header, span = opened.header, opened.span
        if PIXEL_DATA in header:  # beside pixels in floating point; it depends on further elements
            return encode(metadata_of(opened, bulk_url))
        terms = tuple(character_sets(header) or opened.terms)
        context = (terms, is_signed(header))
        written = self._written.setdefault(context, {})
        members = []
        for tag, element in header.items():
            if tag & 0xFFFF == 0 or (span is not None and tag == span.tag):
                continue
            text = written.get((tag, element))
            if text is None:
                text = self._member({tag: element}, bulk_url, context)
            members.append((tag, text))
        if span is not None:
            members.append((span.tag, encode(_pixels(opened, bulk_url))[1:-1]))
        members.sort()
        return b"{" + b",".join(text for _, text in members) + b"}"

    def _member(self, one: Elements, bulk_url: str, context: _Context) -> bytes:
        terms, signed = context
        text = encode(of_elements(one, bulk_url, terms, signed=signed))[1:-1]
        # What says where its instance is belongs to that alone.
        if len(text) <= _LONGEST and b"BulkDataURI" not in text:
            self._size += len(text)
            if self._size > _MOST:
                self._size = len(text)
                for each in self._written.values():
                    each.clear()
            self._written[context].update(dict.fromkeys(one.items(), text))
        return text
