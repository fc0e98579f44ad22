"""``tags`` of a scenario: any attribute by keyword, private ones by creator, raw ones on purpose.

``KEYWORD: value`` sets, ``null`` empties an attribute of Type 2 and leaves out another, a list is a
multi-value, a list of mappings a sequence, ``{raw: value}`` is written unchecked, ``"(0009,xx01) CREATOR": {vr: LO, value: ...}`` is private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.fields.scalars import as_written
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.judged import empty_when_null
from scenario_runner.planning.raw_values import raw_bytes
from scenario_runner.planning.tags import DESCRIBE_PIXELS, fitting_vr, problem_of, values_of

_PRIVATE = re.compile(r"\(([0-9A-Fa-f]{4}),\s*(?:xx|[0-9A-Fa-f]{2})([0-9A-Fa-f]{2})\)\s*(.+)")


class UnusableTagError(ValueError):
    """An override that cannot be applied; ``keyword`` says which, ``hint`` what to do."""

    def __init__(self, keyword: str, message: str, hint: str | None = None) -> None:
        super().__init__(f"{keyword}: {message}")
        self.keyword = keyword
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Applied:
    """What overrides did: which keywords they fixed, which of them against the Standard."""

    keywords: frozenset[str]
    raw: tuple[str, ...]


def apply(dataset: Dataset, tags: Mapping[str, Any], *, encoding: Encoding) -> Applied:
    """Apply overrides to a data set. Raises UnusableTagError for one that makes no sense."""
    raw: list[str] = []
    empty: frozenset[str] = frozenset()
    if None in tags.values():
        empty = empty_when_null(str(dataset.get("SOPClassUID", "")))
    for keyword, value in tags.items():
        known = "" if value is None and keyword in empty else value
        _apply_one(dataset, keyword, known, encoding, raw, top=True)
    return Applied(frozenset(tags), tuple(raw))


def _apply_one(
    dataset: Dataset, keyword: str, value: Any, encoding: Encoding, raw: list[str], *, top: bool
) -> None:
    if match := _PRIVATE.fullmatch(keyword):
        _private(dataset, keyword, match, value, encoding, raw)
        return
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise UnusableTagError(keyword, "is not the keyword of a DICOM attribute", near(keyword))
    if tag >> 16 == 0x0002:
        raise UnusableTagError(
            keyword, "belongs to the file, not to the object, and is always made"
        )
    if value is None:
        dataset.pop(tag, None)
        return
    is_raw = isinstance(value, Mapping) and "raw" in value
    if is_raw and value["raw"] is None:
        raw.append(keyword)
        dataset.pop(tag, None)
        return
    if top and not is_raw and keyword in DESCRIBE_PIXELS:
        raise UnusableTagError(
            keyword,
            "describes the pixels as they are drawn",
            "use 'size', 'frames' or 'phantom', or {raw: ...} for a negative test",
        )
    possible = dictionary_VR(tag).split(" or ")
    vr = possible[0] if is_raw or len(possible) == 1 else fitting_vr(keyword, value, possible)
    if is_raw:
        raw.append(keyword)
        dataset[tag] = _raw(keyword, tag, str(value.get("vr", vr)), value["raw"], encoding)
    else:
        dataset[tag] = _element(keyword, tag, vr, value, encoding, raw)


def _element(
    keyword: str, tag: int, vr: str, value: Any, encoding: Encoding, raw: list[str]
) -> DataElement:
    if vr == "SQ":
        value = [] if value == "" else value
        return DataElement(tag, "SQ", Sequence(_items(keyword, value, encoding, raw)))
    values = values_of(value, vr)
    for each in values:
        if problem := problem_of(keyword, each, vr):
            hint = "write {raw: ...} if the value is wrong on purpose"
            raise UnusableTagError(
                keyword, f"{each!r} is not a value of VR {vr}: {problem.message}", hint
            )
    converted = [_convert(vr, each) for each in values]
    return DataElement(
        tag,
        vr,
        converted if len(converted) > 1 else converted[0] if converted else None,
        validation_mode=IGNORE,
    )


def _items(keyword: str, value: Any, encoding: Encoding, raw: list[str]) -> list[Dataset]:
    items = value if isinstance(value, list) else [value]
    made = []
    for item in items:
        if not isinstance(item, Mapping):
            raise UnusableTagError(
                keyword, "is a sequence: write a list of {KEYWORD: value} mappings"
            )
        dataset = Dataset()
        for inner, inner_value in item.items():
            _apply_one(dataset, str(inner), inner_value, encoding, raw, top=False)
        made.append(dataset)
    return made


def _private(
    dataset: Dataset,
    keyword: str,
    match: re.Match[str],
    value: Any,
    encoding: Encoding,
    raw: list[str],
) -> None:
    """A private attribute in its creator's block (PS3.5 7.8.1)."""
    group, offset, creator = int(match[1], 16), int(match[2], 16), match[3].strip()
    if group % 2 == 0 or group <= 0x0008:
        raise UnusableTagError(keyword, "a private group number is odd and above 0008")
    try:
        block = dataset.private_block(group, creator, create=value is not None)
    except KeyError:
        return
    tag = block.get_tag(offset)
    if value is None:
        dataset.pop(tag, None)
        return
    if not isinstance(value, Mapping) or not ({"value", "raw"} & set(value)):
        value = {"vr": "LO", "value": value}
    vr = str(value.get("vr", "LO"))
    if vr not in vrs.ALL:
        raise UnusableTagError(keyword, f"'{vr}' is not a value representation")
    if "raw" in value:
        raw.append(keyword)
        dataset[tag] = _raw(keyword, tag, vr, value["raw"], encoding)
    else:
        dataset[tag] = _element(keyword, tag, vr, value["value"], encoding, raw)


def _convert(vr: str, value: Any) -> Any:
    """What YAML gave as the type that the VR has."""
    if vr in vrs.BINARY_INTEGERS:
        return int(value)
    if vr in vrs.BINARY_REALS:
        return float(value)
    text = str("" if value is None else as_written(value))
    if vr == "AT":
        return Tag(int(text.strip("()").replace(",", ""), 16))
    return vrs.pad(bytes.fromhex(text), vr) if vr in vrs.BYTES else text


def _raw(keyword: str, tag: int, vr: str, value: Any, encoding: Encoding) -> RawDataElement:
    """Bytes as given, only made even in length."""
    try:
        data = raw_bytes(value, vr, encoding.order)
    except ValueError as error:
        raise UnusableTagError(keyword, str(error), "write its bytes: {raw: 'hex:FFFF'}") from None
    data = vrs.pad(data, vr)
    return RawDataElement(Tag(tag), vr, len(data), data, 0, encoding.implicit, True)


def near(keyword: str) -> str | None:
    """A hint at the keyword that may have been meant."""
    found = get_close_matches(keyword, keyword_dict, 1)
    return f"did you mean '{found[0]}'?" if found else None
