"""No kind of difference is hidden by another, however many there are of either."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.api import Difference, Differences
from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path


def one(attribute: str, expected: Any, actual: Any, subject: str = "i") -> Difference:
    return Difference(subject=subject, attribute=attribute, expected=expected, actual=actual)


def test_what_comes_after_thousands_of_another_kind_is_counted_and_shown() -> None:
    found = Differences(one("A", "x", "y") for _ in range(5000))
    found.append(one("B", 1, "1", "last"))
    lost, rare = found.kinds()
    assert (lost.count, rare.count) == (5000, 1)
    assert (rare.expected, rare.actual, rare.examples[0].subject) == (1, "1", "last")
    assert "B is '1', not 1 (1)" in found.sentence
    assert {each.attribute for each in found} == {"A", "B"}


def test_values_that_never_repeat_are_one_kind_by_what_they_have_in_common() -> None:
    found = Differences(one("SOPInstanceUID", f"1.{n}", "not in the PACS") for n in range(600))
    (kind,) = found.kinds()
    assert (kind.count, kind.various, kind.actual) == (600, ("expected",), "not in the PACS")
    assert [each.expected for each in kind.examples] == ["1.0", "1.1", "1.2"]


def test_what_comes_again_and_again_stands_out_among_values_that_never_repeat() -> None:
    found = Differences(one("D", f"a{n}", f"b{n}") for n in range(500))
    found.extend(one("D", "RIGHT", "WRONG") for _ in range(300))
    found.extend(one("D", f"c{n}", f"d{n}") for n in range(500))
    kinds = found.kinds()
    assert sum(kind.count for kind in kinds) == found.total == 1300
    assert [(k.expected, k.actual, k.count) for k in kinds if not k.various] == [
        ("RIGHT", "WRONG", 300)
    ]


def test_items_of_a_sequence_are_counted_together() -> None:
    found = Differences(one(f"S[{n}].V", 1, 2) for n in range(9))
    assert [(kind.attribute, kind.count) for kind in found.kinds()] == [("S[].V", 9)]


def test_memory_does_not_grow_with_their_number() -> None:
    def taken(number: int) -> int:
        tracemalloc.start()
        found = Differences(
            one(f"A{n % 50}", f"e{n}", f"a{n}", f"p1.s1.e1.i{n}") for n in range(number)
        )
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert found.total == number
        return used

    assert taken(40_000) < 1.5 * taken(10_000)


def test_a_hostile_file_of_countless_attributes_is_told_within_bounds() -> None:
    found = Differences(one(f"({n:08X})", "absent", "x" * 10_000) for n in range(3000))
    kinds = found.kinds()
    assert sum(kind.count for kind in kinds) == 3000
    assert len(kinds) <= 1001
    assert len(json.dumps([kind.plain() for kind in kinds])) < 8_000_000


values = st.sampled_from(["a", "b", None, 1, "1", [1, 2]]) | st.integers()


@given(st.lists(st.tuples(st.sampled_from("ABC"), values, values), max_size=120))
def test_every_difference_is_in_a_kind(given: list[tuple[str, Any, Any]]) -> None:
    found = Differences(one(*each) for each in given)
    kinds = found.kinds()
    assert sum(kind.count for kind in kinds) == len(given)
    for attribute in "ABC":
        of_it = [each for each in given if each[0] == attribute]
        assert sum(kind.count for kind in kinds if kind.attribute == attribute) == len(of_it)


def test_a_changed_attribute_does_not_hide_behind_lost_images(tmp_path: Path) -> None:
    faults = [
        {"lose": {"share": 0.5}},
        {"alter": {"attribute": "StudyDescription", "value": "WRONG", "on": "retrieve"}},
    ]
    series = [{"modality": "CT", "images": 420, "size": [16, 16], "burn_in": False}]
    tags = {"tags": {"of": "back", "equal": "sent"}}
    entries = [
        {"misbehave": {"on": "pacs", "faults": faults}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        # The first difference is a lost image; the reason named is another.
        {"assert": [{**tags, "fails": "StudyDescription is 'WRONG', not 'RIGHT' .210."}]},
        {"assert": [tags, {"stored": {"on": "pacs"}}], "id": "told"},
    ]
    patients = [{"studies": [{"description": "RIGHT", "series": series}]}]
    file, out = write_scenario(tmp_path / "s.yaml", entries, patients=patients), tmp_path / "run"
    done = fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    compared, stored = steps(record(out))["told"]["checks"]
    assert compared["difference_count"] == 420
    assert [
        (kind["attribute"], kind["expected"], kind["actual"], kind["count"])
        for kind in compared["kinds"]
    ] == [
        ("SOPInstanceUID", "sent", "not retrieved", 210),
        ("StudyDescription", "RIGHT", "WRONG", 210),
    ]
    assert [(kind["actual"], kind["count"]) for kind in stored["kinds"]][-1] == (
        "not in the PACS",
        210,
    )
    for name in ("report.html", "junit.xml", "ctrf.json"):
        text = (out / name).read_text("utf-8")
        assert {"WRONG", "210"} <= {word for word in ("WRONG", "210") if word in text}, name
    assert "StudyDescription is 'WRONG', not 'RIGHT' (210)" in done.out
