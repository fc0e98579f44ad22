"""The data dictionary and the registry of UIDs (PS3.6): pydicom's, and what is newer than that.

What pydicom has stands in a table too, ``known.tsv``, so that a scenario is checked without loading it
and all it brings along. Whatever the table lacks is asked of pydicom itself, which may be newer. It
takes further attributes by a call of its own, after which every door to its dictionary knows them. Its
registry of UIDs is not open in that way: names of UIDs are asked for here.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.dicom.sop_classes import STANDARD_ARC

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


class Attribute(NamedTuple):
    """What PS3.6 says about a tag. vr: as the dictionary has it, ``US or SS`` included."""

    vr: str
    vm: str
    keyword: str
    retired: bool


class RegisteredUid(NamedTuple):
    """Name and kind (``SOP Class``, ``Transfer Syntax``) of a UID; both empty when it is none."""

    name: str
    kind: str


@cache
def keywords() -> frozenset[str]:
    """All keywords of the table, those of repeating groups included."""
    rows = _rows("known.tsv", "attribute", "retired", "repeating")
    return frozenset(keyword for *_, keyword in rows)


def entry_of(keyword: str) -> tuple[int, Attribute] | None:
    """Tag and entry of a keyword; None when the dictionary does not have it."""
    if (known := _by_keyword().get(keyword)) is not None:
        return known
    tag: int | None = supplied().tag_for_keyword(keyword)
    entry = None if tag is None else attribute(tag)
    return None if tag is None or entry is None else (tag, entry)


@cache
def supplied() -> ModuleType:
    """Pydicom's ``datadict``, with the attributes it lacks."""
    from pydicom import datadict

    missing = {
        tag: (new.vr, new.vm, _spaced(new.keyword), "", new.keyword)
        for tag, new in newer_attributes()
        if not datadict.dictionary_has_tag(tag) and datadict.tag_for_keyword(new.keyword) is None
    }
    if missing:
        datadict.add_dict_entries(missing)
    return datadict


@lru_cache(maxsize=16384)
def attribute(tag: int) -> Attribute | None:
    """The dictionary's entry; None for a tag it does not have."""
    if not tag & 0xFFFF and not tag >> 16 & 1 and tag != 0x00020000 and tag:
        return Attribute("UL", "1", "", retired=True)  # group length, PS3.5 7.2
    if (known := _by_tag().get(tag)) is not None:
        return known
    try:
        vr, vm, _, retired, keyword = supplied().get_entry(tag)
    except KeyError:
        return None
    return Attribute(vr, vm, keyword, bool(retired))


def tag_for_keyword(keyword: str) -> int | None:
    """The tag of a keyword; None when the dictionary does not have it."""
    found = entry_of(keyword)
    return None if found is None else found[0]


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> int:
    """The tag of a keyword that is in the dictionary."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


@lru_cache(maxsize=16384)
def keyword_of(tag: int) -> str:
    """The keyword of a tag, or its eight hexadecimal digits."""
    entry = attribute(tag)
    return f"{tag:08X}" if entry is None or not entry.keyword else entry.keyword


@lru_cache(maxsize=16384)
def vrs_of(tag: int) -> tuple[str, ...]:
    """The VRs a tag may have; a private creator is LO (PS3.5 7.8.1); empty when nobody knows."""
    if tag & 0xFFFF == 0:
        return ("UL",)  # group length, PS3.5 7.2
    if tag >> 16 & 1:
        return ("LO",) if 0x10 <= tag & 0xFFFF <= 0xFF else ()
    entry = attribute(tag)
    if entry is None or entry.vr == "NONE":  # an item, a delimiter
        return ()
    return tuple(entry.vr.split(" or "))


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


@lru_cache(maxsize=1024)
def registered(uid: str) -> RegisteredUid:
    """What PS3.6 annex A registers a UID as."""
    known = _uids().get(uid)
    if known is not None or not uid.startswith(STANDARD_ARC):
        return known or RegisteredUid("", "")
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    found = UID(uid, IGNORE)
    return RegisteredUid(found.name, found.type) if found.type else RegisteredUid("", "")


def uid_keyword(uid: str) -> str:
    """The keyword of a UID of the table, else the UID itself."""
    return _uid_keywords().get(uid, uid)


@cache
def storage_keywords() -> dict[str, str]:
    """UIDs of storage SOP classes by keyword, ``CTImageStorage``."""
    return {
        keyword: uid
        for uid, keyword in _uid_keywords().items()
        if registered(uid).kind == "SOP Class"
        and (keyword.endswith("Storage") or "StorageFor" in keyword)
    }


def uid_name(uid: str) -> str:
    """The name of a registered UID, else the UID itself."""
    return registered(uid).name or uid


def uid_of(given: str) -> str | None:
    """A UID as it is, or the one that a keyword of PS3.6 annex A stands for; None for anything else."""
    from pydicom import config
    from pydicom import uid as uids

    if uids.UID(given, config.IGNORE).is_valid:
        return given
    named = getattr(uids, given, None)  # pydicom has each under its keyword
    return str(named) if isinstance(named, uids.UID) else None


def keywords_of(kind: str) -> list[str]:
    """The keywords of all registered UIDs of a kind."""
    from pydicom import uid as uids

    return [
        name for name, one in vars(uids).items() if isinstance(one, uids.UID) and one.type == kind
    ]


def may_be_newer(uid: str) -> bool:
    """Whether only the Standard can have given this UID out, and the registry here lacks it."""
    return uid.startswith(STANDARD_ARC) and not registered(uid).kind


def newer_attributes() -> Iterator[tuple[int, Attribute]]:
    """Attributes of the Standard that pydicom may not know yet."""
    for _, number, vr, vm, keyword in _rows("newer.tsv", "attribute"):
        yield int(number, 16), Attribute(vr, vm, keyword, retired=False)


@cache
def _by_keyword() -> dict[str, tuple[int, Attribute]]:
    return {
        keyword: (int(number, 16), Attribute(intern(vr), intern(vm), keyword, kind == "retired"))
        for kind, number, vr, vm, keyword in _rows("known.tsv", "attribute", "retired")
    }


@cache
def _by_tag() -> dict[int, Attribute]:
    return dict(_by_keyword().values())


@cache
def _uids() -> dict[str, RegisteredUid]:
    return {
        uid: RegisteredUid(name, what)
        for table in ("newer.tsv", "known.tsv")
        for _, uid, what, _, name in _rows(table, "uid")
    }


@cache
def _uid_keywords() -> dict[str, str]:
    return {uid: keyword for _, uid, _, keyword, _ in _rows("known.tsv", "uid") if keyword}


def _rows(table: str, *kinds: str) -> Iterator[list[str]]:
    """The rows of some kinds of a table, whose heading says where it is from and how it is made."""
    text = files("scenario_runner.dicom").joinpath(table).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line.startswith(kinds))


def _spaced(keyword: str) -> str:
    return "".join(f" {c}" if c.isupper() else c for c in keyword).strip()
