"""What ``fabricate pacs send`` does: files to a PACS as they are, and what became of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from scenario_runner.api import (
    Deadline,
    StoreOptions,
    StoreStatus,
    Target,
)
from scenario_runner.dicom.elements import DamagedDatasetError, TruncatedError
from scenario_runner.dicom.part10 import FileMeta, identify
from scenario_runner.errors import NothingSelected
from scenario_runner.lazy_dataclasses import dataclass

_HEAD = 1 << 17


@dataclass(frozen=True, slots=True)
class Sent:
    """One file and what became of it; status is None also for a file that could not be read."""

    file: Path
    status: StoreStatus


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    meta: FileMeta


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file's data set, as it lies there."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    buffers: Sequence[memoryview]


def send_files(
    target: Target,
    paths: Iterable[Path],
    deadline: Deadline,
    *,
    associations: int = 1,
    counted: Callable[[int], None] = lambda _: None,
    passed_over: Callable[[Path], None] = lambda _: None,
) -> Iterator[Sent]:
    """Send DICOM files as they are, in the transfer syntax they have, and yield each one's status.

    paths: files and folders. What cannot be sent is told with its reason, and the others go. A file is held in
    memory only while it is sent. counted: told how many files are going to be sent. passed_over: told of each
    file in a folder that is no DICOM. Raises NothingSelected, TargetError.
    """
    found: list[_Found] = []
    for path, named in _walk(paths):
        try:
            found.append(_Found(path, _meta(path)))
        except (DamagedDatasetError, OSError) as error:
            if named or isinstance(error, OSError) or _says_dicom(path):
                yield _unsent(path, error)
            else:
                passed_over(path)
    if not found:
        raise NothingSelected("there is no DICOM file to send")
    pairs = dict.fromkeys((one.meta.sop_class_uid, one.meta.transfer_syntax_uid) for one in found)
    waiting: dict[str, list[Path]] = {}

    gone: list[Sent] = []

    def feed() -> Iterator[_Stored]:
        for one in found:
            try:
                stored = _stored(one)
            except OSError as error:  # it went since, or the disk has a bad place
                gone.append(_unsent(one.path, error))
                continue
            waiting.setdefault(one.meta.sop_instance_uid, []).append(one.path)
            yield stored

    counted(len(found))
    options = StoreOptions(contexts=list(pairs), associations=associations)
    for status in target.store(feed(), options, deadline):
        yield Sent(waiting[status.sop_instance_uid].pop(0), status)
    yield from gone


def _unsent(path: Path, error: Exception) -> Sent:
    why = getattr(error, "strerror", None) or str(error)
    comment = f"not sent: {why}"
    return Sent(
        path, StoreStatus(sop_instance_uid="", sop_class_uid="", status=None, comment=comment)
    )


def _says_dicom(path: Path) -> bool:
    """Whether a file has the prefix of DICOM files, whatever else is wrong with it (PS3.10 7.1)."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
    return True


def _walk(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Files in order, and whether each was named itself."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - false for what is no name
            yield from ((file, False) for file in sorted(path.rglob("*")) if file.is_file())
        else:
            yield path, True


def _meta(path: Path) -> FileMeta:
    """What the data set is, whatever the file around it says of it (PS3.7 9.1.1)."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        try:
            return identify(head)
        except TruncatedError:
            return identify(head + file.read())


def _stored(found: _Found) -> _Stored:
    data = found.path.read_bytes()
    meta = found.meta
    return _Stored(
        meta.sop_class_uid,
        meta.sop_instance_uid,
        meta.transfer_syntax_uid,
        (memoryview(data)[meta.data_offset :],),
    )
