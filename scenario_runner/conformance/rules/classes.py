"""SOP classes by family, and which Modality goes with them (PS3.3 annex A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import registered
from scenario_runner.dicom.sop_classes import MEDIA_STORAGE_DIRECTORY, STORAGE_ARC

if TYPE_CHECKING:
    from scenario_runner.conformance.elements import Items


MODALITIES: dict[str, frozenset[str]] = {
    STORAGE_ARC + "1": frozenset({"CR", "MG", "RG", "DX", "PX", "IO"}),
    STORAGE_ARC + "1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE_ARC + "1.1.1": frozenset({"DX", "RG", "PX"}),
    STORAGE_ARC + "1.2": frozenset({"MG"}),
    STORAGE_ARC + "1.2.1": frozenset({"MG"}),
    STORAGE_ARC + "1.3": frozenset({"IO"}),
    STORAGE_ARC + "1.3.1": frozenset({"IO"}),
    STORAGE_ARC + "2": frozenset({"CT"}),
    STORAGE_ARC + "2.1": frozenset({"CT"}),
    STORAGE_ARC + "3.1": frozenset({"US"}),
    STORAGE_ARC + "4": frozenset({"MR"}),
    STORAGE_ARC + "4.1": frozenset({"MR"}),
    STORAGE_ARC + "6.1": frozenset({"US"}),
    STORAGE_ARC + "11.1": frozenset({"PR"}),
    STORAGE_ARC + "12.1": frozenset({"XA"}),
    STORAGE_ARC + "12.2": frozenset({"RF"}),
    STORAGE_ARC + "13.1.3": frozenset({"MG"}),
    STORAGE_ARC + "20": frozenset({"NM"}),
    STORAGE_ARC + "77.1.1": frozenset({"ES"}),
    STORAGE_ARC + "77.1.2": frozenset({"GM"}),
    STORAGE_ARC + "77.1.4": frozenset({"XC"}),
    STORAGE_ARC + "88.11": frozenset({"SR"}),
    STORAGE_ARC + "88.22": frozenset({"SR"}),
    STORAGE_ARC + "88.33": frozenset({"SR"}),
    STORAGE_ARC + "88.59": frozenset({"KO"}),
    STORAGE_ARC + "128": frozenset({"PT"}),
    STORAGE_ARC + "130": frozenset({"PT"}),
}
"""SOP class to the modalities its IOD allows; a class that is not here allows any."""

CR = (STORAGE_ARC + "1",)
DX = (STORAGE_ARC + "1.1", STORAGE_ARC + "1.1.1")
MG = (STORAGE_ARC + "1.2", STORAGE_ARC + "1.2.1")
IO = (STORAGE_ARC + "1.3", STORAGE_ARC + "1.3.1")
CT, MR, PT = (STORAGE_ARC + "2",), (STORAGE_ARC + "4",), (STORAGE_ARC + "128",)
NM = (STORAGE_ARC + "20",)
US = (STORAGE_ARC + "6.1", STORAGE_ARC + "3.1")
XA, RF = (STORAGE_ARC + "12.1",), (STORAGE_ARC + "12.2",)
SC = tuple(STORAGE_ARC + n for n in ("7", "7.1", "7.2", "7.3", "7.4"))
VL = tuple(STORAGE_ARC + n for n in ("77.1.1", "77.1.2", "77.1.4"))
"""Endoscopic, microscopic and photographic images of visible light, single frames."""
SR = tuple(STORAGE_ARC + n for n in ("88.11", "88.22", "88.33"))
"""Basic Text, Enhanced and Comprehensive."""
KO, PR, PDF = (STORAGE_ARC + "88.59",), (STORAGE_ARC + "11.1",), (STORAGE_ARC + "104.1",)
TOMOSYNTHESIS = (STORAGE_ARC + "13.1.3",)
ENHANCED = (STORAGE_ARC + "2.1", STORAGE_ARC + "4.1", *TOMOSYNTHESIS)
"""Of those with functional groups the ones in a frame of reference that we make."""
ENHANCED_MR = (STORAGE_ARC + "4.1",)
ENHANCED_ORIGINAL = (STORAGE_ARC + "2.1", *ENHANCED_MR)
"""Enhanced CT and MR, but for what was converted from objects of single frames."""
SEGMENTATION = (STORAGE_ARC + "66.4", STORAGE_ARC + "66.7")
"""By bits or fractions, and by labels."""
PARAMETRIC_MAP = (STORAGE_ARC + "30",)
CONVERTED = (STORAGE_ARC + "2.2", STORAGE_ARC + "4.4", STORAGE_ARC + "128.1")
"""Enhanced CT, MR and PET that were made of single frames."""
DX_FAMILY = (*DX, *MG, *IO)
"""For presentation and for processing alike."""


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
    return sop_class != MEDIA_STORAGE_DIRECTORY and not any(word in name for word in without)


def is_image(sop_class: str, data: Items) -> bool:
    """Whether the Image Pixel Module is due: an image class, or an object that says it has rows."""
    if data.get("FloatPixelData") is not None or data.get("DoubleFloatPixelData") is not None:
        return False
    name, _ = registered(sop_class)
    return ("Image" in name and "Storage" in name) or data.get("Rows") is not None
