"""What turns of a step gave, named where a field takes a name: all of them together, or one."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tests.running import fabricate, record, steps

SCENARIO = """
    schema: scenario/v1
    name: turns
    vars: {modalities: [CT, MR]}
    patients:
      - studies:
          - series:
              - {modality: CT, images: 1, size: [64, 64]}
              - {modality: MR, images: 1, size: [64, 64]}
    steps:
      - generate: {only: {modality: "{{ item }}"}}
        for_each: "{{ vars.modalities }}"
        save_as: parts
      - {id: first, send: {to: pacs, what: "parts[0]"}}
      - {id: second, send: {to: pacs, what: "generate[1]"}}
      - {id: both, send: {to: pacs, what: parts}}
      - {id: back, retrieve: {from: pacs}, repeat: 2, save_as: copies}
      - assert:
          - stored: {on: pacs, what: "parts[1]"}
          - tags: {of: "copies[1]", equal: sent, what: parts}
          - pixels: {of: "back[0]", equal: sent, what: first}
          - status: {of: both, expected: success}
          - duration: {of: "copies[1]", max: 1h}
    finally:
      - {id: value, send: {to: pacs, what: "{{ parts[0] }}"}}
"""


def test_turns_are_named_all_together_or_one_by_one(tmp_path: Path) -> None:
    scenario = tmp_path / "turns.yaml"
    scenario.write_text(textwrap.dedent(SCENARIO), encoding="utf-8")
    fabricate("validate", scenario).check()
    fabricate("run", scenario, "--out", tmp_path / "run", "--registry", ":memory:").check(3)
    found = steps(record(tmp_path / "run"))
    sent = {name: found[name]["facts"]["instances"] for name in ("first", "second", "both")}
    assert sent == {"first": 1, "second": 1, "both": 2}
    assert found["assert"]["outcome"] == "passed", found["assert"]["message"]
    assert "a selection is given by its name" in found["value"]["message"]
