"""Which SpecificCharacterSet the values of an object need (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataelem import RawDataElement

from scenario_runner.imaging.encoding.elements import TEXT_VR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydicom import DataElement, Dataset

SINGLE_BYTE = {
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "tis_620",
    "ISO_IR 203": "iso8859_15",
}
"""Defined terms without code extension, in the order they are tried."""

MULTI_BYTE = {
    ("", "ISO 2022 IR 87"): "iso2022_jp",
    ("", "ISO 2022 IR 149"): "euc_kr",
}
"""With code extension: JIS X 0208 for Japanese, KS X 1001 for Korean."""

_CODECS = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 192": "utf_8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO 2022 IR 6": "ascii",
    "ISO 2022 IR 13": "shift_jis",
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 159": "iso2022_jp_2",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 58": "gb2312",
    **SINGLE_BYTE,
    **{term.replace("ISO_IR", "ISO 2022 IR"): codec for term, codec in SINGLE_BYTE.items()},
}


def choose(texts: Iterable[str]) -> tuple[str, ...]:
    """The defined terms for these texts, () when all are ASCII.

    A single-byte set where one holds everything, ISO 2022 for Japanese and Korean, else UTF-8. A
    kanji of which one byte looks like a delimiter (本 holds a backslash) makes it UTF-8 too: readers
    that split values before they decode them would cut it in two.
    """
    characters = {character for text in texts for character in text if not character.isascii()}
    if not characters:
        return ()
    for term, codec in SINGLE_BYTE.items():
        if all(_encodes(character, codec) for character in characters):
            return (term,)
    korean = any("\uac00" <= character <= "\ud7a3" for character in characters)
    for terms, codec in MULTI_BYTE.items():
        # KS X 1001 has kanji too, but a Japanese name has no business in it.
        if codec == "euc_kr" and not korean:
            continue
        if all(_encodes(c, codec) and not _splits(c, codec) for c in characters):
            return terms
    return ("ISO_IR 192",)


def unknown(terms: Sequence[str]) -> list[str]:
    """Those that are no defined terms."""
    return [term for term in terms if term not in _CODECS]


def unencodable(text: str, terms: Sequence[str]) -> str:
    """The characters of text that none of the declared sets can hold."""
    codecs = [_CODECS.get(term, "ascii") for term in terms] or ["ascii"]
    missing = (
        character
        for character in text
        if not character.isascii() and not any(_encodes(character, codec) for codec in codecs)
    )
    return "".join(dict.fromkeys(missing))


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
        elif element.VR in TEXT_VR and element.value:
            for value in element.value if element.VM > 1 else [element.value]:
                yield element, str(value)


def _splits(character: str, codec: str) -> bool:
    """Whether a byte of the character, escape sequences aside, is one of the delimiters."""
    encoded = character.encode(codec)
    inner = encoded[3:-3] if encoded.startswith(b"\x1b") else encoded
    return any(byte in b"\\^=" for byte in inner)


def _encodes(character: str, codec: str) -> bool:
    try:
        return bool(character.encode(codec))
    except UnicodeError:
        return False
