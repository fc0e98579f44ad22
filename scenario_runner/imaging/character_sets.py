"""Which SpecificCharacterSet the values of an object need (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataelem import RawDataElement

from scenario_runner.dicom.vrs import CHARACTER_SET
from scenario_runner.planning.character_sets import SINGLE_BYTE, encodes, unencodable, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydicom import DataElement, Dataset

__all__ = ["MULTI_BYTE", "SINGLE_BYTE", "choose", "texts", "unencodable", "unknown"]

MULTI_BYTE = {
    ("", "ISO 2022 IR 87"): "iso2022_jp",
    ("", "ISO 2022 IR 149"): "euc_kr",
}
"""With code extension: JIS X 0208 for Japanese, KS X 1001 for Korean."""


def choose(texts: Iterable[str]) -> tuple[str, ...]:
    """The defined terms for these texts, () when all are ASCII.

    A single-byte set where one holds everything, ISO 2022 for Japanese and Korean, else UTF-8. A
    kanji of which one byte is a backslash (本) makes it UTF-8 too: readers that split values before they
    decode them would cut it in two. So does a name that its escape sequences make longer than 64 bytes,
    which some readers take for the limit of a name.
    """
    texts = list(texts)
    characters = {character for text in texts for character in text if not character.isascii()}
    if not characters:
        return ()
    for term, codec in SINGLE_BYTE.items():
        if all(encodes(character, codec) for character in characters):
            return (term,)
    korean = any("\uac00" <= character <= "\ud7a3" for character in characters)
    for terms, codec in MULTI_BYTE.items():
        # KS X 1001 has kanji too, but a Japanese name has no business in it.
        if codec == "euc_kr" and not korean:
            continue
        held = all(encodes(c, codec) and not _splits(c, codec) for c in characters)
        if held and not any(_grows(text, codec) for text in texts):
            return terms
    return ("ISO_IR 192",)


def texts(dataset: Dataset) -> Iterator[tuple[DataElement, str]]:
    """Every text that the character set applies to, items of sequences included; raw values are not.

    Asking a data set for a raw value would decode it, so those are passed over.
    """
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from texts(item)
        elif element.VR in CHARACTER_SET and element.value:
            for value in element.value if element.VM > 1 else [element.value]:
                yield element, str(value)


def _grows(text: str, codec: str) -> bool:
    """Whether a person name is over 64 bytes with its escape sequences; some readers count those."""
    return "^" in text and len(text.encode(codec, "replace")) > 64


def _splits(character: str, codec: str) -> bool:
    """Whether a byte of the character, escape sequences aside, is a backslash.

    Readers cut values there before they decode them; ``^`` and ``=`` they look for in decoded text.
    """
    encoded = character.encode(codec)
    inner = encoded[3:-3] if encoded.startswith(b"\x1b") else encoded
    return b"\\" in inner
