"""Patients that were merged into others, so that images which come later are filed under who stays (IHE RAD-12).

A modality that took its worklist item before the merge sends images with the number of before. They get what the merge
said, with a warning that attributes were coerced, also after a restart. What was being stored when the merge was told
of may have been judged before it: who changes the archive waits for that first.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import threading
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import Elements, read_header
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.changed_patients import wanted_of
from scenario_runner.pacs.storing_epochs import StoringEpochs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from scenario_runner.orders.hl7.patient import PatientChange
    from scenario_runner.pacs.spoiling import Piece

LOGGER = logging.getLogger(__name__)
_LONGEST_CHAIN: Final = 100
"""Merges that follow one another; more are a circle."""


@dataclass(frozen=True, slots=True)
class _Merge:
    patient_id: str
    issuer: str
    values: Mapping[str, str]


class MergedPatients:
    """Who was merged into whom; any thread may ask. path: where it is kept; in memory only by default.

    shared: by several processes, of which one notes.
    """

    def __init__(self, path: Path | None = None, *, shared: bool = False) -> None:
        self._path = path
        self._epochs: StoringEpochs | None = None
        self._version: object = None
        self._lock = threading.Lock()
        self._merges: dict[tuple[str, str], _Merge] = {}
        self._stored = threading.Condition()
        self._storing: set[int] = set()
        self._tickets = itertools.count()
        if path is not None:
            self._merges = _read(path)
        if path is not None and shared:
            self._epochs = StoringEpochs(path)

    def begin(self) -> None:
        """Before anybody shares it: there has to be a file. Raises OSError."""
        if self._path is not None and not self._path.exists():
            self._write()

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """From before an instance is asked about here until it is in the archive."""
        with self._stored:
            ticket = next(self._tickets)
            self._storing.add(ticket)
        try:
            with self._others():
                yield
        finally:
            with self._stored:
                self._storing.discard(ticket)
                self._stored.notify_all()

    @contextlib.contextmanager
    def _others(self) -> Iterator[None]:
        """Known to other processes to be storing, and knowing what they have noted."""
        if self._epochs is None or self._path is None:
            yield
            return
        with self._epochs.held() as version:
            with self._lock:
                if version != self._version:
                    # Not emptied and filled: who asks meanwhile would see nobody merged.
                    self._merges = _read(self._path)
                    self._version = version
            yield

    def settle(self) -> None:
        """Wait until all is stored that may have been judged before what was noted last."""
        with self._stored:
            before = set(self._storing)
            self._stored.wait_for(lambda: before.isdisjoint(self._storing))
        if self._epochs is not None:
            self._epochs.settle()

    def note(self, change: PatientChange) -> None:
        """A message says so. Who is told of otherwise is merged no longer. Raises OSError."""
        with self._lock:
            gone = self._merges.pop((change.patient_id, change.issuer), None)
            if change.before is not None:
                merge = _Merge(change.patient_id, change.issuer, dict(wanted_of(change)))
                self._merges[change.before] = merge
            elif gone is None:
                return
            self._write()

    def values_for(self, data: Sequence[Piece], transfer_syntax_uid: str) -> Mapping[str, str]:
        """What an instance has to say instead; nothing where its patient was not merged.

        Raises DamagedDatasetError.
        """
        if not self._merges:
            return {}
        header = read_header(b"".join(data), transfer_syntax_uid)
        terms = character_sets(header)
        return self.values_of(
            _text(header, terms, "PatientID"), _text(header, terms, "IssuerOfPatientID")
        )

    def values_of(self, patient_id: str, issuer: str) -> Mapping[str, str]:
        """What objects of that patient say from now on: nothing new where nobody merged it."""
        found: dict[str, str] = {}
        with self._lock:
            for _ in range(_LONGEST_CHAIN):
                merge = self._of(patient_id, issuer)
                if merge is None:
                    break
                found |= merge.values
                patient_id, issuer = merge.patient_id, merge.issuer or issuer
        return found

    def _of(self, patient_id: str, issuer: str) -> _Merge | None:
        """The merge of a patient; a number without an issuer is whoever's it is."""
        for (number, who), merge in self._merges.items():
            if number == patient_id and (not who or issuer in ("", who)):
                return merge
        return None

    def _write(self) -> None:
        if self._path is None:
            return
        rows = [
            {
                "before": before,
                "id": one.patient_id,
                "issuer": one.issuer,
                "values": dict(one.values),
            }
            for before, one in self._merges.items()
        ]
        half = self._path.with_suffix(".part")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
        if self._epochs is not None and self._path.exists():
            self._epochs.replacing()
        half.replace(self._path)


def _read(path: Path) -> dict[tuple[str, str], _Merge]:
    """What is kept there, as far as it can be read."""
    found: dict[tuple[str, str], _Merge] = {}
    try:
        for row in json.loads(path.read_text("utf-8")):
            number, who = row["before"]
            found[str(number), str(who)] = _Merge(row["id"], row["issuer"], row["values"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError, KeyError) as error:
        LOGGER.warning("'%s' cannot be read, so earlier merges are not known: %s", path, error)
    return found


def _text(header: Elements, terms: Sequence[str], keyword: str) -> str:
    element = header.get(tag_of(keyword))
    return "" if element is None else "\\".join(texts(tag_of(keyword), element, terms))
