"""What is wrong on purpose is told by checks and validators, never by a warning of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

LONG = "X" * 80
SCENARIO = f"""
schema: scenario/v1
name: wrong_on_purpose
patients:
  - tags: {{PatientID: {{raw: {LONG}}}, PatientName: {{raw: {LONG}}}, PatientSex: {{raw: female}}}}
    studies:
      - tags: {{AccessionNumber: {{raw: {LONG}}}, StudyInstanceUID: {{raw: 1.2.00.3}}}}
        series:
          - {{modality: CT, images: 1, size: [64, 64], faults: [bad-uid]}}
          - {{modality: PR}}
          - {{modality: KO}}
          - {{modality: SR}}
steps:
  - generate: {{}}
  - validate: {{}}
    fails: not as they should be
  - send: {{to: pacs}}
  - commit: {{to: pacs}}
  - query: {{on: pacs, level: study, match: {{StudyInstanceUID: "1.2.00.3"}}}}
  - retrieve: {{from: pacs, via: wado}}
    save_as: back
  - assert:
      - tags: {{of: back, equal: sent}}
      - pixels: {{of: back, equal: sent}}
  - delete: {{from: pacs}}
"""


def test_a_run_of_values_wrong_on_purpose_prints_no_warning(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(SCENARIO, encoding="utf-8")
    ran = fabricate("run", "wrong.yaml", "--out", "run", cwd=tmp_path).check()
    assert ran.err == ""
