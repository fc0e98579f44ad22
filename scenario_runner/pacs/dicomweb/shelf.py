"""What was just read of stored instances, kept for the next request: a file is replaced, never changed."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from io import BytesIO
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DELIMITER, DamagedDatasetError, Elements, read_elements
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.pixel_places import Span, read_stored
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, encoding_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.mapped import FrugalReader, Inflated, forget, mapped

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterator

    from pydicom import Dataset

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.index import Located

_HEADERS: Final = 1 << 24
"""Bytes of headers kept, what keeping each takes counted: of several hundred, for a viewer asks for the metadata of a
series and then for its frames."""
_A_HEADER: Final = 1 << 12
_AN_ELEMENT: Final = 200
"""Bytes that one takes beside its value."""
_DATASETS: Final = 1 << 23
"""Bytes of headers kept as pydicom has them."""
_A_DATASET: Final = 1 << 17
KEPT_INFLATED: Final = 1 << 30
"""Bytes of inflated data sets kept in files."""
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
    """Headers, rendered images and inflated data sets of an archive. Raises what reading them raises."""

    def __init__(self) -> None:
        self._opened: Recent[Version, Opened] = Recent(_HEADERS, _weight_of_opened)
        self._datasets: Recent[Version, Dataset] = Recent(_DATASETS, _weight_of_dataset)
        self.pictures: Recent[tuple[object, ...], bytes] = Recent(_PICTURES, len)
        self._inflated: Recent[Version, Inflated] = Recent(KEPT_INFLATED, lambda one: one.size)
        self._inflating = threading.Lock()

    def opened(self, archive: Archive, instance: Located) -> Opened:
        """The header of an instance and where its pixels are."""
        return self._opened.get(
            version_of(archive, instance), lambda: self._open(archive, instance)
        )

    def dataset(self, archive: Archive, instance: Located) -> Dataset:
        """The header as pydicom has it, for reading only."""

        def read() -> Dataset:
            from scenario_runner.dicom.datasets import open_file

            if instance.transfer_syntax_uid != DEFLATED:
                return open_file(archive.files.path(instance.file), stop_before_pixels=True)
            names = (instance.sop_class_uid, instance.sop_instance_uid, EXPLICIT_LE)
            span = self.opened(archive, instance).span
            with self.mapped(archive, instance) as (data, _):
                head = data[: span.start if span else len(data)]
            return open_file(BytesIO(file_meta(*names) + head), stop_before_pixels=True)

        return self._datasets.get(version_of(archive, instance), read)

    @contextlib.contextmanager
    def mapped(self, archive: Archive, instance: Located) -> Iterator[tuple[mmap.mmap, int]]:
        """A stored file mapped into memory and where its data set begins; one that is deflated inflated."""
        path = archive.files.path(instance.file)
        with path.open("rb") as file, mapped(file) as data:
            offset = read_meta(data).data_offset
            if instance.transfer_syntax_uid != DEFLATED:
                yield data, offset
                return
        with self._inflating:
            inflated = self._inflated.get(
                version_of(archive, instance),
                lambda: Inflated(path, offset, archive.files.incoming),
            )
        with inflated.mapped() as data:
            yield data, 0

    def inflated_size(self, archive: Archive, instance: Located) -> int:
        """Bytes of the data set of a deflated instance in Explicit VR Little Endian."""
        with self.mapped(archive, instance) as (data, _):
            return len(data)

    def _open(self, archive: Archive, instance: Located) -> Opened:
        syntax = instance.transfer_syntax_uid
        syntax = EXPLICIT_LE if syntax == DEFLATED else syntax
        with self.mapped(archive, instance) as (data, offset):
            header, span = read_stored(data, syntax, offset, FrugalReader)
            terms = character_sets(header)
            opened = Opened(header | _trailer(data, syntax, span), terms, span)
            forget(data)
            return opened


def _weight_of_opened(opened: Opened) -> int:
    return _A_HEADER + sum(_AN_ELEMENT + len(one.value) for one in opened.header.values())


def _weight_of_dataset(dataset: Dataset) -> int:
    """Of what was just read: as bytes, which is how pydicom keeps what nobody looked at."""
    values = (dataset.get_item(tag).value for tag in dataset.keys())  # noqa: SIM118 - decodes nothing
    return _A_DATASET + sum(len(one) for one in values if isinstance(one, bytes))


def _trailer(data: mmap.mmap, syntax: str, span: Span | None) -> Elements:
    """What stands after the pixels; nothing where that is damaged, for pixels and header are not."""
    if span is None:
        return {}
    after = span.end + DELIMITER if span.encapsulated else span.end
    try:
        return read_elements(data[after:], encoding_of(syntax))
    except DamagedDatasetError:
        return {}
