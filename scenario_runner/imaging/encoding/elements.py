"""One attribute as bytes again and again, as fast as it goes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from pydicom import DataElement
from pydicom.config import IGNORE

from scenario_runner.dicom import vrs
from scenario_runner.dicom.datasets import encode_element, encode_item, encoded_text
from scenario_runner.dicom.element_writing import prepared_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.syntaxes import Encoding


class ElementEncoder:
    """Encodes one attribute again and again, with a new value each time.

    Common VRs are encoded here, for that is what makes an image cheap; anything else goes through
    pydicom. Both give the same bytes; a test holds them together.
    """

    def __init__(self, tag: int, vr: str, encoding: Encoding, terms: Sequence[str]) -> None:
        self.tag, self.vr = tag, vr
        self._encoding = encoding
        self._terms = terms
        self._pad = b"\0" if vr == "UI" else b" "
        self._prefix, self._length = prepared_head(tag, vr, encoding)

    def __call__(self, value: Any) -> bytes:
        """The whole element. value: as pydicom takes it, text or a list of texts for string VRs."""
        if self.vr == "SQ":
            items = b"".join(encode_item(item, self._encoding, self._terms) for item in value)
            return self._prefix + self._length(len(items)) + items
        raw = self._value(value)
        if raw is None:
            # Planning has judged it, or it is wrong on purpose.
            element = DataElement(self.tag, self.vr, value, validation_mode=IGNORE)
            return encode_element(element, self._encoding, self._terms)
        if len(raw) & 1:
            raw += self._pad
        return self._prefix + self._length(len(raw)) + raw

    def _value(self, value: Any) -> bytes | None:
        """The unpadded value, or None when pydicom has to encode it."""
        if type(value) is bytes:
            return value
        if self.vr in vrs.ASCII:
            if type(value) is list:
                value = "\\".join(map(str, value))
            return str(value).encode("ascii")
        if self.vr in vrs.STRUCT_CODES:
            code = vrs.STRUCT_CODES[self.vr]
            if type(value) is list:
                return struct.pack(f"{self._encoding.order}{len(value)}{code}", *value)
            return struct.pack(self._encoding.order + code, value)
        if self.vr in vrs.CHARACTER_SET:
            return encoded_text(value, self.vr, self._terms)
        return None
