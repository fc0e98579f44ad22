"""After a power cut: what the disk did not get of a stored study is made again from its original.

A study is answered for when the disk has its original and the journal. Its description and its log are written
before, but not waited for, as both follow from the original.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import time
from pathlib import Path
from typing import Any, Final

from scenario_runner.conformance.reader import read_file
from scenario_runner.service.validator.describing import metadata_of
from scenario_runner.service.validator.events import KEPT, Event
from scenario_runner.service.validator.folder import LOG, METADATA, ORIGINAL, StudyFolder
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.judging import log_of, verdict_on
from scenario_runner.service.validator.settings import Settings

LOGGER = logging.getLogger(__name__)

_UNSURE: Final = dt.timedelta(hours=1)
"""How long what is written may take to the disk by itself, with much to spare."""
_MOST: Final = 100_000


def mend(
    folder: StudyFolder, journal: Journal, settings: Settings, booted: float | None = None
) -> int:
    """Look at the studies stored last before the machine went down; returns how many were mended.

    booted: when the machine came up, in seconds as of ``time.time``. Nothing is looked at where no study was stored
    before that. Raises OSError, MachineError.
    """
    booted = _booted() if booted is None else booted
    newest = journal.newest(KEPT, 1)
    if not newest or newest[0].at.timestamp() > booted:
        return 0
    return sum(
        _mended(folder, one, settings)
        for one in journal.newest(KEPT, _MOST)
        if one.at > newest[0].at - _UNSURE
    )


def _mended(folder: StudyFolder, kept: Event, settings: Settings) -> bool:
    place = folder.stored(kept.study)
    if place is None:
        LOGGER.error("study %s was stored and is gone", kept.study)
        return False
    files = kept.data.get("files", {})
    torn = [name for name in (METADATA, LOG) if _digest(place / name) != _said(files, name)]
    if not torn:
        return False
    file = read_file(place / ORIGINAL)
    said = Event(kept.study, kept.name, kept.at, kept.turn, files.get(ORIGINAL, {}))
    if METADATA in torn:
        (place / METADATA).write_bytes(metadata_of(said, file, settings.metadata))
    if LOG in torn:
        (place / LOG).write_bytes(log_of(said, file, verdict_on(file, settings), settings))
    LOGGER.warning("study %s: %s made again after the machine went down", kept.study, torn)
    return True


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _said(files: dict[str, Any], name: str) -> str:
    return str(files.get(name, {}).get("sha256", ""))


def _booted() -> float:
    """When the machine came up; where nobody says, now: then all is looked at."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() - time.clock_gettime(clock) if clock is not None else time.time()
