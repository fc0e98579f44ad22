"""Instances on their way in one STOW-RS request, and how they become its body."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING

from scenario_runner.dicom.part10 import file_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import media_types, multipart
from scenario_runner.network.dicomweb.multipart import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scenario_runner.dicom.part10 import Storable

INSTANCES = 20
BYTES = 0x800000
"""A request carries at most so many instances, and no further one once it has so many bytes: each
is kept until it is answered for, and all are in doubt together when a connection breaks."""

_PART_HEADERS = {"Content-Type": media_types.DICOM}


@dataclass(slots=True)
class Batch:
    """Instances of one request, their UIDs all different so that each result finds its own."""

    instances: list[Storable] = field(default_factory=list)
    size: int = 0
    handed_over: int = 0
    """How many of the instances went out whole, in whichever attempt got furthest."""
    started: float = field(default_factory=time.monotonic)
    troubles: list[str] = field(default_factory=list)
    """Why earlier attempts failed."""

    def add(self, instance: Storable) -> None:
        """Take one more."""
        self.instances.append(instance)
        self.size += sum(map(len, instance.buffers))

    def fits(self, instance: Storable, most: int) -> bool:
        """Whether one more may come in."""
        return (
            len(self.instances) < most
            and self.size < BYTES
            and all(one.sop_instance_uid != instance.sop_instance_uid for one in self.instances)
        )

    def length(self, boundary: str) -> int:
        """Bytes of the body."""
        return multipart.length(map(_part, self.instances), boundary)

    def body(self, boundary: str) -> Iterator[bytes]:
        """The instances as Part 10 files (PS3.18 10.5.2), straight from their buffers."""
        for number, instance in enumerate(self.instances, start=1):
            part = _part(instance)
            yield multipart.head(part.headers, boundary)
            # httpx2 says bytes and hands on whatever has a length and can be joined.
            yield from part.content  # type: ignore[misc]
            yield b"\r\n"
            self.handed_over = max(self.handed_over, number)
        yield multipart.closing(boundary)


def gathered(instances: Iterable[Storable], most: int) -> Iterator[Batch]:
    """Batches of at most so many. When ``instances`` raise, what came before is yielded first."""
    batch = Batch()
    source = iter(instances)
    while True:
        try:
            instance = next(source, None)
        except BaseException:
            if batch.instances:
                yield batch
            raise
        if instance is None:
            break
        if batch.instances and not batch.fits(instance, most):
            yield batch
            batch = Batch()
        batch.add(instance)
        if len(batch.instances) >= most:
            yield batch
            batch = Batch()
    if batch.instances:
        yield batch


def _part(instance: Storable) -> Part:
    return Part(_PART_HEADERS, file_of(instance))
