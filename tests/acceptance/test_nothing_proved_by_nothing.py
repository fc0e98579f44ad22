"""A check about objects must fail when there are none: silence is not evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
import pytest

from tests.acceptance.scripts import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "steps",
    [
        "- assert: [stored: {on: pacs}]",
        "- wait: {on: pacs, until: {stored: all}, every: 50ms, timeout: 300ms}",
        "- retrieve: {from: pacs}",
        "- retrieve: {from: pacs, match: {PatientID: NOBODY}}",
        "- generate: {only: {modality: MR}}",
    ],
)
def test_what_finds_nothing_to_judge_does_not_pass(tmp_path: Path, steps: str) -> None:
    done = run(tmp_path, f"steps:\n  {steps}\n", 1)
    assert done.run["outcome"] == "failed"


def test_a_failure_leaves_captures_and_attempts_and_skips_the_rest(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
steps:
  - send: {to: pacs}
    save_as: sent
  - id: wrong
    retry: {attempts: 3, delay: 50ms}
    assert:
      - equal: {actual: "{{ sent | length }}", expected: 3}
      - equal: {actual: 1, expected: 1}
  - {id: after, log: {message: never}, requirements: [R-2]}
finally:
  - {id: capture, log: {message: "{{ sent | map(attribute='status') | join(' ') }}"}}
  - {id: worse, assert: [equal: {actual: 1, expected: 2}]}
  - {id: cleanup, delete: {from: pacs}}
""",
        1,
    )
    assert done.outcomes() == {
        "send": "passed", "wrong": "failed", "after": "skipped",
        "capture": "passed", "worse": "failed", "cleanup": "passed",
    }  # fmt: skip
    wrong = done.step("wrong")
    assert wrong["attempts"] == 3
    assert [one["outcome"] for one in wrong["attempt_list"]] == ["failed"] * 3
    last = [check for check in wrong["checks"] if check["attempt"] == 3]
    assert [check["outcome"] for check in last] == ["failed", "passed"]
    assert done.step("capture")["message"] == "0000 0000"
    proved = {entry["id"]: entry["outcome"] for entry in done.run["requirements"]}
    assert proved == {"R-2": "skipped"}


def test_must_stops_the_case_but_the_other_checks_are_still_evaluated(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
steps:
  - id: gate
    assert:
      - {equal: {actual: 1, expected: 2}, must: true, requirements: [R-1]}
      - {equal: {actual: 3, expected: 3}, requirements: [R-3]}
  - {id: after, log: {message: never}}
finally:
  - {id: last, log: {message: always}}
""",
        1,
    )
    assert done.outcomes() == {"gate": "failed", "after": "skipped", "last": "passed"}
    assert len(done.step("gate")["checks"]) == 2


def test_flow_words_do_what_they_say(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
vars: {n: "{{ matrix.k * 2 }}", loud: "x{{ vars.n }}"}
matrix: {k: [1, 2]}
steps:
  - {id: each, for_each: [a, "{{ matrix.k }}"], log: {message: "item {{ item }}"}}
  - {id: big, when: vars.n > 2, log: {message: "{{ vars.loud }}"}}
  - {id: braces, when: "{{ vars.n > 2 }}", log: {message: "{{ vars.loud }}"}}
  - id: same
    assert:
      - equal: {actual: "{{ images[0].uid }}", expected: "{{ patients[0].studies[0].series[0].images[0].uid }}"}
      - equal: {actual: "{{ vars.n }}", expected: "{{ matrix.k * 2 }}"}
""",
        0,
    )
    small, large = done.outcomes(0), done.outcomes(1)
    assert (small["big"], small["braces"]) == ("skipped", "skipped")
    assert (large["big"], large["braces"]) == ("passed", "passed")
    assert done.step("big", 1)["message"] == "x4"
    assert done.step("each[1]", 1)["message"] == "item 2"


def test_a_case_in_which_no_step_ran_proves_no_requirement(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
requirements: [R-CASE]
steps:
  - {when: false, assert: [equal: {actual: 1, expected: 2}], requirements: [R-STEP]}
  - {for_each: [], assert: [{equal: {actual: 1, expected: 2}, requirements: [R-CHECK]}]}
""",
        None,
    )
    proved = {entry["id"]: entry["outcome"] for entry in done.run["requirements"]}
    assert proved == {"R-CASE": "skipped", "R-STEP": "skipped", "R-CHECK": "skipped"}
    assert done.run["cases"][0]["outcome"] == "skipped"


def test_modify_reaches_only_what_its_own_generate_step_made(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """\
schema: scenario/v1
name: modified
patients:
  - {id: A, studies: [{modality: CT, institution: HOME, series: [{images: 1, size: [32, 32]}]}]}
  - {id: B, studies: [{modality: CT, institution: HOME, series: [{images: 1, size: [32, 32]}]}]}
steps:
  - generate: {only: {patient: B}, modify: {InstitutionName: ELSEWHERE}, to: b}
  - generate: {only: {patient: A}, to: a}
""",
        0,
    )
    (of_a,) = done.folder.glob("a/**/*.dcm")
    (of_b,) = done.folder.glob("b/**/*.dcm")
    assert pydicom.dcmread(of_a).InstitutionName == "HOME"
    assert pydicom.dcmread(of_b).InstitutionName == "ELSEWHERE"
