"""Whoever asks for what a skipped step would have saved is told which step that is, and why it was skipped."""

from __future__ import annotations

from pathlib import Path

from tests.running import fabricate, record, steps

SCENARIO = """\
schema: scenario/v1
name: passed_over
vars: {go: false}
patients: [{studies: [{series: [{modality: CT, images: 1, size: [16, 16]}]}]}]
setup:
  - {id: choose, generate: {only: {modality: CT}}, save_as: mine, when: vars.go}
  - {id: ask, query: {on: pacs, level: study}, save_as: found, when: vars.go}
  - {id: back, retrieve: {from: pacs, via: c-get}, when: vars.go}
  - {id: reach, echo: {to: pacs}, when: vars.go}
  - {id: each, echo: {to: pacs}, for_each: [1, 2], when: item == 1, save_as: reached}
steps:
  - id: checks
    assert:
      - count: {actual: "{{ found }}", expected: 1}
      - status: {of: reach, expected: success}
      - tags: {of: back, equal: sent}
      - duration: {of: ask, max: 1m}
      - status: {of: "each[1]", expected: success}
finally:
  - {id: message, log: {message: "{{ found | length }}"}}
  - {id: whether, log: {message: x}, when: found | length > 1}
  - {id: items, log: {message: x}, for_each: "{{ found }}"}
  - {id: waiting, wait: {on: pacs, until: {expr: found}}}
  - {id: selection, send: {to: pacs, what: mine}}
"""


def test_it_is_told_wherever_the_name_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "passed_over.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check(3)
    came = steps(record(tmp_path / "run"))
    why = "step 'ask' was skipped: 'when' does not hold"
    told = [one["message"] for one in came["checks"]["checks"]]
    assert [why in one for one in (told[0], told[3])] == [True, True], told
    assert "step 'reach' was skipped: 'when' does not hold" in told[1]
    assert "step 'back' was skipped: 'when' does not hold" in told[2]
    assert "step 'each[1]' was skipped: 'when' does not hold" in told[4]
    for name in ("message", "whether", "items", "waiting"):
        assert came[name]["message"].endswith(f"there is no 'found' here ({why})"), came[name]
    assert "step 'choose' was skipped: 'when' does not hold" in came["selection"]["message"]
