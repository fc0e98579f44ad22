"""How long operations took, as pictures: their distribution, and latency and throughput over time.

SVG in the page's own colours, so that it is legible in print and in the dark; what it shows is told in words, too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scenario_runner.evidence.record_latency import LatencyRecord

FEW = 10
"""Operations of which a picture would show less than their numbers do."""
_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT = 480, 130, 46, 14, 22
_RIGHT = 8
_BARS = 48
_QUANTILES = (("p50", "p50_s"), ("p95", "p95_s"), ("p99", "p99_s"))
_SPACE = Markup(" ")


def short_time(seconds: float) -> str:
    """``310 µs``, ``12.3 ms``, ``1.25 s``."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            number = seconds * factor
            return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def distribution(record: LatencyRecord) -> Markup:
    """How many took how long, on a logarithmic axis, with p50, p95 and p99; empty where there are few."""
    if record.count < FEW or not record.histogram:
        return Markup("")
    least = float(max(1, min(micros for micros, _ in record.histogram)))
    most = max(least * 2, max(micros for micros, _ in record.histogram) * 1.01)
    low, span = math.log(least), math.log(most) - math.log(least)
    bars = [0] * _BARS
    for micros, count in record.histogram:
        share = (math.log(max(least, micros)) - low) / span
        bars[min(_BARS - 1, int(share * _BARS))] += count
    highest = max(bars)

    def across(seconds: float) -> float:
        share = (math.log(max(least, seconds * 1e6)) - low) / span
        return _LEFT + min(1.0, share) * (_WIDTH - _LEFT - _RIGHT)

    plot = _Plot(f"{record.operation}: how long {record.count:,} operations took; {_words(record)}")
    width = (_WIDTH - _LEFT - _RIGHT) / _BARS
    for number, count in enumerate(bars):
        if count:
            plot.bar(_LEFT + number * width, width - 1, count / highest)
    plot.scale(highest, lambda value: f"{value:,.0f}")
    for tick in _ticks(least, most):
        plot.below(across(tick / 1e6), short_time(tick / 1e6))
    plot.quantiles((name, across(getattr(record, field))) for name, field in _QUANTILES)
    return plot.whole()


def over_time(record: LatencyRecord) -> Markup:
    """The quantiles of each slice of time as lines; empty where there are few."""
    if record.count < FEW or len(record.over_time) < _SLICES:
        return Markup("")
    top = max(one.p99_s for one in record.over_time) or 1e-6
    plot = _Plot(f"{record.operation}: p50, p95 and p99 over time, up to {short_time(top)}")
    plot.time_axis(record)
    plot.scale(top, short_time)
    for name, field in _QUANTILES:
        points = [
            (plot.at(record, one.at_s), min(1.0, getattr(one, field) / top))
            for one in record.over_time
        ]
        plot.line(name, points)
    return plot.whole()


def throughput(record: LatencyRecord) -> Markup:
    """How many were done a second in each slice, those that failed apart; empty where there are few."""
    if record.count < FEW or len(record.over_time) < _SLICES:
        return Markup("")
    # The last slice is over when the last operation is, not at its full width.
    widths = [
        max(1e-3, min(record.every_s, record.last_s - one.at_s)) if one is record.over_time[-1]
        else record.every_s
        for one in record.over_time
    ]  # fmt: skip
    widths[-1] = max(widths[-1], record.every_s / 2)
    rates = [one.count / width for one, width in zip(record.over_time, widths, strict=True)]
    top = max(rates) or 1.0
    plot = _Plot(f"{record.operation}: operations a second over time, up to {top:,.1f}")
    plot.time_axis(record)
    plot.scale(top, lambda value: f"{value:,.3g}/s")
    end = _span(record)
    width = max(1.0, record.every_s / end * (_WIDTH - _LEFT - _RIGHT) - 1)
    for one, rate in zip(record.over_time, rates, strict=True):
        plot.bar(plot.at(record, one.at_s), width, rate / top)
        if one.failed:
            plot.bar(plot.at(record, one.at_s), width, rate / top * one.failed / one.count, "bad")
    return plot.whole()


_SLICES = 3
"""Slices of time of which a picture shows a course."""


def _words(record: LatencyRecord) -> str:
    said = [f"{name} {short_time(getattr(record, field))}" for name, field in _QUANTILES]
    return ", ".join([*said, f"max {short_time(record.max_s)}"])


def _span(record: LatencyRecord) -> float:
    return max(one.at_s for one in record.over_time) + record.every_s


def _ticks(least: float, most: float) -> list[float]:
    """Round microseconds between two: 1, 2, 5, 10, … or powers of ten alone where there would be many."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = (1, 2, 5) if len(powers) <= _FINE else (1,)
    every = [step * 10.0**power for power in powers for step in steps]
    return [one for one in every if least <= one <= most]


_FINE = 3


class _Plot:
    """One picture: parts that are drawn, then what is written."""

    def __init__(self, title: str) -> None:
        self._parts = [
            Markup('<svg class="plot" viewBox="0 0 {} {}" role="img"><title>{}</title>').format(
                _WIDTH, _HEIGHT, title
            ),
            Markup('<path class="axis" d="M{} {}H{}"/>').format(
                _LEFT, _HEIGHT - _FOOT, _WIDTH - _RIGHT
            ),
        ]

    def _up(self, share: float) -> float:
        return round(_HEIGHT - _FOOT - share * (_HEIGHT - _FOOT - _TOP), 1)

    def at(self, record: LatencyRecord, seconds: float) -> float:
        """Where a moment stands."""
        return _LEFT + seconds / _span(record) * (_WIDTH - _LEFT - _RIGHT)

    def bar(self, left: float, width: float, share: float, kind: str = "fill") -> None:
        """A bar from the axis up."""
        top = min(self._up(share), _HEIGHT - _FOOT - 1.0)
        self._parts.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                kind, round(left, 1), top, round(width, 1), round(_HEIGHT - _FOOT - top, 1)
            )
        )

    def line(self, name: str, points: Sequence[tuple[float, float]]) -> None:
        """A line through points, which carries its name at its end."""
        path = "L".join(f"{round(x, 1)} {self._up(share)}" for x, share in points)
        self._parts.append(Markup('<path class="{}" d="M{}"/>').format(name, path))

    def scale(self, top: float, said: Callable[[float], str]) -> None:
        """What the height means: at the top and halfway."""
        for share in (0.5, 1.0):
            self._parts.append(
                Markup(
                    '<path class="rule" d="M{} {}H{}"/><text class="end" x="{}" y="{}">{}</text>'
                ).format(
                    _LEFT, self._up(share), _WIDTH - _RIGHT,
                    _LEFT - 5, self._up(share) + 3, said(top * share),
                )
            )  # fmt: skip

    def below(self, place: float, text: str) -> None:
        """A mark under the axis."""
        place = round(place, 1)
        self._parts.append(
            Markup('<path class="axis" d="M{} {}v4"/><text class="mid" x="{}" y="{}">{}</text>').format(
                place, _HEIGHT - _FOOT, place, _HEIGHT - 6, text
            )
        )  # fmt: skip

    def time_axis(self, record: LatencyRecord) -> None:
        """Round seconds or minutes under the axis."""
        end = _span(record)
        step = next(one for one in _STEPS if end / one <= _MOST_TICKS or one == _STEPS[-1])
        for number in range(int(end / step) + 1):
            moment = number * step
            text = f"{moment} s" if step < _MINUTE else f"{moment // _MINUTE} min"
            self.below(min(self.at(record, moment), _WIDTH - 16), text)

    def quantiles(self, places: Iterable[tuple[str, float]]) -> None:
        """Upright lines with names, each moved aside where it would stand on the one before."""
        free = 0.0
        for name, place in places:
            self._parts.append(
                Markup('<path class="{}" d="M{} {}V{}"/>').format(
                    name, round(place, 1), _TOP, _HEIGHT - _FOOT
                )
            )
            written = min(_WIDTH - _RIGHT - 20, max(place - 9, free))
            free = written + 24
            self._parts.append(
                Markup('<text x="{}" y="{}">{}</text>').format(round(written, 1), _TOP - 4, name)
            )

    def whole(self) -> Markup:
        """The picture."""
        return Markup("").join([*self._parts, Markup("</svg>")])


_MINUTE = 60
_MOST_TICKS = 8
_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
