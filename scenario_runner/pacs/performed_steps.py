"""The performed procedure steps that modalities have told about, kept (PS3.4 F.7)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import statuses
from scenario_runner.dicom.element_text import texts
from scenario_runner.dicom.elements import Elements, read_elements, write_elements
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.sop_classes import MPPS
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, encoding_of
from scenario_runner.owning import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom import Dataset


_STATUS: Final = 0x00400252
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"


class Refused(Exception):
    """A request that breaks a rule: status, why, and an Error ID where there is one."""

    def __init__(self, status: int, why: str, error_id: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.error_id = error_id


class PerformedSteps:
    """The steps modalities have told about, one file each; any thread may ask, of any process.

    A step begins IN PROGRESS and changes until it is COMPLETED or DISCONTINUED, then never again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns = Turns(folder / "steps.lock")

    def create(self, uid: str, elements: Elements) -> None:
        """Take a new step. Raises Refused."""
        status = _text(elements, _STATUS)
        if not status:
            raise Refused(statuses.MISSING_ATTRIBUTE, "Performed Procedure Step Status is missing")
        if status != IN_PROGRESS:
            raise Refused(
                statuses.INVALID_ATTRIBUTE_VALUE, f"a step begins {IN_PROGRESS}, not {status}"
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._turns.taken():
            if self._path(uid).exists():
                raise Refused(statuses.DUPLICATE_SOP_INSTANCE, "there is a step with this UID")
            self._write(uid, elements)

    def change(self, uid: str, elements: Elements) -> None:
        """Replace attributes of a step. Raises Refused."""
        status = _text(elements, _STATUS)
        if status and status not in (IN_PROGRESS, COMPLETED, DISCONTINUED):
            raise Refused(statuses.INVALID_ATTRIBUTE_VALUE, f"'{status}' is no status of a step")
        path = self._path(uid)
        if not path.exists():
            raise Refused(statuses.NO_SUCH_SOP_INSTANCE, "there is no step with this UID")
        with self._turns.taken():
            before = _read(path)
            if _text(before, _STATUS) != IN_PROGRESS:
                raise Refused(
                    statuses.PROCESSING_FAILURE,
                    "Performed Procedure Step Object may no longer be updated",
                    statuses.MAY_NO_LONGER_BE_UPDATED,
                )
            self._write(uid, {**before, **elements})

    def __iter__(self) -> Iterator[Dataset]:
        """Every step as it stands now."""
        from scenario_runner.dicom.datasets import read_file

        for path in sorted(self._folder.glob("*.dcm")):
            yield read_file(path)

    def _path(self, uid: str) -> Path:
        return self._folder / (hashlib.sha256(uid.encode("utf-8")).hexdigest()[:40] + ".dcm")

    def _write(self, uid: str, elements: Elements) -> None:
        path = self._path(uid)
        half = path.with_suffix(".part")
        meta = file_meta(MPPS, uid, EXPLICIT_LE)
        half.write_bytes(meta + write_elements(elements, implicit=False))
        half.replace(path)


def _read(path: Path) -> Elements:
    content = path.read_bytes()
    return read_elements(content[read_meta(content).data_offset :], encoding_of(EXPLICIT_LE))


def _text(elements: Elements, tag: int) -> str:
    element = elements.get(tag)
    return next(iter(texts(tag, element)), "") if element else ""
