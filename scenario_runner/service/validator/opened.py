"""Originals in memory, shared by what runs in one process: small ones are not read again from where they were just written."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from typing import Final

from scenario_runner.conformance.dicom_file import DicomFile
from scenario_runner.conformance.reader import read_file, read_stream

_SMALL: Final = 1 << 20
_MOST: Final = 128
_HELD: Final = 16 << 20
"""Bytes of originals that wait to be read; of more the disk is asked."""


class Opened:
    """Reads originals and remembers the last small ones until they are asked for once more."""

    def __init__(self) -> None:
        self._contents: dict[str, tuple[bytes, str]] = {}
        self._held = 0
        self._files: OrderedDict[str, DicomFile] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes of originals that wait to be read."""
        return self._held

    def hold(self, study: str, content: bytes, sha256: str) -> None:
        """Keep what has just been written as an original, if it is small, until it is read."""
        with self._lock:
            if len(content) <= _SMALL and self._held + len(content) <= _HELD:
                self._held += len(content)
                self._contents[study] = content, sha256

    def forget(self, study: str) -> None:
        """Nobody will read it."""
        with self._lock:
            self._let_go(study)

    def _let_go(self, study: str) -> tuple[bytes, str] | None:
        held = self._contents.pop(study, None)
        if held is not None:
            self._held -= len(held[0])
        return held

    def read(self, study: str, path: Path) -> tuple[DicomFile, str]:
        """The elements of an original, and its SHA-256. Raises OSError."""
        with self._lock:
            held = self._let_go(study)
        if held is not None:
            return self._remembered(study, held[0]), held[1]
        with path.open("rb", buffering=0) as original:
            content = original.read(_SMALL + 1)
        if len(content) > _SMALL:
            return read_file(path), _digest(path)
        return self._remembered(study, content), hashlib.sha256(content).hexdigest()

    def _remembered(self, study: str, content: bytes) -> DicomFile:
        file = read_stream(BytesIO(content))
        with self._lock:
            self._files[study] = file
            if len(self._files) > _MOST:
                self._files.popitem(last=False)
        return file

    def again(self, study: str, path: Path) -> DicomFile:
        """The elements of an original that was judged. Raises OSError."""
        with self._lock:
            file = self._files.pop(study, None)
        return read_file(path) if file is None else file


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
