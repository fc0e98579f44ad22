"""A count of one is said in the singular, wherever a person reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from scenario_runner.amounts import amount, with_article
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
schema: scenario/v1
name: one_of_each
patients:
  - studies:
      - series: [{modality: CR, images: 1, size: [64, 64], burn_in: false}]
steps:
  - generate: {}
  - validate: {}
  - send: {to: pacs, what: generate}
  - wait: {on: pacs, until: {stored: all}, every: 20ms, timeout: 10s}
  - query: {on: pacs, level: study, match: {PatientID: "{{ patients[0].id }}"}}
  - retrieve: {from: pacs}
    save_as: back
  - retrieve: {from: pacs, via: wado, as: frames}
    save_as: frames
  - assert:
      - stored: {on: pacs}
      - tags: {of: back, equal: sent}
      - pixels: {of: back, equal: sent}
      - pixels: {of: frames, equal: sent}
      - conformant: {of: back}
      - equal: {actual: 1, expected: 2}
    fails: "1 of 6 checks"
  - delete: {from: pacs}
"""
SEVERAL = re.compile(r"(?<![\d.,])1 (?:more )?(?!series\b)[a-z]{3,}s\b")


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (0, "image", "0 images"),
        (1, "image", "1 image"),
        (2, "study", "2 studies"),
        (1, "study", "1 study"),
        (1, "series", "1 series"),
        (3, "series", "3 series"),
        (2, "match", "2 matches"),
        (2, "day", "2 days"),
        (2, "worklist item", "2 worklist items"),
    ],
)
def test_a_count_has_its_noun(count: int, noun: str, text: str) -> None:
    assert amount(count, noun) == text


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("'orthanc'", "an 'orthanc'"),
        ("'dicom'", "a 'dicom'"),
        ("'hl7'", "an 'hl7'"),
        ("order", "an order"),
    ],
)
def test_one_of_a_kind_has_its_article(noun: str, text: str) -> None:
    assert with_article(noun) == text


def test_a_run_over_one_image_says_nothing_of_1_images(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(SCENARIO, encoding="utf-8")
    planned = fabricate("plan", "one.yaml", "--seed", "1", cwd=tmp_path).check()
    ran = fabricate("run", "one.yaml", "--seed", "1", "--out", "run", cwd=tmp_path).check()
    checked = fabricate("check", "one.yaml", cwd=tmp_path).check(3)
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    shown = re.sub(r"<(style|script|svg)\b.*?</\1>|<[^>]+>", " ", report, flags=re.DOTALL)
    said = f"{planned.out}\n{ran.out}\n{ran.err}\n{checked.out}\n{checked.err}\n{shown}"
    assert "1 patient" in said
    assert SEVERAL.findall(said) == []
