"""A DICOM file as it was read: its elements, how they were encoded, and what was wrong with that."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from scenario_runner.conformance.elements import Element, Items
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.lazy_dataclasses import dataclass

_SOP_CLASS_UID = 0x00080016
_FATAL = frozenset({"not-dicom", "truncated", "structure", "too-large"})
"""Rules of the reader after which the rest of a file is not known."""


class Trouble(NamedTuple):
    """Something wrong with the encoding. rule: its id in the table of rules."""

    rule: str
    attribute: str | None
    message: str


@dataclass(slots=True)
class DicomFile:
    """A file as it was read. meta, data: empty when they could not be read."""

    meta: Items = field(default_factory=Items)
    data: Items = field(default_factory=Items)
    transfer_syntax: str = ""
    meta_length: int = 0
    """Bytes of the file meta information after its group length element."""
    readable: bool = False
    """Whether the data set was reached at all, so that what is absent can be called missing."""
    whole: bool = False
    """Whether it was read to the end."""
    trouble: list[Trouble] = field(default_factory=list)
    _of_class: Element | None = field(default=None, init=False, repr=False, compare=False)
    _class: str = field(default="", init=False, repr=False, compare=False)
    """What ``_of_class`` says: nearly every rule asks for it."""

    @property
    def damage(self) -> Trouble | None:
        """The first trouble after which the rest of the file is not known."""
        return next((one for one in self.trouble if one.rule in _FATAL), None)

    @property
    def sop_class(self) -> str:
        """The SOP class UID; a DICOMDIR has it in the file meta information only (PS3.10 8.6)."""
        element = self.data.elements.get(_SOP_CLASS_UID)
        if element is None or element is not self._of_class:
            self._class = self.data.text("SOPClassUID") or self.meta.text("MediaStorageSOPClassUID")
            self._of_class = element
        return self._class

    @property
    def implicit(self) -> bool:
        """Whether VRs come from the dictionary."""
        return self.transfer_syntax == IMPLICIT_LE

    @property
    def encapsulated(self) -> bool:
        """Whether pixel data is compressed, which every other transfer syntax means (PS3.5 A.4)."""
        return self.transfer_syntax not in (
            IMPLICIT_LE,
            EXPLICIT_LE,
            DEFLATED,
            EXPLICIT_BE,
        )
