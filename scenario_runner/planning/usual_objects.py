"""What an object of each kind is when a scenario sets nothing, kept beside this module.

Whether a value may stand in an object depends on what else is there: a second WindowCenter on the
WindowWidth, a pointer on what it leads to. Making an object takes imaging and numpy, which
``validate`` does not load. ``python -m scenario_runner.reference.usual_objects`` makes them again.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.element_heads import PIXEL_DATA

if TYPE_CHECKING:
    from scenario_runner.conformance.dicom_file import DicomFile

FILE: Final = Path(__file__).with_suffix(".tsv")


def name_of(kind: str, sop_class_uid: str) -> str:
    """What a kind of object is kept under: its modality and its class."""
    return f"{kind.partition(' ')[0]} {sop_class_uid}"


@cache
def usual_object(kind: str, sop_class_uid: str) -> DicomFile | None:
    """A kind's usual object as it is read; None for one that a plugin brought. Not to be changed.

    Of its pixel data there is the length alone.
    """
    from scenario_runner.conformance.elements import Element
    from scenario_runner.conformance.reader import read_stream

    found = _kept().get(name_of(kind, sop_class_uid))
    if found is None:
        return None
    length, head = found
    file = read_stream(BytesIO(b64decode(head)))
    if length:
        pixels = Element(PIXEL_DATA, "OW", "OW", b"", length, kept=False)
        file.data.elements[PIXEL_DATA] = pixels
    return file


@cache
def _kept() -> dict[str, tuple[int, str]]:
    lines = FILE.read_text(encoding="ascii").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {name: (int(length), head) for name, length, head in rows}
