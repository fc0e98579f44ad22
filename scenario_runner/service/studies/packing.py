"""A study as a zip archive with a DICOMDIR, made while it is sent."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.studies.dicomdir import Listed, dicomdir
from scenario_runner.service.studies.directory_records import listed
from scenario_runner.service.studies.finding import facts_of
from scenario_runner.service.studies.headers import header_of

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.service.asking import Asking
    from scenario_runner.service.homes.home import InstanceFacts
    from scenario_runner.service.service import Service

_PIECE: Final = 1 << 20


def packed(
    service: Service, asking: Asking, study_uid: str, what: Activity = Activity.DOWNLOADED
) -> Iterator[bytes]:
    """The pieces of the archive. Raises NotThere, and Unavailable for a file that is gone, before the first.

    what: how the audit trail calls it. Files are stored as they are: pixels hardly shrink, and time would. Names are those of a file-set (PS3.10 8.2).
    """
    facts_of(service, study_uid)
    pieces = _pieces(service, study_uid)
    # With the first piece all files are here, retrieved or held: what goes wrong is told in words, not by a cut.
    first = next(pieces)
    service.trail.record(asking.caller, what, study_uid, asking.from_where)
    return chain([first], pieces)


def _pieces(service: Service, study_uid: str) -> Iterator[bytes]:
    sink = _Sink()
    found: list[Listed] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        with service.home.files(study_uid) as files:
            series: dict[str, int] = {}
            for number, (facts, path) in enumerate(files, start=1):
                folder = series.setdefault(facts.series_instance_uid, len(series) + 1)
                names = ("DICOM", f"S{folder:07}", f"I{number:07}")
                yield from _stored(archive, sink, "/".join(names), path)
                one = _listed(facts, path, names)
                if one is not None:
                    found.append(one)
            if not series:
                facts_of(service, study_uid)  # which has just been deleted
        archive.writestr(_info("DICOMDIR"), dicomdir(found, _uid(study_uid)))
        yield sink.taken()
    yield sink.taken()


def _stored(archive: zipfile.ZipFile, sink: _Sink, name: str, path: Path) -> Iterator[bytes]:
    with (
        archive.open(_info(name), "w", force_zip64=path.stat().st_size > 1 << 31) as target,
        path.open("rb") as file,
    ):
        while piece := file.read(_PIECE):
            target.write(piece)
            yield sink.taken()


def _uid(study_uid: str) -> str:
    """Of the DICOMDIR: the same for the same study (PS3.5 B.2)."""
    return f"2.25.{int.from_bytes(hashlib.sha256(study_uid.encode()).digest()[:15])}"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, time.localtime()[:6])
    info.external_attr = 0o100644 << 16
    return info


def _listed(facts: InstanceFacts, path: Path, names: tuple[str, ...]) -> Listed | None:
    """What the DICOMDIR says of a file; None of one whose header cannot be read, which is in the archive all the same."""
    try:
        header, syntax = header_of(path)
    except DamagedDatasetError:
        return None
    said = listed(header, facts.sop_class_uid)
    return Listed(said, names, facts.sop_class_uid, facts.sop_instance_uid, syntax)


class _Sink(io.RawIOBase):
    """A file that cannot be sought in: what is written is taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._held += data
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        """What was written since."""
        taken = bytes(self._held)
        self._held.clear()
        return taken
