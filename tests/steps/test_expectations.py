"""``expect`` and the check ``status`` mean the same by the same word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

FAULTS: dict[str, list[Any]] = {
    "success": [],
    "warning": [{"answer": {"status": "B000"}}],
    "failure": [{"answer": {"status": "A700"}}],
    "unknown": [{"abort": {"on": "store"}}],
}
WORDS = {
    "success": {"success", "accepted"},
    "warning": {"warning", "accepted"},
    "failure": {"failure"},
    "unknown": {"unknown"},
}


@pytest.mark.parametrize("answer", FAULTS)
def test_a_send_passes_by_a_word_exactly_when_the_check_does(tmp_path: Path, answer: str) -> None:
    words = ["success", "warning", "accepted", "failure", "unknown"]
    entries: list[Any] = [{"misbehave": {"on": "pacs", "faults": FAULTS[answer]}}]
    for word in words:
        send = {"to": "pacs", "expect": word, "on_abort": "next"}
        entries.append({"send": send, "save_as": word, "id": word, "retry": {"attempts": 1}})
        if word not in WORDS[answer]:
            entries[-1]["fails"] = "answer is|first problem|with a warning"
    checks = [
        {"status": {"of": word, "expected": word}}
        | ({} if word in WORDS[answer] else {"fails": "."})
        for word in words
    ]
    entries.append({"assert": checks})
    series = [{"modality": "CT", "images": 1, "size": [32, 32]}]
    out = tmp_path / "run"
    file = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": series}]}]
    )
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(0)
    assert {step["outcome"] for step in steps(record(out)).values()} == {"passed"}


def test_every_kind_of_refusal_is_counted_whatever_came_before_it(tmp_path: Path) -> None:
    faults = [
        {"answer": {"status": "C001", "comment": "odd", "share": 0.04}},
        {"answer": {"status": "A700", "comment": "full"}},
    ]
    series = [{"modality": "CT", "images": 25, "size": [16, 16], "burn_in": False}]
    entries = [
        {"misbehave": {"on": "pacs", "faults": faults}},
        {"send": {"to": "pacs"}, "fails": "24 x A700 full"},
    ]
    out = tmp_path / "run"
    file = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": series}]}]
    )
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(0)
    kinds = steps(record(out))["send"]["facts"]["problems"]
    assert [(one["status"], one["comment"], one["count"]) for one in kinds] == [
        ("C001", "odd", 1),
        ("A700", "full", 24),
    ]


def test_codes_may_be_written_as_programs_do_and_of_every_turn(tmp_path: Path) -> None:
    codes: list[Any] = [0, "0", "0000", "0x0000", "0X0000", ["0xA700", 0]]
    entries: list[Any] = [
        {"send": {"to": "{{ item }}"}, "for_each": ["pacs", "pacs"], "save_as": "sent"},
        {"assert": [
            *({"status": {"of": "sent", "expected": code}} for code in codes),
            {"status": {"of": "sent", "expected": "0xA700"}, "fails": "4 of 4 differ"},
        ]},
    ]  # fmt: skip
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    fabricate("run", scenario, "--registry", ":memory:", "--out", tmp_path / "run").check()
