"""The query parameters of QIDO-RS as keys that the archive matches (PS3.18 8.3.4, 10.6.1)."""

from __future__ import annotations

import re
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from scenario_runner.archive import private
from scenario_runner.archive.attributes import BY_KEYWORD, BY_TAG
from scenario_runner.archive.combined_keys import combined
from scenario_runner.archive.keys import Key
from scenario_runner.archive.periods import is_offset
from scenario_runner.dicom.dictionary import tag_for_keyword, tag_of, vr_of
from scenario_runner.dicom.element_text import split
from scenario_runner.dicom.levels import (
    ATTRIBUTES,
    COMPUTED,
    LEVELS,
    UNIQUE_KEY,
    Level,
    levels_down_to,
)
from scenario_runner.dicom.matching import RANGE_VRS, is_moment, matcher
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.desk import WebError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scenario_runner.archive.attributes import Attribute

_RETURNED: Final[dict[Level, tuple[str, ...]]] = {
    "STUDY": (
        "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName",
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
        "StudyDescription", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
        "TimezoneOffsetFromUTC",
    ),
    "SERIES": (
        "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber",
        "NumberOfSeriesRelatedInstances", "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime", "RequestAttributesSequence", "TimezoneOffsetFromUTC",
    ),
    "IMAGE": (
        "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated",
        "NumberOfFrames", "TimezoneOffsetFromUTC",
    ),
}  # fmt: skip
"""What is always answered at a level (PS3.18 tables 10.6.3-3 to 10.6.3-5), and the study's description."""
_NOT_KEYS: Final = frozenset(("accept", "charset"))
_OF_A_REQUEST: Final = tuple(map(tag_of, ("ScheduledProcedureStepID", "RequestedProcedureID")))
"""What is answered of RequestAttributesSequence (PS3.18 table 10.6.3-4)."""
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_META_GROUP: Final = 0x0002
_PLURAL: Final = {
    "PATIENT": "patients",
    "STUDY": "studies",
    "SERIES": "series",
    "IMAGE": "instances",
}
_MOMENTS: Final = {
    "DA": "a day such as 20240229",
    "TM": "a time such as 0930",
    "DT": "a moment such as 20240229093000",
}
_LARGEST: Final = 10**9
_DEEPEST: Final = 8
NO_FUZZY_MATCHING: Final = (
    "The fuzzymatching parameter is not supported. Only literal matching has been performed."
)


@dataclass(slots=True)
class Search:
    """A query understood. keys: what is matched, and what is answered without being matched."""

    level: Level
    keys: list[Key] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    zone: str = ""
    """The offset from UTC that its dates and times are in (TimezoneOffsetFromUTC)."""
    everything: bool = False
    """Whether ``includefield=all`` was given."""
    warnings: list[str] = field(default_factory=list)


def search_of(
    level: Level, above: Iterable[tuple[str, str]], query: Iterable[tuple[str, str]]
) -> Search:
    """Understand a request. above: keyword and UID of each resource in the path.

    A parameter that is not known is left out of account, and a warning says so (PS3.18 8.3). Raises
    WebError 400 for one that is known and wrong, and says how.
    """
    search = Search(level)
    path = dict(above)
    keys: dict[int, Key] = {}
    included: list[str] = list(_standard(level, path))
    for keyword, uid in path.items():
        _add(keys, _key(keyword, [tag_of(keyword)], uid))
    for name, text in query:
        if name == "includefield":
            included += [word for word in text.split(",") if word]
        elif name not in _NOT_KEYS and not _is_about_paging(search, name, text):
            key = _matched(search, name, text)
            if key is not None:
                _add(keys, key)
    search.everything = "all" in included
    for word in included:
        if word != "all":
            _include(search, keys, word)
    if search.everything:
        for keyword in _indexed(level):
            tag = BY_KEYWORD[keyword].tag
            keys.setdefault(tag, Key(tag, BY_KEYWORD[keyword].vr))
    search.keys = combined(map(partial(_owned, keys), keys.values()))
    return search


def _owned(keys: Mapping[int, Key], key: Key) -> Key:
    """A private key with who it is of, by the key of the block's creator (PS3.5 7.8.1)."""
    if private.is_owned(key.tag):
        creator = keys.get(key.tag & 0xFFFF0000 | key.tag >> 8 & 0xFF)
        name = creator.values[0] if creator is not None and creator.values else ""
        return replace(key, creator=name)
    if not private.is_creator(key.tag) or not key.values:
        return key
    block = key.tag & 0xFFFF0000 | (key.tag & 0xFF) << 8
    owns = any(one & 0xFFFFFF00 == block for one in keys)
    return replace(key, test=None) if owns else replace(key, creator=key.values[0])


def _is_about_paging(search: Search, name: str, text: str) -> bool:
    """Whether a parameter is none of an attribute, but of the search; it is noted then."""
    if name == "limit":
        search.limit = _number(name, text)
    elif name == "offset":
        search.offset = _number(name, text)
    elif name in ("TimezoneOffsetFromUTC", "00080201"):
        search.zone = _offset(name, text)
    elif name == "fuzzymatching":
        if _truth(name, text):
            search.warnings.append(NO_FUZZY_MATCHING)
    else:
        return False
    return True


def _standard(level: Level, path: dict[str, str]) -> Iterator[str]:
    """What is answered unasked: of the level, and of those above that the path does not name."""
    for one in levels_down_to(level)[1:]:
        yield UNIQUE_KEY[one]  # Retrieve URL is made of them
        if one == level or UNIQUE_KEY[one] not in path:
            yield from _RETURNED[one]


def _indexed(level: Level) -> Iterator[str]:
    for one in levels_down_to(level):
        yield from ATTRIBUTES[one]
        yield from (name for name, owner in COMPUTED.items() if owner == one)


def _matched(search: Search, name: str, text: str) -> Key | None:
    """The key that a parameter is; None for one that is not known."""
    parts = name.split(".")
    if len(parts) > _DEEPEST:
        raise WebError(400, f"'{name[:80]}' goes too deep")
    tags = [tag for part in parts if (tag := _tag(part)) is not None]
    if len(tags) < len(parts):
        search.warnings.append(
            f"The parameter '{name[:80]}' is not known and was ignored; attributes are given by their "
            "keyword (PatientID) or tag (00100020)."
        )
        return None
    attribute = BY_TAG.get(tags[0])
    if attribute is not None and attribute.level not in levels_down_to(search.level):
        search.warnings.append(_of_a_level_below(name, attribute, search.level))
        return None
    return _key(name, tags, text)


def _of_a_level_below(name: str, attribute: Attribute, level: Level) -> str:
    """PS3.18 10.6.1.2.1 has keys of the level that is searched and of those above; others are not supported."""
    ask = "; ModalitiesInStudy is what a search for studies has" if name == "Modality" else ""
    return (
        f"The parameter '{name[:80]}' is an attribute of {_PLURAL[attribute.level]}, by which a search for "
        f"{_PLURAL[level]} does not match; it was ignored{ask}."
    )


def _key(name: str, tags: list[int], text: str) -> Key:
    tag, *deeper = tags
    vr = vr_of(tag)
    if deeper:
        if vr != "SQ":
            raise WebError(400, f"'{name[:80]}': only a sequence holds other attributes")
        return Key(tag, vr, items=((_key(name, deeper, text),),))
    if vr == "SQ":
        if text:
            raise WebError(400, f"'{name[:80]}' is a sequence: match an attribute in it, by a dot")
        return Key(tag, vr, items=((),))
    # A list of UIDs has commas here and backslashes on DIMSE (PS3.18 8.3.4.1, PS3.4 C.2.2.2.2).
    values = split(text.replace(",", "\\") if vr == "UI" else text, vr)
    if vr in RANGE_VRS and not all(is_moment(vr, value) for value in values if value):
        raise WebError(
            400, f"'{name[:80]}' has to be {_MOMENTS[vr]} or a range of two, not '{text[:40]}'"
        )
    return Key(tag, vr, tuple(values), matcher(vr, values))


def _add(keys: dict[int, Key], key: Key) -> None:
    """Take a key in; two paths into one sequence have to fit the same item of it."""
    before = keys.get(key.tag)
    if before is None:
        keys[key.tag] = key
    elif key.vr == "SQ" and before.items and key.items:
        inner = {one.tag: one for one in before.items[0]}
        for one in key.items[0]:
            _add(inner, one)
        keys[key.tag] = Key(key.tag, key.vr, items=(tuple(inner.values()),))
    else:
        raise WebError(400, f"({key.tag >> 16:04X},{key.tag & 0xFFFF:04X}) is given twice")


def _include(search: Search, keys: dict[int, Key], word: str) -> None:
    tag = _tag(word.partition(".")[0])
    if tag is None:
        search.warnings.append(f"The attribute '{word[:80]}' is not known and was ignored.")
        return
    attribute = BY_TAG.get(tag)
    if attribute is not None and LEVELS.index(attribute.level) > LEVELS.index(search.level):
        search.warnings.append(f"{attribute.keyword} is not an attribute of this level.")
        return
    vr = vr_of(tag)
    items: tuple[tuple[Key, ...], ...] = ((),) if vr == "SQ" else ()
    if word == "RequestAttributesSequence":
        items = (tuple(Key(one, vr_of(one)) for one in _OF_A_REQUEST),)
    before = keys.setdefault(tag, Key(tag, vr, items=items))
    if before.items and before.items[0] and items[0]:
        # What an item is matched by does not keep from it what is always answered of it.
        inner = {one.tag: one for one in (*items[0], *before.items[0])}
        keys[tag] = Key(tag, vr, items=(tuple(inner.values()),))


def _tag(word: str) -> int | None:
    """The tag of a keyword or of eight hexadecimal digits; None for any other word.

    Attributes of File Meta Information are none that can be asked for.
    """
    tag = int(word, 16) if _TAG.fullmatch(word) else tag_for_keyword(word)
    return None if tag is None or tag >> 16 <= _META_GROUP else int(tag)


def _offset(name: str, text: str) -> str:
    offset = f"+{text[1:]}" if text.startswith(" ") else text  # what becomes of a bare + in a URL
    if not is_offset(offset):
        raise WebError(400, f"'{name}' has to be an offset such as +0100, not '{text[:40]}'")
    return offset


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > _LARGEST or len(text) > 12:
        raise WebError(400, f"'{name}' has to be a whole number, 0 or more, not '{text[:40]}'")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise WebError(400, f"'{name}' has to be true or false, not '{text[:40]}'")
    return text.lower() == "true"
