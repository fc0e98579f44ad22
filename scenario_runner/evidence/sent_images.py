"""What became of each instance that was sent: the last word of each step about it, put to the images of the plan."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from scenario_runner.evidence.plan_images import SeriesImages

if TYPE_CHECKING:
    from scenario_runner.evidence.record_plan import PatientRecord, SentRecord

_FURTHEST = 1 << 16
"""Places that may be left free in a series for what is told later; a log that is damaged can name any."""


class SentImages:
    """Takes what is told of instances; most are alike, and those share one list of records.

    There may be a million, so that each costs no more than its place in an array.
    """

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], array[int]] = {}
        """Of each series of a case, by the place of its images, the number of what was said; 0 is nothing."""
        self._odd: dict[tuple[str, str], int] = {}
        """The same of images whose key is no place in a series, by case and key."""
        self._alike: dict[tuple[Any, ...], SentRecord] = {}
        self._lists: list[list[SentRecord] | None] = [None]
        self._numbers: dict[tuple[int, ...], int] = {}
        """By the records in a list, the number of it."""
        self._after: dict[tuple[int, int], int] = {}
        """What was said before, and the record that came then, to what was said after that."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event ``instance_sent``. Raises KeyError and TypeError where it makes no sense."""
        names = ("id", "target", "status", "stored", "maybe_stored", "earlier")
        step, to, status, stored, maybe, earlier = said = tuple(event[name] for name in names)
        record = self._alike.setdefault(
            said,
            {"step": step, "to": to, "status": status, "stored": stored, "maybe_stored": maybe,
             "earlier": earlier},
        )  # fmt: skip
        case, key = event["case"], event["image"]
        series, place = place_of(key)
        codes = self._series.setdefault((case, series), array("I")) if series else None
        odd = bool(self._odd) and (case, key) in self._odd
        if odd or codes is None or place >= len(codes) + _FURTHEST:
            self._odd[case, key] = self._joined(self._odd.get((case, key), 0), record)
            return
        if place >= len(codes):
            codes.frombytes(bytes(codes.itemsize * (place + 1 - len(codes))))
        codes[place] = self._joined(codes[place], record)

    def _joined(self, before: int, record: SentRecord) -> int:
        """The number of what was said before and is said now, of which each step has its last word."""
        way = (before, id(record))
        if way not in self._after:
            others = [one for one in self._lists[before] or () if one["step"] != record["step"]]
            now = [*others, record]
            number = self._numbers.setdefault(tuple(map(id, now)), len(self._lists))
            if number == len(self._lists):
                self._lists.append(now)
            self._after[way] = number
        return self._after[way]

    def mark(self, case: str, patients: Iterable[PatientRecord]) -> None:
        """Put what was said to the images of a case's plan."""
        for patient in patients:
            for study in patient.get("studies", ()):
                for series in study.get("series", ()):
                    images: Sequence[Any] = series.get("images", ())
                    if isinstance(images, SeriesImages) and not self._odd:
                        codes = self._series.get((case, images.series))
                        if codes:
                            images.mark(_Said(codes, self._lists))
                    elif isinstance(images, SeriesImages):
                        told = [self._said(case, one["key"]) for one in images]
                        if any(told):
                            images.mark(told)
                    else:
                        for image in images:
                            if said := self._said(case, image.get("key", "")):
                                image["sent"] = said

    def _said(self, case: str, key: str) -> list[SentRecord] | None:
        if (code := self._odd.get((case, key))) is not None:
            return self._lists[code]
        series, place = place_of(key)
        codes = self._series.get((case, series), ())
        return self._lists[codes[place]] if place < len(codes) else None


class _Said(Sequence["list[SentRecord] | None"]):
    """What was said of the images of a series, by their place."""

    def __init__(self, codes: Sequence[int], lists: Sequence[list[SentRecord] | None]) -> None:
        self._codes, self._lists = codes, lists

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, place: int) -> list[SentRecord] | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[SentRecord] | None]: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._lists[code] for code in self._codes[place]]
        return self._lists[self._codes[place]]


def place_of(key: str) -> tuple[str, int]:
    """The key of the series and the place, from 0, of an image that the plan calls ``p1.s1.e1.i4``; else no series."""
    series, _, number = key.rpartition(".i")
    if not (number.isascii() and number.isdigit()) or number[0] == "0" or len(number) > 9:
        return "", 0
    return series, int(number) - 1
