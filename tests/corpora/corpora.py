"""Files for every door: real ones of installed packages, and an image in all encodings. Whoever adds a corpus adds a line to ``CORPORA``.

pydicom's own files and pydicom-data (both MIT) and pynetdicom's come with the development environment.
Not here: highdicom's, which its source distribution leaves out; GDCM's, which no registry has as a package; the
crate dicom-test-files, which downloads when it runs; wsidicom-data, which has pieces of pixel data and no objects.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.corpora.encodings import write_all

_NOT_DICOM = frozenset((".py", ".pyc", ".json", ".txt", ".md", ".dump", ".gz", ".icc", ".typed"))


def _of(package: str, folder: str) -> Iterator[Path]:
    """What stands below a folder of an installed package, without importing it; nothing is downloaded."""
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed"
    assert spec.origin is not None
    for path in sorted((Path(spec.origin).parent / folder).rglob("*")):
        if path.is_file() and path.suffix not in _NOT_DICOM and path.name != "README":
            yield path


@cache
def _written() -> Path:
    folder = TemporaryDirectory(prefix="fabricate-")
    atexit.register(folder.cleanup)
    write_all(Path(folder.name))
    return Path(folder.name)


def _encodings() -> Iterator[Path]:
    """One image in every encoding that the Standard allows."""
    yield from sorted(_written().iterdir())


CORPORA: dict[str, Callable[[], Iterator[Path]]] = {
    "pydicom": lambda: _of("pydicom", "data"),
    "pydicom-data": lambda: _of("data_store", "data"),
    "encodings": _encodings,
    "pynetdicom": lambda: _of("pynetdicom", "tests/dicom_files"),
}


def files(corpus: str) -> list[Path]:
    """Every file of a corpus."""
    found = list(CORPORA[corpus]())
    assert found, f"{corpus} has no files"
    return found
