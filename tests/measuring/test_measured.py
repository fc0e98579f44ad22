"""What is counted of how long things took says the same as the times themselves."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.measuring.histogram import Histogram
from scenario_runner.measuring.measured import Measured
from scenario_runner.measuring.timeline import MOST, Timeline

_TIMES = st.lists(st.floats(min_value=0, max_value=4000), min_size=1, max_size=300)


def _histogram(times: list[float]) -> Histogram:
    histogram = Histogram()
    for one in times:
        histogram.record(one)
    return histogram


@given(_TIMES, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_the_one_of_the_times_themselves(times: list[float], share: float) -> None:
    exact = sorted(times)[math.ceil(share * len(times)) - 1]
    found = _histogram(times).quantile(share)
    assert abs(found - exact) <= max(1e-6, exact * 0.004)


@given(_TIMES, _TIMES)
def test_two_histograms_together_are_one_of_all_times(one: list[float], other: list[float]) -> None:
    both = _histogram(one)
    both.add(_histogram(other))
    whole = _histogram([*one, *other])
    assert both.pairs() == whole.pairs()
    assert (both.count, both.min, both.max) == (whole.count, whole.min, whole.max)
    again = Histogram.of(both.pairs(), both.min, both.max, both.total)
    assert again.pairs() == both.pairs()
    assert again.quantile(0.95) == both.quantile(0.95)


def test_a_million_different_times_take_a_bounded_number_of_buckets() -> None:
    histogram = _histogram([number * 37e-6 for number in range(0, 1_000_000, 50)])
    assert len(histogram.pairs()) < 128 * 20


def test_a_clock_that_was_set_back_counts_as_nothing() -> None:
    assert _histogram([-1.0]).max == 0.0


def test_a_course_over_days_keeps_its_slices_few_and_forgets_none() -> None:
    timeline = Timeline()
    for second in range(0, 200_000, 7):
        timeline.record(second, 0.01, failed=second % 2 == 0)
    slices = timeline.plain()
    assert len(slices) <= MOST
    assert sum(one["count"] for one in slices) == len(range(0, 200_000, 7))
    assert all(one["at_s"] % timeline.every == 0 for one in slices)


def test_what_begins_late_has_waited_since_it_was_to_begin() -> None:
    measured = Measured("C-STORE")
    for number in range(100):
        measured.record(number * 0.01, 0.002, late=0.5)
    plain = measured.plain()
    assert plain["p50_s"] == plain["service"]["p50_s"] + 0.5
    assert plain["late"]["max_s"] == 0.5


def test_labels_without_end_are_put_together() -> None:
    measured = Measured("C-STORE")
    for number in itertools.islice(itertools.count(), 1000):
        measured.record(1.0, 0.1, labels={"modality": f"M{number}"})
    groups = measured.plain()["groups"]
    assert len(groups) <= 66
    assert sum(one["count"] for one in groups) == 1000
