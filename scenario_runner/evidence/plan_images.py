"""The images of a planned series, and what was said of each, in some fifty bytes an image: there may be a million."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from scenario_runner.evidence.record_plan import ImageRecord, SentRecord


class SeriesImages(Sequence["ImageRecord"]):
    """Records of images of which one stands behind the other: ``p1.s1.e1.i1``, ``p1.s1.e1.i2``, … of one SOP class.

    Each is a dictionary of its own, made when it is asked for: what is written into it is not kept.
    """

    def __init__(self, series: str, sop_class: str) -> None:
        self.series = series
        """Its key in the plan."""
        self.sop_class = sop_class
        self._uids = bytearray()
        self._ends = array("Q", [0])
        self._numbers = array("q")
        self._said: Sequence[list[SentRecord] | None] = ()

    def takes(self, series: bytes, sop_class: bytes, place: int) -> bool:
        """Whether an image of that series, class and place, from 0, is the next one."""
        return (
            place == len(self)
            and series == self.series.encode()
            and sop_class == self.sop_class.encode()
        )

    def append(self, uid: str, number: int) -> None:
        """One more image."""
        self._uids += uid.encode()
        self._ends.append(len(self._uids))
        self._numbers.append(number)

    def mark(self, said: Sequence[list[SentRecord] | None]) -> None:
        """Put what was said to the images, in their order; of those behind the last, nothing was."""
        self._said = said

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> ImageRecord: ...
    @overload
    def __getitem__(self, place: slice) -> list[ImageRecord]: ...
    def __getitem__(self, place: int | slice) -> ImageRecord | list[ImageRecord]:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        at = range(len(self))[place]
        uid = self._uids[self._ends[at] : self._ends[at + 1]].decode()
        image: ImageRecord = {
            "key": f"{self.series}.i{at + 1}",
            "uid": uid,
            "sop_class": self.sop_class,
            "number": self._numbers[at],
        }
        if at < len(self._said) and (said := self._said[at]):
            image["sent"] = said
        return image

    def __iter__(self) -> Iterator[ImageRecord]:
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Equal to a list of the same."""
        if not isinstance(other, list | SeriesImages):
            return NotImplemented
        return len(self) == len(other) and all(
            one == two for one, two in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} images of {self.series}>"
