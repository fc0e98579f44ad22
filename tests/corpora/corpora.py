"""Real files that installed packages bring along. Whoever adds a corpus adds a line to ``CORPORA``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom

_NOT_DICOM = frozenset((".py", ".pyc", ".json", ".txt", ".md", ".dump", ".gz", ".icc", ".typed"))


def _pydicom() -> Iterator[Path]:
    """What stands in pydicom's own wheel; nothing is downloaded."""
    folder = Path(pydicom.__file__).parent / "data"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _NOT_DICOM and path.name != "README":
            yield path


CORPORA = {"pydicom": _pydicom}


def files(corpus: str) -> list[Path]:
    """Every file of a corpus."""
    return list(CORPORA[corpus]())
