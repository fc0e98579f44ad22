"""Which SOP classes a series of a modality is likely to hold, for a PACS that tells no more than the modality.

From the IODs of PS3.3 annex A that allow the modality, current and retired; a few of each, since every
one of them needs presentation contexts.
"""

from __future__ import annotations

from typing import Final

from scenario_runner.dicom.sop_classes import STORAGE_ARC

_SECONDARY_CAPTURE: Final = ("7", "7.2", "7.4")
"""Of any modality: single frame, multi-frame grayscale byte and true colour."""
_IMAGES: Final = {
    "BI": ("77.1.4",),
    "BMD": ("7",),
    "CR": ("1", "1.1"),
    "CT": ("2", "2.1", "2.2"),
    "DX": ("1.1", "1.1.1", "1"),
    "ECG": ("9.1.1", "9.1.2", "9.1.3"),
    "ES": ("77.1.1", "77.1.1.1", "77.1.4"),
    "GM": ("77.1.2", "77.1.2.1"),
    "IO": ("1.3", "1.3.1", "1"),
    "IVOCT": ("14.1", "14.2"),
    "IVUS": ("3.1", "6.1"),
    "MG": ("1.2", "1.2.1", "13.1.3"),
    "MR": ("4", "4.1", "4.2"),
    "NM": ("20",),
    "OP": ("77.1.5.1", "77.1.5.2", "77.1.4"),
    "OPT": ("77.1.5.4",),
    "PT": ("128", "130", "128.1"),
    "PX": ("1.1", "1.1.1", "1"),
    "RF": ("12.2", "12.2.1", "12.1"),
    "RG": ("1", "1.1"),
    "RTDOSE": ("481.2",),
    "RTIMAGE": ("481.1",),
    "SEG": ("66.4",),
    "SM": ("77.1.6", "77.1.2"),
    "US": ("6.1", "3.1", "6", "3"),
    "XA": ("12.1", "12.1.1", "13.1.1"),
    "XC": ("77.1.4", "77.1.4.1"),
}
_DOCUMENTS: Final = {
    "AU": ("9.4.1",),
    "DOC": ("104.1", "104.2", "104.3"),
    "KO": ("88.59",),
    "M3D": ("104.3", "104.4", "104.5"),
    "PR": ("11.1", "11.2", "11.3", "11.4"),
    "REG": ("66.1", "66.3"),
    "RTPLAN": ("481.5", "481.8"),
    "RTRECORD": ("481.4", "481.6", "481.7", "481.9"),
    "RTSTRUCT": ("481.3",),
    "SR": ("88.11", "88.22", "88.33", "88.34", "88.50", "88.65", "88.67", "88.40"),
}
"""Without pixels, so never compressed."""


def likely_classes(modality: str) -> tuple[str, ...]:
    """SOP class UIDs, the likeliest first; of any other modality secondary captures."""
    if modality in _DOCUMENTS:
        return tuple(STORAGE_ARC + end for end in _DOCUMENTS[modality])
    own = (*_IMAGES.get(modality, ()), *_SECONDARY_CAPTURE)
    return tuple(STORAGE_ARC + end for end in dict.fromkeys(own))


def is_known(modality: str) -> bool:
    """Whether a modality says anything about the SOP classes of its series."""
    return modality in _IMAGES or modality in _DOCUMENTS


def has_pixels(modality: str) -> bool:
    """Whether what is likely of a modality can be compressed."""
    return modality not in _DOCUMENTS
