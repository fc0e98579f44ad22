"""When things arrive is worked out beforehand, by the rates that were asked for."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from scenario_runner.language.loads import CaseLoad, Load, StudyLoad
from scenario_runner.planning.arrivals import Mix, arrivals, counted, stretches
from scenario_runner.planning.hospital_day import HOURS, MODALITIES, mix


def _times(load: dict[str, Any], seed: str = "1") -> list[float]:
    return [arrival.at for arrival in arrivals(Load.model_validate(load), seed)]


def test_a_constant_rate_is_evenly_spaced_from_the_first_moment_on() -> None:
    times = _times({"stages": [{"for": "2s", "rate": "10/s"}]})
    assert times == pytest.approx([number / 10 for number in range(20)])


def test_a_ramp_goes_evenly_from_one_rate_to_the_other() -> None:
    times = _times({"stages": [{"for": 10, "rate": "10/s", "to": "30/s"}]})
    assert len(times) == 200
    assert sum(one < 5 for one in times) == 75  # 5 s at 10/s to 20/s


def test_a_ramp_begins_and_runs_out_at_nothing() -> None:
    up = {"for": 10, "rate": "0/s", "to": "20/s"}
    times = _times({"stages": [up, {"for": 5, "rate": 0}, {"for": 10, "rate": "20/s", "to": 0}]})
    assert len(times) == 200
    assert [sum(low <= one < low + 5 for one in times) for low in (0, 5, 10, 15, 20)] == [
        25, 75, 0, 75, 25,
    ]  # fmt: skip


def test_a_ramp_that_is_hardly_one_keeps_to_its_time() -> None:
    times = _times({"stages": [{"for": "100h", "rate": "1/h", "to": "2/h"}]})
    assert len(times) == 150
    assert times[-1] < 100 * 3600
    assert sum(one < 50 * 3600 for one in times) in (62, 63)  # 50 h at 1/h to 1.5/h


def test_a_stage_without_a_rate_is_a_pause() -> None:
    times = _times({"stages": [{"for": 1, "rate": 2}, {"for": 5}, {"for": 1, "rate": 2}]})
    assert times == pytest.approx([0, 0.5, 6, 6.5])


def test_the_same_seed_gives_the_same_arrivals_and_another_one_others() -> None:
    load = {"stages": [{"for": 60, "rate": 5}], "arrival": "poisson"}
    assert _times(load) == _times(load)
    assert _times(load) != _times(load, "2")


@given(rate=st.floats(20, 200), seed=st.integers())
@settings(max_examples=25)
def test_random_arrivals_come_as_often_as_their_rate_says_and_at_no_fixed_distance(
    rate: float, seed: int
) -> None:
    load = {"stages": [{"for": 30, "rate": rate}], "arrival": "poisson"}
    times = _times(load, str(seed))
    expected = 30 * rate
    assert abs(len(times) - expected) < 6 * expected**0.5
    assert times == sorted(times)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.7 < spread / mean < 1.3  # of exponential gaps both are alike


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_a_mix_is_kept_at_every_moment(weights: list[int]) -> None:
    whole = sum(weights)
    shares = [(str(number), weight / whole) for number, weight in enumerate(weights)]
    turns, given = Mix(shares), Counter[str]()
    for count in range(1, 200):
        given[turns.next()] += 1
        assert all(abs(given[name] - share * count) < len(shares) for name, share in shares)


def test_a_day_has_all_its_studies_and_most_of_them_in_the_morning() -> None:
    load = {"hospital_day": {"studies": 5000, "in": 100}, "arrival": "constant"}
    parts = stretches(Load.model_validate(load))
    assert sum(part.seconds for part in parts) == pytest.approx(100)
    by_hour = Counter(one.stretch for one in arrivals(Load.model_validate(load), "1"))
    assert sum(by_hour.values()) == pytest.approx(5000, abs=2)
    assert by_hour.most_common(1)[0][0] in (10, 11)


def test_a_part_of_a_day_has_its_own_studies_in_the_time_it_is_given() -> None:
    morning = {"hospital_day": {"studies": 1000, "from": "08:30", "until": "10:00", "in": 9}}
    parts = stretches(Load.model_validate(morning))
    assert [part.name for part in parts] == ["08:00", "09:00"]
    assert [part.seconds for part in parts] == pytest.approx([3, 6])
    assert sum(part.expected for part in parts) == pytest.approx(10 * (4.6 / 2 + 6.8))


def test_the_figures_of_a_day_are_wholes() -> None:
    assert sum(HOURS) == pytest.approx(100)
    assert sum(MODALITIES.values()) == pytest.approx(1)
    assert sum(HOURS[9:18]) == pytest.approx(60)
    assert mix({"CT": 1, "CR": 2}) == pytest.approx({"CR": 0.616 / 0.709, "CT": 0.093 / 0.709})


@pytest.mark.parametrize(
    "load",
    [
        {},
        {"stages": [{"for": 1}]},
        {"stages": [{"for": 1, "to": 5}]},
        {"stages": [{"for": 0, "rate": 5}]},
        {"stages": [{"for": 1, "rate": 0}, {"for": 1, "rate": "0/s", "to": 0}]},
        {"stages": [{"for": 1, "rate": 5}], "hospital_day": {}},
        {"stages": [{"for": 1, "rate": 5}], "for": 3},
        {"associations": 2, "arrival": "poisson"},
        {"associations": 2, "modalities": {"CT": "60%", "DX": "60%"}},
        {"hospital_day": {"from": "10:00", "until": "09:00"}},
        {"think": {"min": "5s", "max": "2s"}},
        {"stages": [{"for": "2s", "rate": "1000000000/s"}]},
    ],
)
def test_a_load_that_makes_no_sense_is_refused(load: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StudyLoad.model_validate(load)


@pytest.mark.parametrize("workers", [2, 3, 4])
@pytest.mark.parametrize(
    "load",
    [
        {"stages": [{"for": 30, "rate": 8}, {"for": 5}, {"for": 20, "rate": 8, "to": 40}]},
        {"hospital_day": {"studies": 600, "in": 60}, "arrival": "constant"},
    ],
)
def test_cases_beside_one_another_offer_together_what_one_alone_would(
    load: dict[str, Any], workers: int
) -> None:
    whole = Load.model_validate(load)
    each = Counter(one.stretch for one in arrivals(whole.shared(1 / workers), "1"))
    alone = Counter(one.stretch for one in arrivals(whole, "1"))
    assert sum(alone.values()) > 100
    assert {stretch: number * workers for stretch, number in each.items()} == pytest.approx(
        alone, abs=workers
    )
    assert [one.seconds for one in stretches(whole.shared(1 / workers))] == pytest.approx(
        [one.seconds for one in stretches(whole)]
    )


def test_associations_and_stages_without_a_rate_are_shared_as_well() -> None:
    closed = Load.model_validate({"associations": 40, "think": 2, "for": 60})
    assert [closed.shared(1 / many).associations for many in (1, 4, 16, 100)] == [40, 10, 2, 1]
    assert closed.shared(0.25).think == 2
    paused = Load.model_validate({"stages": [{"for": 1, "rate": 4}, {"for": 5}]}).shared(0.5)
    assert [(one.rate, one.to) for one in paused.stages or ()] == [(2.0, None), (None, None)]


@pytest.mark.parametrize("arrival", ["constant", "poisson"])
def test_arrivals_are_counted_without_going_through_them(arrival: str) -> None:
    stages = [{"for": 3, "rate": 0.3, "to": 2.5}, {"for": 2}, {"for": 7, "rate": "90/min"}]
    load = Load.model_validate({"stages": [*stages, *stages[::-1]], "arrival": arrival})
    found = Counter(one.stretch for one in arrivals(load, "7"))
    assert counted(load, "7") == [found[number] for number in range(6)]


def test_a_hundred_million_arrivals_are_counted_at_once() -> None:
    stages = [{"for": "24h", "rate": "1000/s"}]
    assert counted(Load.model_validate({"stages": stages}), "1") == [86_400_000]


def test_a_check_of_all_cases_is_of_no_operation_of_their_steps() -> None:
    """It failed at the end, when all had been done."""
    load = {"associations": 1, "checks": [{"latency": {"operation": "C-STORE", "p95": "1s"}}]}
    with pytest.raises(ValidationError, match="measures whole cases, and no 'C-STORE'"):
        CaseLoad.model_validate(load)
    load["checks"] = [{"latency": {"operation": "case", "p95": "1s"}}]
    assert CaseLoad.model_validate(load).checks == load["checks"]


@pytest.mark.parametrize("then", [{"for": 5}, {"for": 5, "rate": 0, "to": 2}])
def test_a_stage_that_ends_with_its_last_arrival_is_followed_by_any(then: dict[str, Any]) -> None:
    """A minute of 31 are a hair more than 31: what comes then was of the pause, at no rate."""
    made = Load.model_validate({"stages": [{"for": 60, "rate": "31/min"}, then]})
    found = list(arrivals(made, "x"))
    assert [sum(one.stretch == number for one in found) for number in (0, 1)] == counted(made, "x")
    assert [one.at for one in found] == sorted(one.at for one in found)


@pytest.mark.parametrize("seed", ["a", "b"])
def test_many_random_arrivals_are_counted_as_they_come(
    seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = [
        {"for": 3},
        {"for": 60, "rate": "31/min"},
        {"for": 5},
        {"for": 50, "rate": 0, "to": 90},
    ]
    made = Load.model_validate({"stages": stages, "arrival": "poisson"})
    one_by_one = counted(made, seed)
    monkeypatch.setattr("scenario_runner.planning.arrivals._MANY", 0)
    assert counted(made, seed) == one_by_one
