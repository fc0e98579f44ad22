"""SOP classes by family, and which Modality goes with them (PS3.3 annex A)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.conformance.elements import Items

STORAGE = "1.2.840.10008.5.1.4.1.1."
DICOMDIR = "1.2.840.10008.1.3.10"

MODALITIES: dict[str, frozenset[str]] = {
    STORAGE + "1": frozenset({"CR", "MG", "RG", "DX", "PX", "IO"}),
    STORAGE + "1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE + "1.1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE + "1.2": frozenset({"MG"}),
    STORAGE + "1.2.1": frozenset({"MG"}),
    STORAGE + "1.3": frozenset({"IO"}),
    STORAGE + "1.3.1": frozenset({"IO"}),
    STORAGE + "2": frozenset({"CT"}),
    STORAGE + "2.1": frozenset({"CT"}),
    STORAGE + "3.1": frozenset({"US"}),
    STORAGE + "4": frozenset({"MR"}),
    STORAGE + "4.1": frozenset({"MR"}),
    STORAGE + "6.1": frozenset({"US"}),
    STORAGE + "11.1": frozenset({"PR"}),
    STORAGE + "12.1": frozenset({"XA"}),
    STORAGE + "12.2": frozenset({"RF"}),
    STORAGE + "13.1.3": frozenset({"MG"}),
    STORAGE + "20": frozenset({"NM"}),
    STORAGE + "77.1.1": frozenset({"ES"}),
    STORAGE + "77.1.2": frozenset({"GM"}),
    STORAGE + "77.1.4": frozenset({"XC"}),
    STORAGE + "88.11": frozenset({"SR"}),
    STORAGE + "88.22": frozenset({"SR"}),
    STORAGE + "88.33": frozenset({"SR"}),
    STORAGE + "88.59": frozenset({"KO"}),
    STORAGE + "128": frozenset({"PT"}),
    STORAGE + "130": frozenset({"PT"}),
}
"""SOP class to the modalities its IOD allows; a class that is not here allows any."""

CR = (STORAGE + "1",)
DX = (STORAGE + "1.1", STORAGE + "1.1.1")
MG = (STORAGE + "1.2", STORAGE + "1.2.1")
IO = (STORAGE + "1.3", STORAGE + "1.3.1")
CT, MR, PT = (STORAGE + "2",), (STORAGE + "4",), (STORAGE + "128",)
NM = (STORAGE + "20",)
US = (STORAGE + "6.1", STORAGE + "3.1")
XA, RF = (STORAGE + "12.1",), (STORAGE + "12.2",)
SC = tuple(STORAGE + n for n in ("7", "7.1", "7.2", "7.3", "7.4"))
VL = tuple(STORAGE + n for n in ("77.1.1", "77.1.2", "77.1.4"))
"""Endoscopic, microscopic and photographic images of visible light, single frames."""
SR = tuple(STORAGE + n for n in ("88.11", "88.22", "88.33"))
"""Basic Text, Enhanced and Comprehensive."""
KO, PR, PDF = (STORAGE + "88.59",), (STORAGE + "11.1",), (STORAGE + "104.1",)
TOMOSYNTHESIS = (STORAGE + "13.1.3",)
ENHANCED = (STORAGE + "2.1", STORAGE + "4.1", *TOMOSYNTHESIS)
"""Of those with functional groups the ones in a frame of reference that we make."""
DX_FAMILY = (*DX, *MG, *IO)
"""For presentation and for processing alike."""


@lru_cache(maxsize=256)
def uid_name(sop_class: str) -> tuple[str, str]:
    """Name and kind (``SOP Class``) of a UID of the Standard, empty when it is none."""
    from pydicom import config
    from pydicom.uid import UID

    found = UID(sop_class, config.IGNORE)
    return (found.name, found.type) if found.type else ("", "")


def composite(sop_class: str, name: str) -> bool:
    """Whether instances of the class belong to a patient: not templates, protocols or palettes."""
    without = (
        "Hanging",
        "Palette",
        "Implant",
        "Defined Procedure Protocol",
        "Approval",
        "Inventory",
    )
    return sop_class != DICOMDIR and not any(word in name for word in without)


def is_image(sop_class: str, data: Items) -> bool:
    """Whether the Image Pixel Module is due: an image class, or an object that says it has rows."""
    if data.get("FloatPixelData") is not None or data.get("DoubleFloatPixelData") is not None:
        return False
    name, _ = uid_name(sop_class)
    return ("Image" in name and "Storage" in name) or data.get("Rows") is not None
