"""Studies of a PACS brought here to be looked at: frames, pictures and metadata are made of what lies here.

What lies here is a copy: it is held to what the PACS lists whenever a few seconds have passed, goes when the study is
corrected or deleted by way of this service, and is forgotten when the service starts.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.pieces import pieces_of
from scenario_runner.archive.together import keep_all

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.outcomes import Arrived
    from scenario_runner.service.homes.home import Home

_CURRENT: Final = 5.0
"""Seconds in which a study is not asked about again."""
_MOST: Final = 4 << 30
"""Bytes that are kept; the study that was looked at last stays, however large."""


class Brought:
    """Copies of studies in a folder of their own. Safe between threads; a study is brought by one of them."""

    def __init__(self, home: Home, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.archive = Archive(folder)
        self._home = home
        self._lock = threading.Lock()
        self._looked: OrderedDict[str, float] = OrderedDict()
        """When a study was last held to what the PACS lists, the last one last."""
        self._busy: dict[str, threading.Lock] = {}

    def bring(self, study_uid: str) -> Archive:
        """The archive with the study in it, if the PACS has it. Raises TargetError, MachineError."""
        with self._lock:
            if time.monotonic() - self._looked.get(study_uid, float("-inf")) < _CURRENT:
                self._looked.move_to_end(study_uid)
                return self.archive
            busy = self._busy.setdefault(study_uid, threading.Lock())
        with busy:
            with self._lock:
                is_new = time.monotonic() - self._looked.get(study_uid, float("-inf")) < _CURRENT
            if not is_new:
                self._hold(study_uid)
        return self.archive

    def forget(self, study_uid: str) -> None:
        """The study is not what it was."""
        with self._lock:
            self._looked.pop(study_uid, None)
        self.archive.delete_study(study_uid)

    def close(self) -> None:
        """Let go of the folder."""
        self.archive.close()

    def _hold(self, study_uid: str) -> None:
        """Make the copy what the PACS lists."""
        there = {one.sop_instance_uid for one in self._home.instances(study_uid)}
        here = {one.sop_instance_uid for one in self.archive.instances(study_uids=[study_uid])}
        if there != here:
            self.archive.delete_study(study_uid)
            if there:
                self._retrieve(study_uid)
        with self._lock:
            if there:
                self._looked[study_uid] = time.monotonic()
                self._looked.move_to_end(study_uid)
            self._busy.pop(study_uid, None)
        self._make_room(study_uid)

    def _retrieve(self, study_uid: str) -> None:
        came: list[Arrived] = []
        try:
            with self._home.files(study_uid) as files:
                for _, path in files:
                    came.append(self.archive.take_in(pieces_of(path)))
        except BaseException:
            for one in came:
                self.archive.discard(one)
            raise
        keep_all(self.archive, came)

    def _make_room(self, study_uid: str) -> None:
        while self.archive.index.totals()[1] > _MOST:
            with self._lock:
                oldest = next(iter(self._looked), study_uid)
            if oldest == study_uid:
                return
            self.forget(oldest)
