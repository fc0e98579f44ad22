"""What is noted of each instance: it costs little, and every question has the answer that it had at once."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.api import Ledger, SentInstance, StoreStatus
from scenario_runner.api.sent_log import SentLog
from scenario_runner.api.statuses import Statuses, plain_status
from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.plan import PlannedImage, PlannedSeries
from tests.imaging.planned import LazyImages, plan_series

_IMAGES = 4


def _planned(number: int, images: int = _IMAGES) -> PlannedSeries:
    """A series whose images are made on demand, as those of a plan are; each in a study of its own."""
    study = {"id": f"p1.s{number}", "uid": f"2.25.{number + 9}"}
    series = plan_series(number=number, images=images, id=f"p1.s{number}.e1", study=study)
    lazy = series.images
    assert isinstance(lazy, LazyImages)
    made = Lazy[PlannedImage](images, lambda place: lazy[place])
    object.__setattr__(series, "images", made)
    return series


_SERIES = [_planned(1), _planned(2), plan_series(number=3, id="p1.s3.e1")]
"""The last one's images are of another kind of sequence."""


def _said(image: PlannedImage, target: str, kind: int, uid: str | None = None) -> SentInstance:
    own = image.uid if uid is None else uid
    kinds: list[dict[str, Any]] = [
        {"status": 0, "seconds": 0.25},
        {"status": 0xB000, "comment": "coerced", "seconds": 0.5},
        {"status": 0xA700, "comment": "full"},
        {"status": None, "comment": "lost", "maybe_stored": True},
        {"status": 0, "http": 200, "retrieve_url": f"http://pacs/instances/{own}?x"},
        {
            "status": 0,
            "http": 200,
            "retrieve_url": "http://pacs/all",
            "sent_as": "1.2.840.10008.1.2",
        },
        {"status": 0x0111, "verdict": "warning"},
    ]
    status = StoreStatus(sop_instance_uid=own, sop_class_uid="1.2", **kinds[kind])
    return SentInstance(image, target, status, "run1" if kind == 3 else None)


def _without_uid(status: dict[str, Any]) -> str:
    return repr({**status, "sop_instance_uid": "", "retrieve_url": ""})


_images = st.sampled_from([image for series in _SERIES for image in series.images])
_sent = st.builds(
    _said,
    _images,
    st.sampled_from(["pacs", "archive"]),
    st.integers(0, 6),
    st.sampled_from([None, None, None, "", "1.2.3"]),
)


@given(st.lists(_sent, max_size=12))
def test_each_comes_back_as_it_was_noted(sent: list[SentInstance]) -> None:
    log = SentLog()
    for one in sent:
        log.append(one)
    assert list(log) == sent
    assert [log[place] for place in range(-len(sent), len(sent))] == sent * 2
    assert log[1:3] == sent[1:3]


@given(st.lists(_sent, max_size=12), st.data())
def test_statuses_are_the_list_that_they_stand_for(sent: list[SentInstance], data: Any) -> None:
    plain = list(map(plain_status, sent))
    statuses = Statuses(sent)
    assert statuses == plain
    assert plain == statuses
    assert statuses[1:] == plain[1:]
    assert statuses != [*plain, {}]
    kinds = statuses.kinds()
    counted = Counter[str]()
    for first, count in kinds:
        counted[_without_uid(first)] += count
    assert counted == Counter(map(_without_uid, plain))
    assert all(first in plain for first, _ in kinds)
    bad = [one for one in plain if one["class"] == "failure"]
    assert list(statuses.of_kinds(lambda one: one["class"] == "failure")) == bad
    known = data.draw(st.integers(0, len(plain)))
    keys = data.draw(st.permutations(range(len(plain) - known)))
    statuses.sort_from(known, keys)
    behind = [one for _, one in sorted(zip(keys, plain[known:], strict=True), key=lambda x: x[0])]
    assert statuses == plain[:known] + behind


_ASKED: list[Callable[[Ledger], Any]] = [
    lambda ledger: list(ledger.sent()),
    lambda ledger: list(ledger.sent("pacs")),
    lambda ledger: list(ledger.ever().items()),
    lambda ledger: ledger.held("pacs"),
    lambda ledger: ledger.expected("archive"),
    lambda ledger: ledger.stored("pacs"),
    lambda ledger: ledger.intended("archive"),
    lambda ledger: ledger.study_uids("archive"),
    lambda ledger: ledger.all_study_uids("pacs"),
    lambda ledger: ledger.asked("pacs", "study", None, ()),
    lambda ledger: [ledger.was_stored(image) for one in _SERIES for image in one.images],
    lambda ledger: [
        ledger.modifications_kept(image, "pacs") for one in _SERIES for image in one.images
    ],
]
_steps = st.lists(
    st.one_of(
        _sent.map(lambda sent: lambda ledger: ledger.record(sent)),
        st.sampled_from(_SERIES).map(
            lambda series: lambda ledger: ledger.forget("pacs", [series.study.uid])
        ),
        st.tuples(st.sampled_from(_SERIES), st.sampled_from([{}, {"PatientID": "X"}])).map(
            lambda pair: lambda ledger: ledger.generate("generate", [pair[0]], pair[1])
        ),
        st.lists(_sent, max_size=2).map(
            lambda sent: lambda ledger: ledger.move("pacs", "archive", sent, done=True)
        ),
    ),
    max_size=12,
)


@given(_steps)
def test_a_ledger_answers_late_as_it_does_at_once(steps: list[Callable[[Ledger], None]]) -> None:
    for question in _ASKED:
        early, late = Ledger(), Ledger()
        for step in steps:
            step(early)
            early.ever()  # what is asked now is in the dictionaries from now on
            step(late)
        assert question(late) == question(early)


@pytest.mark.parametrize("keep", [Ledger().record, Statuses().append], ids=["ledger", "statuses"])
def test_an_instance_costs_a_few_bytes(keep: Callable[[SentInstance], None]) -> None:
    count = 4_000
    images = _planned(1, count).images
    keep(_said(images[0], "pacs", 0))
    tracemalloc.start()
    try:
        for image in images:
            keep(_said(image, "pacs", 0))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / count < 40
