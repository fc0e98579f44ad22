"""pydicom's data sets from bytes and to bytes (PS3.5 7.1), text by our codec instead of pydicom's.

pydicom 3.0.2 does not know Latin alphabet No. 9, writes GB 2312 without its escape sequences, divides
values before it decodes them, and turns what a set lacks into question marks.
"""

from __future__ import annotations

import contextlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom import DataElement, Dataset, charset, dcmread
from pydicom.config import IGNORE
from pydicom.datadict import private_dictionary_VR
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_data_element
from pydicom.tag import BaseTag
from pydicom.uid import UID

from scenario_runner.dicom import element_writing, vrs
from scenario_runner.dicom.characters import (
    SPECIFIC_CHARACTER_SET,
    UTF8,
    decode,
    encode,
    parse,
)
from scenario_runner.dicom.dictionary import vr_of, vrs_of
from scenario_runner.dicom.element_heads import UNDEFINED
from scenario_runner.dicom.elements import DamagedDatasetError, HeadReader, inflate, inflate_header
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.rewriting import rewritten
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE, EXPLICIT_LE, encoding_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from scenario_runner.dicom.syntaxes import Encoding

_HEAD = 1 << 16
_GROUP_LENGTH_OF_COMMANDS = 0x00000000
_FIRST_ITEM = b"\xfe\xff\x00\xe0"

# pydicom warns of a term that is not in its table whenever it opens a data set with it.
charset.python_encoding.setdefault("ISO_IR 203", "iso8859_15")
charset.python_encoding.setdefault("ISO 2022 IR 203", "iso8859_15")


def read_file(file: str | Path | BinaryIO, **how: Any) -> Dataset:
    """A DICOM file with its text decoded. how, and what is raised: as of ``open_file``."""
    return decode_texts(open_file(file, **how))


def open_file(file: str | Path | BinaryIO, **how: Any) -> Dataset:
    """A DICOM file, also one without preamble, file meta information or transfer syntax in it.

    What is deflated is inflated here, bounded. how, and what is raised: as of pydicom's ``dcmread``;
    DamagedDatasetError for what cannot be inflated.
    """
    header = bool(how.get("stop_before_pixels"))
    if isinstance(file, str | Path):
        with Path(file).open("rb") as opened:
            expected, syntax = _as_expected(opened, header=header)
    else:
        expected, syntax = _as_expected(file, header=header)
    dataset = dcmread(expected or file, **how)
    if expected is not None:
        # pydicom keeps what it read from; all that is needed of it is in the data set by now.
        dataset.buffer = None
    # Of zero bytes after the data set pydicom makes an element, which no data set can have.
    dataset.pop(_GROUP_LENGTH_OF_COMMANDS, None)
    if syntax is not None:
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
    return dataset


def _as_expected(stream: BinaryIO, *, header: bool) -> tuple[BinaryIO | None, str | None]:
    """The file again as pydicom reads it, and in which transfer syntax it is.

    header: no more of it than stands before the pixels need be there. None and None when pydicom reads
    it as it is, or nobody does.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    try:
        meta = read_meta(head)
    except DamagedDatasetError:
        return None, None
    if meta.is_plain:
        return None, None
    content = stream.read()
    stream.seek(0)
    before, data = content[: meta.data_offset], content[meta.data_offset :]
    said = read_as = meta.transfer_syntax_uid
    if said == DEFLATED:
        data, read_as = inflate_header(data) if header else inflate(data), EXPLICIT_LE
    elif said == EXPLICIT_BE and b"UN" in data:
        # pydicom 3.0.2 takes what is UN there for Big Endian (PS3.5 6.2.2).
        with contextlib.suppress(DamagedDatasetError):
            data = rewritten(data, encoding_of(said), encoding_of(said))
    if read_as != said or not meta.is_part10 or not meta.says_syntax:
        before = file_meta(meta.sop_class_uid, meta.sop_instance_uid, read_as)
    return BytesIO(before + data), said


def raw_dataset(data: bytes, encoding: Encoding) -> Dataset:
    """A data set of bytes without meta information, no value looked at, as pydicom's reader leaves it.

    Half as long as pydicom needs, for the thousand small answers of a query; what is more than plain
    elements is left to it. Raises whatever pydicom does for bytes that are no data set.
    """
    found: dict[BaseTag, RawDataElement] = {}
    reader = HeadReader(data, encoding)
    at, end = 0, len(data)
    try:
        while at < end:
            tag, vr, length, inside = reader.head(at)
            at = inside + length
            if at > end:
                break
            found[BaseTag(tag)] = RawDataElement(
                BaseTag(tag),
                vr or None,
                length,
                data[inside:at] if length else None,
                inside,
                encoding.implicit,
                encoding.little,
            )
    except DamagedDatasetError:
        at = -1
    if at != end:
        return read_dataset(BytesIO(data), encoding.implicit, encoding.little)
    declared = found.get(BaseTag(SPECIFIC_CHARACTER_SET))
    names = (
        charset.convert_encodings(convert_raw_data_element(declared).value) if declared else None
    )
    dataset = Dataset({**found})
    dataset.set_original_encoding(
        encoding.implicit, encoding.little, names or charset.default_encoding
    )
    return dataset


def decode_texts(dataset: Dataset, terms: Sequence[str] = ()) -> Dataset:
    """Decode every text that is not ASCII, items of sequences included; the data set itself comes back.

    terms: the character sets where the data set declares none. Everything else stays as it is, raw or
    not; so does a sequence that pydicom cannot read.
    """
    terms = character_sets(dataset) or tuple(terms)
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if not isinstance(element, RawDataElement):
            if element.VR == "SQ":
                for item in element.value or ():
                    decode_texts(item, terms)
            continue
        vr = _vr(dataset, element)
        if vr == "SQ":
            for item in _items(dataset, element):
                decode_texts(item, terms)
        elif vr in vrs.CHARACTER_SET and element.value:
            text = decode(element.value, vr, terms)
            if not _is_same(element.value, text):
                dataset[tag] = DataElement(tag, vr, _values(text, vr), validation_mode=IGNORE)
    return dataset


def character_sets(dataset: Dataset) -> tuple[str, ...]:
    """The defined terms that a data set declares; () when it declares none."""
    if SPECIFIC_CHARACTER_SET not in dataset:
        return ()
    return parse(dataset.get_item(SPECIFIC_CHARACTER_SET).value)


def text_of(value: Any) -> str:
    """A value as pydicom has it as one text, several joined by backslashes."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) or (hasattr(value, "__iter__") and not hasattr(value, "components")):
        return "\\".join("" if one is None else str(one) for one in value)
    return str(value)


def in_utf8(data: bytes, transfer_syntax_uid: str) -> bytes:
    """An encoded data set with all its text in UTF-8, which holds any, and declared so.

    Everything but text stays as it is. What is deflated comes back inflated. Raises
    DamagedDatasetError.
    """
    dataset = read_file(BytesIO(file_meta("", "", transfer_syntax_uid) + data))
    pixels = dataset.get_item("PixelData") if "PixelData" in dataset else None
    if isinstance(pixels, RawDataElement) and pixels.length == UNDEFINED:
        # A raw element does not keep that its length is undefined, as that of encapsulated pixels is.
        _ = dataset["PixelData"]
    _declare_utf8(dataset)
    return encode_dataset(dataset, encoding_of(transfer_syntax_uid), (UTF8,))


def _declare_utf8(dataset: Dataset, *, item: bool = False) -> None:
    """Declare UTF-8, in items where they declare something else."""
    if SPECIFIC_CHARACTER_SET in dataset or not item:
        dataset.SpecificCharacterSet = UTF8
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        if not element.is_raw and element.VR == "SQ":
            for inner in element.value or ():
                _declare_utf8(inner, item=True)


def encoded_text(value: Any, vr: str, terms: Sequence[str]) -> bytes:
    """A text value as pydicom has it, encoded but not padded; bytes are taken as they are.

    Raises UnencodableError.
    """
    return value if isinstance(value, bytes) else encode(text_of(value), vr, terms)


def encode_dataset(dataset: Dataset, encoding: Encoding, terms: Sequence[str]) -> bytes:
    """All elements in ascending order, explicit-length sequences, without preamble or group 0002.

    terms: defined terms of the character sets. Raw elements go in as they are, which pydicom's own
    ``write_dataset`` would not do. Values of bytes are little endian, and swapped where needed.
    """
    parts: list[bytes] = []
    for tag in sorted(dataset.keys()):
        element = dataset.get_item(tag)
        if element.is_raw:
            value = bytes(element.value or b"")
            parts.append(element_writing.element(tag, str(element.VR), value, encoding))
        elif element.VR == "SQ":
            items = b"".join(encode_item(item, encoding, terms) for item in element.value)
            parts.append(element_writing.element(tag, "SQ", items, encoding))
        else:
            parts.append(encode_element(element, encoding, terms))
    return b"".join(parts)


def encode_item(dataset: Dataset, encoding: Encoding, terms: Sequence[str]) -> bytes:
    """An item of a sequence, of defined length; in its own character sets where it declares them."""
    encoded = encode_dataset(dataset, encoding, character_sets(dataset) or terms)
    return element_writing.item(encoded, little=encoding.little)


def encode_element(element: DataElement, encoding: Encoding, terms: Sequence[str]) -> bytes:
    """An element that is decoded and no sequence; all but text by pydicom. Raises UnencodableError."""
    vr = str(element.VR)
    if vr in vrs.CHARACTER_SET:
        value = vrs.pad(encoded_text(element.value, vr, terms), vr)
        return element_writing.element(int(element.tag), vr, value, encoding)
    if not encoding.little and isinstance(element.value, bytes):
        # pydicom writes such values as they are, whatever the byte order.
        element = DataElement(
            element.tag, element.VR, vrs.swapped(element.value, element.VR), validation_mode=IGNORE
        )
    stream = DicomBytesIO()
    stream.is_implicit_VR = encoding.implicit
    stream.is_little_endian = encoding.little
    write_data_element(stream, element, ["ISO_IR 6"])
    return stream.getvalue()


def _vr(dataset: Dataset, element: RawDataElement) -> str:
    """The VR as written, else the dictionary's, private ones by their creator; UN when nobody knows."""
    vr = vr_of(int(element.tag), str(element.VR or ""))
    if vr != "UN" or not element.tag.is_private:
        return vr
    block = (element.tag.group, element.tag.element >> 8)
    if block not in dataset:
        return vr
    creator = dataset.get_item(block).value
    name = creator.decode("latin-1") if isinstance(creator, bytes) else text_of(creator)
    try:
        return private_dictionary_VR(element.tag, name.strip(" \0"))
    except KeyError:
        return vr


def with_values(element: DataElement) -> DataElement:
    """An element whose value was too long for its VR in Explicit VR, and so came as UN, with its values (PS3.5 6.2.2).

    pydicom 3.0.2 reads UN by the dictionary up to 64 KB alone, which is what never needs to be UN: the contour
    of thousands of points stays bytes. Whatever else came as UN is handed back as it is.
    """
    if element.VR != "UN" or not isinstance(element.value, bytes):
        return element
    choice = vrs_of(int(element.tag))
    if len(choice) != 1 or choice[0] in vrs.LONG or choice[0] in vrs.CHARACTER_SET:
        return element
    value = element.value
    raw = RawDataElement(element.tag, choice[0], len(value), value, 0, True, True)
    try:
        return convert_raw_data_element(raw)
    except Exception:  # noqa: BLE001 - the decoder raises whatever a damaged value leads it into
        return element


def _items(dataset: Dataset, element: RawDataElement) -> list[Dataset]:
    tag = element.tag
    try:
        if dataset[tag].VR == "UN":
            # What came as UN pydicom 3.0.2 reads by the dictionary up to 64 KB alone. It is Implicit VR (PS3.5 6.2.2).
            if not (element.value or b"").startswith(_FIRST_ITEM):
                return []
            dataset[tag] = element._replace(VR="SQ", is_implicit_VR=True, is_little_endian=True)
        return list(dataset[tag].value or ())
    except Exception:  # noqa: BLE001 - the decoder raises whatever hostile bytes lead it into
        dataset[tag] = element
        return []


def _is_same(value: bytes, text: str) -> bool:
    """Whether pydicom would read the same: ASCII without an escape sequence."""
    return text.isascii() and len(text) == len(value)


def _values(text: str, vr: str) -> str | list[str]:
    if vr in vrs.ONE_TEXT:
        return text.rstrip(" \0")
    values = [value.rstrip(" \0") for value in text.split("\\")]
    return values if len(values) > 1 else values[0]
