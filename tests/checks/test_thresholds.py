"""Thresholds on what a step measured: held, and failed with both numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from scenario_runner.checks.thresholds import Errors, Latency, held
from scenario_runner.checks.until_visible import UntilVisible
from scenario_runner.errors import InvalidInput
from scenario_runner.language.loads import StopWhen
from scenario_runner.language.quantities import Rate, Share
from scenario_runner.language.scenario import read_scenario
from scenario_runner.measuring.histogram import Histogram
from scenario_runner.plugins import Plugins
from tests.running import events, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

_SERIES = [{"modality": "CR", "images": 8, "size": [16, 16], "burn_in": False}]


def test_a_threshold_that_is_not_held_says_what_was_expected_and_what_is(tmp_path: Path) -> None:
    faults = [{"answer": {"status": "A700", "share": 0.5}}]
    checks: list[Any] = [
        {"latency": {"of": "send", "p95": "1h", "max": "1h", "mean": "1h"}},
        {"latency": {"p50": 0}, "fails": "p50 is .* more than 0 s, of 8 operations"},
        {"latency": {"of": "send", "operation": "c-store", "p99": "1h"}},
        {"throughput": {"of": "sent", "min": "1/h"}},
        {"duration": {"of": "sent", "max": "1h"}},
        {"throughput": {"min": 1_000_000}, "fails": "operations in .* are .*/s"},
        {"errors": {"of": "send", "max": "50%"}},
        {"errors": {"max": "49.9%"}, "fails": "4 of 8 operations failed, 50.000%"},
    ]
    wrong = [
        {"latency": {"of": "send", "operation": "{{ 'C-FIND' }}", "p95": 1}},
        {"latency": {"of": "{{ 'generate' }}", "p95": 1}},
    ]
    entries: list[Any] = [
        {"misbehave": {"on": "pacs", "faults": faults}},
        {"generate": {}},
        {"send": {"to": "pacs", "expect": "any"}, "save_as": "sent"},
        {"id": "held", "assert": checks},
        {"id": "wrong", "assert": wrong},
    ]
    file = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": _SERIES}]}]
    )
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check(1)
    found = steps(record(tmp_path / "run"))
    assert found["held"]["outcome"] == "passed", found["held"]["message"]
    slow = found["held"]["checks"][1]
    assert slow["expected"] == {"p50_s": 0.0}
    assert slow["actual"]["count"] == 8
    assert slow["actual"]["p50_s"] > 0
    said = [check["message"] for check in found["wrong"]["checks"]]
    assert "measured no operation 'C-FIND'; it measured: C-STORE" in said[0]
    assert "step 'generate' has measured nothing; steps that have: send" in said[1]


def test_nothing_that_was_answered_holds_no_threshold() -> None:
    assert held(Histogram(), {"p95": 1.0}).outcome == "failed"


@pytest.mark.parametrize(
    ("written", "rate"), [("20/s", 20.0), ("90/min", 1.5), ("1800 / h", 0.5), (7, 7.0)]
)
def test_a_rate_is_so_many_a_second(written: Any, rate: float) -> None:
    assert TypeAdapter(Rate).validate_python(written) == rate


@pytest.mark.parametrize("written", ["20", "20/d", "0/s", "-1/s", True, None])
def test_what_is_no_rate_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Rate).validate_python(written, strict=True)


@pytest.mark.parametrize(("written", "share"), [("0.1%", 0.001), ("5 %", 0.05), (0.25, 0.25)])
def test_a_share_is_a_part_of_one(written: Any, share: float) -> None:
    assert TypeAdapter(Share).validate_python(written) == pytest.approx(share)


@pytest.mark.parametrize("written", ["101%", 5, "5", "-1%", True])
def test_what_is_no_share_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Share).validate_python(written, strict=True)


def test_it_is_told_how_long_an_instance_took_to_be_found(tmp_path: Path) -> None:
    lost = {"of": "lost", "max": "50ms", "patience": "50ms", "every": "10ms"}
    entries: list[Any] = [
        {"misbehave": {"on": "pacs", "faults": [{"lose": {}}]}},
        {"id": "lost", "send": {"to": "pacs", "load": {"associations": 1}}},
        {"assert": [{"until_visible": lost, "fails": "not found within 0.05 s"}]},
        {"misbehave": {"on": "pacs", "faults": [{"answer": {"status": "A700"}}]}},
        {"id": "refused", "send": {"to": "pacs", "expect": "any"}},
        {"assert": [{"until_visible": {**lost, "of": "refused"}, "fails": "nothing was ackn"}]},
        {"misbehave": {"on": "pacs", "faults": []}},
        {"send": {"to": "pacs"}},
        {"assert": [{"until_visible": {"of": "send", "p50": 60, "max": 60, "every": "10ms"}}]},
    ]
    file = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": _SERIES}]}]
    )
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()
    [visible] = [
        one
        for one in steps(record(tmp_path / "run"))["send"]["latencies"]
        if one["operation"] == "until visible"
    ]
    assert 0 < visible["count"] <= 8


def test_a_pacs_is_asked_as_long_as_it_is_known_to_take(tmp_path: Path) -> None:
    lost = {"of": "send", "max": "50ms", "patience": "50ms", "every": "10ms"}
    file = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"assert": [{"until_visible": lost, "fails": "not found within 0.4 s"}]},
        ],
    )
    pacs = {"embedded": {"faults": [{"lose": {}}]}, "expects": {"stored_within": "400ms"}}
    site = write_site(tmp_path / "site.yaml", {"pacs": pacs})
    out = tmp_path / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()


def test_a_pacs_that_answers_slowly_is_not_charged_with_the_queue_of_those_who_ask(
    tmp_path: Path,
) -> None:
    """All are there at once, and each answer takes 300 ms: one after the other the tenth would be found after 3 s."""
    slow = {"misbehave": {"on": "pacs", "faults": [{"delay": {"seconds": "300ms", "on": "find"}}]}}
    series = [{**_SERIES[0], "images": 16}]
    file = write_scenario(
        tmp_path / "s.yaml",
        [slow, {"send": {"to": "pacs"}}, {"assert": [{"until_visible": {"max": "2s"}}]}],
        patients=[{"studies": [{"series": series}]}],
    )
    out = tmp_path / "run"
    fabricate("run", file, "--registry", ":memory:", "--out", out).check()
    [check] = steps(record(out))["assert"]["checks"]
    assert 0 < check["actual"]["count"] < 16
    assert any("left out, while as many others" in one.get("message", "") for one in events(out))


@pytest.mark.parametrize(
    ("check", "given", "why"),
    [
        (Latency, {"p50": "2s", "p99": "1s"}, "'p50' is 2 s and 'p99' is 1 s"),
        (Latency, {"p95": 1, "p99": 3, "max": 2}, "'p99' is 3 s and 'max' is 2 s"),
        (Latency, {"mean": 2, "max": 1}, "'mean' is 2 s and 'max' is 1 s"),
        (UntilVisible, {"p50": 2, "p95": 1}, "so that 'p50' says nothing"),
        (UntilVisible, {"p95": 50, "patience": 5}, "'patience' is 5 s, and 50 s are allowed"),
        (Errors, {"max": 1}, "holds whatever fails"),
        (Errors, {"max": "100%"}, "holds whatever fails"),
        (StopWhen, {"error_rate": "100%"}, "no more than all can fail"),
    ],
)
def test_a_threshold_that_nothing_can_miss_is_refused(
    check: type[BaseModel], given: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        check.model_validate(given)


def test_an_instance_is_asked_for_as_long_as_a_threshold_allows() -> None:
    """It was called not found after a minute, where two were allowed."""
    assert UntilVisible.model_validate({"p95": "2m"}).waits == 120
    assert UntilVisible.model_validate({"p95": "2s"}).waits == 60
    assert Latency.model_validate({"p50": 1, "mean": 5, "p99": 1, "max": 5}).mean == 5


def test_what_comes_at_a_rate_does_not_exceed_it(tmp_path: Path) -> None:
    """Four of them are done after three gaps, and were said to be a third too many."""
    file = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs", "rate": "10/s"}},
            {"assert": [
                {"throughput": {"max": "10.1/s"}},
                {"throughput": {"max": "5/s"}, "fails": "8 operations in .*, one after the other"},
            ]},
        ],
        patients=[{"studies": [{"series": _SERIES}]}],
    )  # fmt: skip
    fabricate("run", file, "--registry", ":memory:", "--out", tmp_path / "run").check()


_RISING = {"stages": [{"for": 2, "rate": 20}, {"for": 10, "rate": 200}]}
_FALLING = {"stages": [{"for": 9}, {"for": 10, "rate": 200, "to": 20}]}
_AT_RANDOM = {**_RISING, "arrival": "poisson"}
_STUDIES = {**_RISING, "each": "study"}
_LATER = {"stages": [{"for": 2, "rate": "{{ 20 }}"}]}
_ASKED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"send": {"to": "pacs", "load": _RISING}}, {"throughput": {"min": 171}}, "than 170/s"),
    ({"send": {"to": "pacs", "load": _RISING}}, {"throughput": {"min": 170}}, ""),
    ({"send": {"to": "pacs", "load": _FALLING}}, {"throughput": {"min": 199}}, ""),
    ({"send": {"to": "pacs", "load": _FALLING}}, {"throughput": {"min": 201}}, "than 200/s"),
    ({"echo": {"to": "pacs", "load": _AT_RANDOM}}, {"throughput": {"min": 180}}, ""),
    ({"echo": {"to": "pacs", "load": _AT_RANDOM}}, {"throughput": {"min": 200}}, "than 192.6/s"),
    ({"send": {"to": "pacs", "load": _STUDIES}}, {"throughput": {"min": 9_000}}, ""),
    ({"send": {"to": "pacs", "load": _LATER}}, {"throughput": {"min": 9_000}}, ""),
    ({"send": {"to": "pacs", "rate": "90/min"}}, {"throughput": {"min": 1.6}}, "than 1.5/s"),
    ({"send": {"to": "pacs"}}, {"throughput": {"min": 9_000}}, ""),
    ({"send": {"to": "pacs", "rate": 1}}, {"throughput": {"min": 2}, "fails": "operations"}, ""),
    ({"echo": {"to": "pacs"}}, {"errors": {"max": 0, "operation": "C-STORE"}}, "of: C-ECHO"),
    ({"echo": {"to": "pacs"}}, {"errors": {"max": 0, "operation": "c-echo"}}, ""),
    ({"pause": {"for": 0}, "id": "it"}, {"latency": {"of": "it", "max": 1}}, "'of' a send"),
    (
        {"query": {"on": "pacs", "level": "study"}, "when": "{{ vars.ask }}"},
        {"errors": {"operation": "C-ECHO", "max": 0}},
        "",
    ),
]


def test_what_no_step_before_can_measure_is_told_by_validate(tmp_path: Path) -> None:
    """The PACS was said to be too slow for more than was ever offered to it."""
    entries = [one for step, check, _ in _ASKED for one in (step, {"assert": [check]})]
    load = {"stages": [{"for": 2, "rate": 5}], "checks": [{"throughput": {"min": "6/s"}}]}
    file = write_scenario(tmp_path / "s.yaml", entries, load=load, vars={"ask": False})
    with pytest.raises(InvalidInput) as raised:
        read_scenario(file, Plugins(outside=False))
    found = {one.where.path: f"{one.message}; {one.hint}" for one in raised.value.diagnostics}
    of_cases = found.pop("load.checks[0].throughput")
    assert "'min' is 6/s, and no more than 5/s are offered" in of_cases
    told = {int(path[len("steps[") : path.index("]")]) // 2: one for path, one in found.items()}
    assert [*told] == [place for place, (_, _, why) in enumerate(_ASKED) if why]
    assert all(_ASKED[place][2] in words for place, words in told.items()), told
