"""Instances that were offered, in order, each in twenty bytes: there may be a million."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.answers import StoreStatus
from scenario_runner.api.sent import SentInstance
from scenario_runner.planning.lazy import Lazy

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


class SentLog(Sequence[SentInstance]):
    """What became of instances: each is made anew when it is asked for, equal to what was appended.

    Of each there is the number of its series, its place there, the number of what was said of it, and seconds. What was
    said is kept once for all of which it was. One thread at a time.
    """

    def __init__(self) -> None:
        self._series: list[PlannedSeries] = []
        self._numbers: dict[int, int] = {}
        """By identity of the series, which the list keeps."""
        self._alike: list[_Words] = []
        self._codes: dict[_Words, int] = {}
        self._whose, self._places, self._said = array("I"), array("I"), array("I")
        self._seconds = array("d")

    def append(self, sent: SentInstance) -> None:
        """Keep one more."""
        image, words = sent.image, _words(sent)
        number = self._numbers.get(id(image.series))
        if number is None:
            number = self._numbers[id(image.series)] = len(self._series)
            self._series.append(image.series)
        code = self._codes.get(words)
        if code is None:
            code = self._codes[words] = len(self._alike)
            self._alike.append(words)
        self._whose.append(number)
        self._places.append(image.index)
        self._said.append(code)
        self._seconds.append(sent.status.seconds)

    def __len__(self) -> int:
        return len(self._said)

    @overload
    def __getitem__(self, place: int) -> SentInstance: ...
    @overload
    def __getitem__(self, place: slice) -> list[SentInstance]: ...
    def __getitem__(self, place: int | slice) -> SentInstance | list[SentInstance]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        words = self._alike[self._said[place]]
        image = words[0] or self._series[self._whose[place]].images[self._places[place]]
        return _about(words, image, self._seconds[place])

    def __iter__(self) -> Iterator[SentInstance]:
        return (self[at] for at in range(len(self)))

    def kinds(self) -> list[tuple[SentInstance, int]]:
        """The first of which each thing was said, and of how many it was, in their order."""
        first: dict[int, int] = {}
        for at, code in enumerate(self._said):
            first.setdefault(code, at)
        counts = Counter(self._said)
        return [(self[at], counts[code]) for code, at in first.items()]

    def of_kinds(self, wanted: Callable[[SentInstance], bool]) -> Iterator[SentInstance]:
        """Those of which what was said is wanted; that is asked once of each thing that was."""
        codes = {self._codes[_words(one)] for one, _ in self.kinds() if wanted(one)}
        return (self[at] for at, code in enumerate(self._said) if code in codes)

    def rearrange(self, places: Sequence[int]) -> None:
        """Put those that stand at these places, all there are, into the order in which these are given."""
        for each in (self._whose, self._places, self._said):
            each[:] = array("I", [each[at] for at in places])
        self._seconds[:] = array("d", [self._seconds[at] for at in places])


_Words = tuple[Any, ...]
"""What was said of an instance but for what it alone has, as ``_words`` puts it together."""


def _words(sent: SentInstance) -> _Words:
    image, status = sent.image, sent.status
    uid, url = status.sop_instance_uid, status.retrieve_url
    before, there, after = url.rpartition(uid) if url and uid else ("", "", url)
    return (
        image if not _is_made_again(image) else None,
        uid if uid != image.uid else None,
        (before, bool(there), after),
        sent.target,
        sent.earlier,
        status.sop_class_uid,
        status.status,
        status.comment,
        status.maybe_stored,
        status.sent_as,
        status.http,
        status.verdict,
    )


def _is_made_again(image: PlannedImage) -> bool:
    """Whether its series gives an equal one for its place, as that of a plan does."""
    images = image.series.images
    if isinstance(images, Lazy):
        return True
    return 0 <= image.index < len(images) and images[image.index] == image


def _about(words: _Words, image: PlannedImage, seconds: float) -> SentInstance:
    """The same of the image again."""
    _, given, (before, there, after), target, earlier, *rest = words
    sop_class, status, comment, maybe_stored, sent_as, http, verdict = rest
    uid = image.uid if given is None else given
    said = StoreStatus(
        sop_instance_uid=uid,
        sop_class_uid=sop_class,
        status=status,
        comment=comment,
        seconds=seconds,
        maybe_stored=maybe_stored,
        sent_as=sent_as,
        http=http,
        retrieve_url=f"{before}{uid if there else ''}{after}",
        verdict=verdict,
    )
    return SentInstance(image, target, said, earlier)
