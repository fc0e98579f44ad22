"""What a scenario asks for becomes the identifier of a C-FIND or C-GET request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters import UTF8, faults, named, parse, unencodable
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.levels import unique_key
from scenario_runner.dicom.private_names import as_tags
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.errors import UsageError
from scenario_runner.language.dicom_text import as_dicom_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import DataElement, Dataset

    from scenario_runner.api.operations import FindRequest, QueryLevel, RetrieveRequest

CharacterSet = str | Sequence[str]
"""One defined term, several joined by backslashes, or a list of them."""

_HEX = re.compile(r"[0-9A-Fa-f]{8}")


def find_identifier(request: FindRequest, character_set: CharacterSet = UTF8) -> Dataset:
    """The identifier of a query; the level's unique key is always asked for.

    character_set: the defined terms used when a value is not ASCII. Raises UsageError for a keyword
    that is none, or a value its VR cannot hold.
    """
    unique = () if request.level == "worklist" else (unique_key(request.level),)
    keys: dict[str, Any] = dict.fromkeys((*unique, *request.usual, *request.returned), "")
    keys.update(request.match)
    return _identifier(request.level, as_tags(keys), character_set)


def retrieve_identifier(request: RetrieveRequest) -> Dataset:
    """The identifier of a retrieve: unique keys only (PS3.4 C.4.3.1.3). Raises UsageError."""
    return _identifier(request.level, request.keys, UTF8)


def attributes(values: Mapping[str, Any], character_set: CharacterSet = UTF8) -> Dataset:
    """A data set of these attributes, with a character set when one is needed. Raises UsageError."""
    from scenario_runner.dicom.datasets import character_sets

    result = _data_set(values)
    given = character_sets(result)
    terms = given or (parse(character_set) if _beyond_ascii(values) else ())
    if terms and not given:
        result.SpecificCharacterSet = list(terms)
    for term, reason in faults(terms):
        raise UsageError(f"'{term}' {reason}", hint="see PS3.3 C.12.1.1.2; ISO_IR 192 is UTF-8")
    for key, vr, text in _texts(result):
        if missing := unencodable(text, vr, terms):
            raise UsageError(
                f"'{text}' of {key} cannot be written in {named(terms)}, which has no {missing}",
                hint="query_character_set under expects, in the site file, says what is written",
            )
    return result


def _texts(data_set: Dataset) -> Iterator[tuple[str, str, str]]:
    """Keyword, VR and value of every text that the character set applies to."""
    from scenario_runner.dicom.datasets import text_of

    for element in data_set:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in vrs.CHARACTER_SET and not isinstance(element.value, bytes):
            yield element.keyword, str(element.VR), text_of(element.value)


def _identifier(level: QueryLevel, keys: Mapping[str, Any], character_set: CharacterSet) -> Dataset:
    identifier = attributes(keys, character_set)
    if level != "worklist":
        identifier.QueryRetrieveLevel = level.upper()
    return identifier


def _data_set(keys: Mapping[str, Any]) -> Dataset:
    from pydicom import Dataset

    result = Dataset()
    for key, value in keys.items():
        result.add(_element(str(key), value))
    return result


def _element(key: str, value: Any) -> DataElement:
    from pydicom import DataElement
    from pydicom.config import IGNORE
    from pydicom.sequence import Sequence as Items

    tag = int(key, 16) if _HEX.fullmatch(key) else tag_for_keyword(key)
    if is_raw(value):
        value = value["raw"]  # what a person wants to send, right or wrong
    if tag is None:
        raise UsageError(
            f"'{key}' is no DICOM keyword",
            hint='use a keyword of PS3.6 such as PatientID, or "(0009,xx01) CREATOR" for a private one',
        )
    vr = vr_of(tag)
    try:
        if vr == "SQ":
            items = [value] if isinstance(value, Mapping) else value or []
            return DataElement(tag, vr, Items(_data_set(item) for item in items))
        # A wildcard, a range or a list is right in a query and wrong in an object: no validation.
        return DataElement(tag, vr, _value(vr, value), validation_mode=IGNORE)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise UsageError(f"'{value}' cannot be a value of {key} ({vr})") from error


def _value(vr: str, value: Any) -> Any:
    several = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    values = [v for v in (value if several else [value]) if v is not None and v != ""]
    if not values:
        return b"" if vr in vrs.BYTES else None
    if vr in vrs.BYTES:
        text = str(values[0]).encode()
        # What a private key means is text to whoever asks; text is made even by a space (PS3.5 6.2).
        return text + b" " * (len(text) % 2)
    converted = [_one(vr, v) for v in values]
    return converted if len(converted) > 1 else converted[0]


def _one(vr: str, value: Any) -> Any:
    if vr in vrs.BINARY_INTEGERS:
        return int(value)
    if vr in vrs.BINARY_REALS:
        return float(value)
    if vr == "AT":
        return int(str(value), 16)
    return as_dicom_text(vr, value)


def _beyond_ascii(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_beyond_ascii, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return any(map(_beyond_ascii, value))
    return not str(value).isascii()
