"""What was just read of stored instances, kept for the next request: a file is replaced, never changed."""

from __future__ import annotations

import mmap
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from scenario_runner.dicom.elements import (
    DELIMITER,
    DamagedDatasetError,
    Elements,
    Span,
    find_pixels,
    inflate,
    read_elements,
)
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom import Dataset

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located

META_MAX: Final = 1 << 17
_INSTANCES: Final = 64
"""Headers kept; each is at most some hundred KiB."""
_PICTURES: Final = 1 << 24
"""Bytes of rendered images kept."""

Version = tuple[str, int, int]
K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What was made last, up to a bound; from any thread.

    most: the sum of the weights that are kept. weight: of a value; 1 by default.
    """

    def __init__(self, most: int, weight: Callable[[V], int] = lambda _: 1) -> None:
        self._most = most
        self._weight = weight
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._sum = 0
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made if it is not kept; two threads may make the same at once."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self._sum += self._weight(value)
                while self._sum > self._most:
                    _, oldest = self._kept.popitem(last=False)
                    self._sum -= self._weight(oldest)
        return value


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a stored instance. span: where its pixels lie in its file, if it has any.

    Of a deflated instance the span is that in the inflated data set.
    """

    header: Elements
    terms: tuple[str, ...]
    span: Span | None


def version_of(archive: Archive, instance: Located) -> Version:
    """What tells a file from one that had its place before, whose instance was deleted.

    Raises OSError when it is gone.
    """
    found = archive.files.path(instance.file).stat()
    return instance.file, found.st_ino, found.st_mtime_ns


class Shelf:
    """Headers and rendered images of an archive. Raises what reading them raises."""

    def __init__(self) -> None:
        self._opened: Recent[Version, Opened] = Recent(_INSTANCES)
        self._datasets: Recent[Version, Dataset] = Recent(_INSTANCES)
        self.pictures: Recent[tuple[object, ...], bytes] = Recent(_PICTURES, len)

    def opened(self, archive: Archive, instance: Located) -> Opened:
        """The header of an instance and where its pixels are."""
        return self._opened.get(version_of(archive, instance), lambda: _open(archive, instance))

    def dataset(self, archive: Archive, instance: Located) -> Dataset:
        """The header as pydicom has it, for reading only."""

        def read() -> Dataset:
            from scenario_runner.dicom.datasets import open_file

            return open_file(archive.files.path(instance.file), stop_before_pixels=True)

        return self._datasets.get(version_of(archive, instance), read)


def _open(archive: Archive, instance: Located) -> Opened:
    header, terms = archive.header(instance.file)
    syntax = instance.transfer_syntax_uid
    if syntax == DEFLATED:
        data = inflate(archive.data(instance))
        span = find_pixels(data, EXPLICIT_LE)
        return Opened(header | _trailer(data, EXPLICIT_LE, span), terms, span)
    with (
        archive.files.path(instance.file).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        offset = read_meta(mapped[:META_MAX]).data_offset
        span = find_pixels(mapped, syntax, offset)
        return Opened(header | _trailer(mapped, syntax, span), terms, span)


def _trailer(data: bytes | mmap.mmap, syntax: str, span: Span | None) -> Elements:
    """What stands after the pixels; nothing where that is damaged, for pixels and header are not."""
    if span is None:
        return {}
    after = span.end + DELIMITER if span.encapsulated else span.end
    try:
        return read_elements(data[after:], encoding_of(syntax))
    except DamagedDatasetError:
        return {}
