"""Instances made ahead of their time by one thread, as far as memory allows."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Self, TypeVar

from scenario_runner.deadline import Deadline
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedImage
    from scenario_runner.steps.load.offers import Offer

    Build = Callable[[PlannedImage], Instance]

_MOST = 128 << 20
"""Bytes that wait to be sent."""
_OFFERS = 10_000
"""Offers that wait."""
_SLICE = 0.25

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class MadeInstance:
    """An image's instance, and time.monotonic() when it was made."""

    image: PlannedImage
    instance: Instance
    at: float


@dataclass(frozen=True, slots=True)
class Made:
    """An offer whose instances are made, or being made."""

    offer: Offer
    images: list[PlannedImage]
    items: queue.SimpleQueue[MadeInstance | BaseException | None]


class Ahead:
    """Makes the instances of one offer after the other in a thread of its own and hands them out in that order.

    left: which of an offer's images are to be sent, told that they are about to be. build: gives what makes instances, of which one is kept for each modality, as it
    is quick while the series stays the same. shown: called with the first image of each series.
    """

    def __init__(
        self,
        offers: Iterator[Offer],
        left: Callable[[Sequence[PlannedImage]], list[PlannedImage]],
        build: Callable[[], Build],
        shown: Callable[[Instance], object],
        deadline: Deadline,
    ) -> None:
        self._offers, self._left, self._build, self._shown = offers, left, build, shown
        self._deadline = deadline
        self._made: queue.SimpleQueue[Made | BaseException | None] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._bytes = self._waiting = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="make ahead", daemon=True)
        self.filled = threading.Event()
        """Set when no more can be made ahead, or everything has been."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Make no more."""
        with self._room:
            self._stopped = True
            self._room.notify_all()
        self._thread.join()

    def __iter__(self) -> Iterator[Made]:
        """The offers, each as soon as its making has begun. Raises what making raises."""
        while True:
            made = self._got(self._made)
            if made is None:
                return
            with self._room:
                self._waiting -= 1
                self._room.notify()
            yield made

    def instances(self, made: Made) -> Iterator[MadeInstance]:
        """What an offer consists of, each as soon as it is made. Raises what making raises."""
        while (item := self._got(made.items)) is not None:
            with self._room:
                self._bytes -= _size(item.instance)
                self._room.notify()
            yield item

    def _got(self, source: queue.SimpleQueue[_T | BaseException | None]) -> _T | None:
        while True:
            try:
                item = source.get(timeout=_SLICE)
            except queue.Empty:
                self._deadline.check()
                continue
            if isinstance(item, BaseException):
                source.put(item)  # whoever asks next hears it, too
                raise item
            if item is None:
                source.put(None)
            return item

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        builders: dict[str, Build] = {}
        items: queue.SimpleQueue[MadeInstance | BaseException | None] | None = None
        try:
            for offer in self._offers:
                images = self._left(offer.images)
                if not images:
                    continue
                items = queue.SimpleQueue()
                self._made.put(Made(offer, images, items))
                if offer.modality not in builders:
                    builders[offer.modality] = self._build()
                for image in images:
                    instance = builders[offer.modality](image)
                    if image.index == 0:
                        self._shown(instance)
                    items.put(MadeInstance(image, instance, time.monotonic()))
                    if not self._wait(_size(instance)):
                        return
                items.put(None)
                with self._room:
                    self._waiting += 1
        except BaseException as error:  # noqa: BLE001 - raised where the instance is wanted
            if items is not None:
                items.put(error)
            self._made.put(error)
        finally:
            self._made.put(None)
            self.filled.set()

    def _wait(self, size: int) -> bool:
        """Count what was made, and wait for room for more; whether to go on."""
        with self._room:
            self._bytes += size
            while (self._bytes > _MOST or self._waiting > _OFFERS) and not self._stopped:
                self.filled.set()
                self._room.wait(_SLICE)
            return not self._stopped


def _size(instance: Instance) -> int:
    return sum(map(len, instance.buffers))
