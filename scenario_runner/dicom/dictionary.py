"""What the data dictionary says of a tag (PS3.6 6), pydicom's, which is loaded when first asked."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> int:
    """The tag of a keyword that is in the dictionary."""
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return int(tag)


@lru_cache(maxsize=16384)
def keyword_of(tag: int) -> str:
    """The keyword of a tag, or its eight hexadecimal digits."""
    from pydicom.datadict import keyword_for_tag

    return keyword_for_tag(tag) or f"{tag:08X}"


@lru_cache(maxsize=16384)
def vrs_of(tag: int) -> tuple[str, ...]:
    """The VRs a tag may have; a private creator is LO (PS3.5 7.8.1); empty when nobody knows."""
    if tag & 0xFFFF == 0:
        return ("UL",)  # group length, PS3.5 7.2
    if tag >> 16 & 1:
        return ("LO",) if 0x10 <= tag & 0xFFFF <= 0xFF else ()
    from pydicom.datadict import dictionary_VR

    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return ()
    return () if vr == "NONE" else tuple(vr.split(" or "))  # NONE: an item, a delimiter


def vr_of(tag: int, written: str = "", *, signed: bool = False) -> str:
    """The VR of an element: as written, else of the dictionary, else UN.

    Of a choice that one which a data set without VRs has (PS3.5 A.1): numbers by Pixel Representation,
    which is ``signed``, and words rather than bytes.
    """
    if written and written != "UN":
        return written
    choice = vrs_of(tag)
    if len(choice) == 1:
        return choice[0]
    if "SS" in choice:
        return "SS" if signed else "US"
    return "OW" if "OB" in choice else choice[0] if choice else "UN"
