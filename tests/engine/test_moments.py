"""Moments in the evidence: what anybody's parser of ISO 8601 reads is the moment that was meant."""

from __future__ import annotations

import datetime as dt

from hypothesis import example, given
from hypothesis import strategies as st

from scenario_runner.engine.moments import utc_text

_EVEREST = dt.timezone(dt.timedelta(hours=5, minutes=45))


@given(
    st.datetimes(
        dt.datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        dt.datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([dt.UTC, _EVEREST]),
    )
)
@example(dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, dt.UTC))
@example(dt.datetime(2026, 1, 1, 0, 0, 0, 999, _EVEREST))
def test_a_moment_is_read_back_to_the_millisecond(moment: dt.datetime) -> None:
    text = utc_text(moment)
    assert len(text) == len("2026-01-31T09:30:00.123Z")
    read = dt.datetime.fromisoformat(text)
    assert read.utcoffset() == dt.timedelta()
    assert dt.timedelta() <= moment - read < dt.timedelta(milliseconds=1)
