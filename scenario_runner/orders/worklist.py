"""Orders as worklist items (PS3.4 table K.6-1), in a folder of files as worklist servers read them.

One file a scheduled step, so that a folder of thousands is changed by touching one; a file has its final name
only when it is whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from scenario_runner.dicom.characters import SPECIFIC_CHARACTER_SET
from scenario_runner.dicom.dictionary import keyword_of, tag_of, vr_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import Elements, read_header, read_items
from scenario_runner.dicom.forms import form_fault, uid_fault
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.syntaxes import EXPLICIT_LE
from scenario_runner.dicom.vrs import CHARACTER_SET
from scenario_runner.durability import sync_folder
from scenario_runner.errors import Where
from scenario_runner.orders.numbering import whole_key
from scenario_runner.orders.order import Order, Said, without_places
from scenario_runner.orders.same_order import Person
from scenario_runner.orders.worklist_item import ITEM, STEP, Given, written
from scenario_runner.planning.identity import derive_uid
from scenario_runner.planning.value_problems import check_text

_CLASS: Final = "1.2.276.0.7230010.3.1.0.1"
"""What DCMTK's worklist files are marked with; the Standard has no storage class for them."""
_LONG: Final = 64
"""Characters; of shorter values it is remembered whether they fit."""
_ANY: Final = 16
"""Characters that any text takes (PS3.5 6.2)."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_OF_WORDS: Final = frozenset(one for one in (*ITEM, *STEP) if vr_of(tag_of(one)) in CHARACTER_SET)
"""Attributes that take any letters and digits."""


def study_uid_of(order: Order) -> str:
    """The study UID of an order; one of its own, always the same, where the placer gave none."""
    return order.text("StudyInstanceUID") or derive_uid(
        None, "order", order.text("PatientID"), whole_key(order)
    )


def unfit(order: Order) -> Iterator[tuple[str, str]]:
    """What the order says that its attribute cannot hold: the attribute and why, in words."""
    for said in (order.said, *order.steps):
        for keyword, text in without_places(said):
            if not text or not isinstance(text, str):
                continue
            if keyword in _OF_WORDS and len(text) <= _ANY and text.isalnum():
                continue
            known = _fault if len(text) <= _LONG else _fault.__wrapped__
            if fault := known(keyword, text):
                yield keyword, fault


@lru_cache(maxsize=2048)
def _fault(keyword: str, text: str) -> str:
    """Why an attribute cannot hold a text, in words; empty where it can."""
    vr = vr_of(tag_of(keyword))
    if vr == "SQ":
        return ""
    if problem := check_text(text, vr, keyword):
        return problem.message
    fault = uid_fault(text) if vr == "UI" else form_fault(text, vr)
    return fault and f"'{text}' {fault}"


def items(order: Order, *, station: str, now: dt.datetime | None = None) -> list[bytes]:
    """The worklist items of an order as DICOM files, one for each scheduled step (PS3.4 K.6.1.2).

    station: who is to do it where nobody is named. now: when it is to be done where nothing is said, by
    default at once: an item has a start (type 1), as it has a modality, which is OT where none is named.
    """
    return [
        _item(step, order, station, now or dt.datetime.now())  # noqa: DTZ005 - local
        for step in ({}, *order.steps)
    ]


def _item(step: Mapping[str, Said], order: Order, station: str, now: dt.datetime) -> bytes:
    uid = study_uid_of(order)
    given: dict[str, Given] = {**dict(without_places(order.said)), **dict(without_places(step))}
    given = {keyword: value for keyword, value in given.items() if value}
    day = given.get("ScheduledProcedureStepStartDate")
    usual = {
        "ScheduledStationAETitle": station,
        "ScheduledProcedureStepID": "1",
        "Modality": "OT",
        "ScheduledProcedureStepStartDate": f"{now:%Y%m%d}",
        "ScheduledProcedureStepStartTime": "000000" if day else f"{now:%H%M%S}",
        "ScheduledProcedureStepDescription": given.get("RequestedProcedureDescription", ""),
        "RequestedProcedureID": order.text("AccessionNumber")[:16] or "1",
    }
    given = usual | given
    given["StudyInstanceUID"] = uid
    if order.other_ids:
        given["OtherPatientIDsSequence"] = [
            {"PatientID": one.id, "IssuerOfPatientID": one.issuer, "TypeOfPatientID": "TEXT"}
            for one in order.other_ids
        ]
    return file_meta(_CLASS, uid, EXPLICIT_LE) + written(given)


def said_of(content: bytes) -> dict[str, Said]:
    """What a worklist item says, as an order would. Raises DamagedDatasetError for what is none."""
    meta = read_meta(content)
    header = read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
    terms = character_sets(header)
    found: dict[str, Said | None] = {keyword: _read(header, keyword, terms) for keyword in ITEM}
    for step in _items_of(header, "ScheduledProcedureStepSequence"):
        found |= {keyword: _read(step, keyword, terms) for keyword in STEP}
    return {keyword: said for keyword, said in found.items() if said is not None}


def said_in(content: bytes, keywords: Sequence[str]) -> dict[str, Said]:
    """What an item says of some attributes beside its steps. Raises DamagedDatasetError for what is none."""
    meta = read_meta(content)
    header = read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
    terms = character_sets(header)
    found = {keyword: _read(header, keyword, terms) for keyword in keywords}
    return {keyword: said for keyword, said in found.items() if said is not None}


def other_ids_of(said: Mapping[str, Said]) -> list[Person]:
    """What the patient of an item goes by beside the number that it has first."""
    found = said.get("OtherPatientIDsSequence")
    return [
        (str(one.get("PatientID") or ""), str(one.get("IssuerOfPatientID") or ""))
        for one in (found.items if found is not None else ())
    ]


_THERE: Final = Where("worklist", 1, 1, 1, 1, label="worklist")


def _read(header: Elements, keyword: str, terms: Sequence[str]) -> Said | None:
    tag = tag_of(keyword)
    element = header.get(tag)
    if element is None:
        return None
    if vr_of(tag) != "SQ":
        text = "\\".join(texts(tag, element, terms))
        return Said(text, _THERE) if text else None
    rows = [
        {
            keyword_of(one): "\\".join(texts(one, value, terms))
            for one, value in row.items()
            if one != SPECIFIC_CHARACTER_SET
        }
        for row in _items_of(header, keyword)
    ]
    return Said("", _THERE, rows) if rows else None


def _items_of(header: Elements, keyword: str) -> list[Elements]:
    element = header.get(tag_of(keyword))
    return [] if element is None else list(read_items(element))


def file_name(key: str) -> str:
    """What the items of an order are called. key: as ``whole_key`` gives it."""
    number, _, authority = key.partition("\0")
    after = hashlib.sha256(authority.encode()).hexdigest()[:16] if authority else ""
    return hashlib.sha256(number.encode()).hexdigest()[:32] + after


class OrderFiles:
    """A folder of worklist items, each under a name that its order gives. Made when it is written to.

    A name is that of a file without ``.wl``; one of a held order (``held_name``) is of a file that no server of worklists
    takes for an item, and no item of the folder here. synced: each file is on the disk, not only with the system, before
    ``replace`` returns, and under its name when ``settle`` does.
    """

    def __init__(self, folder: Path, *, synced: bool = False) -> None:
        self.folder = folder
        self._start = f"{folder}{os.sep}"
        self._synced = synced

    def read(self, name: str) -> bytes:
        """What an item has. Raises OSError."""
        return Path(self._path(name)).read_bytes()

    def replace(self, name: str, content: bytes) -> None:
        """Write an item, whole or not at all. Raises OSError."""
        half = f"{self._start}{name}.part"
        try:
            self._write(half, content)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(half, content)
        os.replace(half, self._path(name))  # noqa: PTH105 - a path would take as long as the writing

    def _path(self, name: str) -> str:
        return f"{self._start}{name}" if name.endswith(_HELD) else f"{self._start}{name}.wl"

    def _write(self, path: str, content: bytes) -> None:
        handle = os.open(path, _FLAGS, 0o666)
        try:
            written = os.write(handle, content)
            while written < len(content):
                written += os.write(handle, content[written:])
            if self._synced:
                os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, name: str) -> None:
        """Take an item away, if it is there. Raises OSError."""
        Path(self._path(name)).unlink(missing_ok=True)

    def settle(self) -> None:
        """Have on the disk which items there are, where that is wanted. Raises OSError."""
        if self._synced and self.folder.is_dir():
            sync_folder(self.folder)

    def held(self) -> list[str]:
        """The names of what is held."""
        return [path.name for path in self.folder.glob(f"*{_HELD}")] if self.folder.is_dir() else []

    def __iter__(self) -> Iterator[str]:
        there = self.folder.glob("*.wl") if self.folder.is_dir() else ()
        return iter(sorted(path.stem for path in there))


_HELD: Final = ".held"


def held_name(name: str) -> str:
    """What the item of an order is called while that is not to be performed. name: of the item."""
    return f"{name}{_HELD}"


def is_held(name: str) -> bool:
    """Whether a name is that of what is held."""
    return name.endswith(_HELD)


def step_name(name: str, number: int = 0) -> str:
    """What the item of a scheduled step is called. name: of the order. number: from 0."""
    return f"{name}-{number}" if number else name


def order_name(name: str) -> str:
    """What all items of an order begin with. name: of one of them, or of one that is held."""
    return name.partition(".")[0].partition("-")[0]
