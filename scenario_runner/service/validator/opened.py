"""Originals as they were read, shared by the roles of one process: small ones are read once."""

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


class Opened:
    """Reads originals and remembers the last small ones until they are asked for once more."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, DicomFile] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, study: str, path: Path) -> tuple[DicomFile, str]:
        """The elements of an original, and its SHA-256. Raises OSError."""
        with path.open("rb", buffering=0) as original:
            content = original.read(_SMALL + 1)
        if len(content) > _SMALL:
            return read_file(path), _digest(path)
        file = read_stream(BytesIO(content))
        with self._lock:
            self._files[study] = file
            if len(self._files) > _MOST:
                self._files.popitem(last=False)
        return file, hashlib.sha256(content).hexdigest()

    def again(self, study: str, path: Path) -> DicomFile:
        """The elements of an original that was judged. Raises OSError."""
        with self._lock:
            file = self._files.pop(study, None)
        return read_file(path) if file is None else file


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
