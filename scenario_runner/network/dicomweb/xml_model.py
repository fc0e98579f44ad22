"""The Native DICOM Model in XML (PS3.19 annex A) read into the JSON model.

We never ask for XML; some services answer a store request with it all the same.
"""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from scenario_runner.dicom.json_model import JsonObject

MOST_DEPTH: Final = 64
MOST_NODES: Final = 2_000_000
"""A multi-frame object of ten thousand frames has a third of it."""

_TEXTS = frozenset(("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix"))
_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF
"""Of private attributes (PS3.5 7.8.1)."""
_GROUPS = frozenset(("Alphabetic", "Ideographic", "Phonetic"))


class XmlModelError(ValueError):
    """The text is no Native DICOM Model."""


def loads(text: bytes) -> JsonObject:
    """One data set. Raises XmlModelError, also for a document type, which could hide a bomb."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise XmlModelError("this is no XML") from error
    if builder.root is None:
        raise XmlModelError("this XML is no NativeDicomModel")
    return builder.root


def _refuse(*_: Any) -> None:
    raise XmlModelError("the XML has a document type")


class _Builder:
    """Keeps one frame for each open element: data sets, attributes, names."""

    def __init__(self) -> None:
        self.root: dict[str, Any] | None = None
        self._open: list[Any] = []
        self._text: list[str] = []
        self._nodes = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if len(self._open) >= MOST_DEPTH or self._nodes > MOST_NODES:
            raise XmlModelError("the XML is too deep or too large")
        self._text.clear()
        name = tag.rpartition(":")[2]
        above = self._open[-1] if self._open else None
        frame: Any = above
        if name == "NativeDicomModel" and above is None:
            frame = self.root = {}
        elif name == "DicomAttribute" and isinstance(above, dict):
            frame = {"vr": attributes.get("vr", "UN"), "Value": []}
            above[_tag(attributes, above)] = frame
        elif name in ("Item", "PersonName") and _has_values(frame):
            above, frame = frame, {}
            above["Value"].append(frame)
        elif name == "BulkData" and _has_values(frame):
            frame["BulkDataURI"] = attributes.get("uri", "")
        self._open.append(frame)

    def end(self, tag: str) -> None:
        frame = self._open.pop()
        name = tag.rpartition(":")[2]
        text = "".join(self._text)
        self._text.clear()
        if name == "Value" and _has_values(frame):
            # Who indents XML has line breaks around values; those of a UID say nothing.
            frame["Value"].append(text.strip() if frame["vr"] == "UI" else text)
        elif name == "InlineBinary" and _has_values(frame):
            frame["InlineBinary"] = text
        elif name in _TEXTS and isinstance(frame, dict):
            frame.setdefault("names", {})[name] = text
        elif name in _GROUPS and isinstance(frame, dict):
            names = frame.pop("names", {})
            order = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
            frame[name] = "^".join(names.get(part, "") for part in order).rstrip("^")

    def characters(self, text: str) -> None:
        if self._open:
            self._text.append(text)


def _tag(attributes: dict[str, str], above: dict[str, Any]) -> str:
    """The tag of an attribute in its data set; that of a private one names its creator, not its block."""
    tag, creator = attributes.get("tag", "").upper(), attributes.get("privateCreator", "")
    if not creator or tag[4:6] != "00":
        return tag
    blocks = (f"{block:02X}" for block in range(_FIRST_BLOCK, _LAST_BLOCK + 1))
    owned = (one for one in blocks if _said(above.get(f"{tag[:4]}00{one}")) == [creator])
    return f"{tag[:4]}{next(owned, f'{_FIRST_BLOCK:02X}')}{tag[6:]}"


def _said(frame: Any) -> Any:
    return frame["Value"] if _has_values(frame) else None


def _has_values(frame: Any) -> bool:
    return isinstance(frame, dict) and isinstance(frame.get("Value"), list)
