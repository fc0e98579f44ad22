"""The scenario that the language's description shows, word for word, and what each line promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom
import pytest

from tests.acceptance.scripts import run
from tests.peers.processes import orthanc
from tests.running import write_site

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """\
# yaml-language-server: $schema=../schemas/scenario.v1.schema.json
schema: scenario/v1
name: xray_smoke
title: A chest X-ray reaches the PACS and can be found again
version: 1.0.0                    # the scenario's own version
tags: [smoke, xray]
requirements: [PACS-001, PACS-002]
phase: OQ                         # IQ | OQ | PQ, optional
seed: 20260101                    # optional; a run without one picks one and records it
vars: {images: 2}
matrix:                           # optional; one case per combination
  modality: [CR, DX]
  exclude: [{modality: CR}]
patients:
  - count: 1
    id: "PID{6digits}"
    name: {family: CITIZEN, given: JANE}
    sex: F
    birth_date: 1970-01-31
    studies:
      - description: Chest PA and lateral
        accession: "{YYYY}{2letters}{7digits}"
        series:
          - {modality: "{{ matrix.modality }}", description: PA, body_part: CHEST, view: PA, images: "{{ vars.images }}"}
steps:
  - echo: {to: pacs}
  - generate: {to: dicom}
  - send: {to: pacs}
  - wait: {on: pacs, until: {stored: all}, every: 500ms, timeout: 30s}
  - id: by_accession
    query: {on: pacs, level: study, match: {AccessionNumber: "{{ studies[0].accession }}"}}
    save_as: found
  - assert:
      - equal: {actual: "{{ found | length }}", expected: 1}
      - stored: {on: pacs}
    requirements: [PACS-002]
finally:
  - delete: {from: pacs}
"""


def test_the_whole_example_runs_and_its_objects_carry_what_it_says(tmp_path: Path) -> None:
    done = run(tmp_path, WHOLE, 0)
    assert [case["matrix"] for case in done.run["cases"]] == [{"modality": "DX"}]
    assert set(done.outcomes().values()) == {"passed"}
    assert done.step("delete")["message"] == "1 study deleted"
    study = done.run["cases"][0]["patients"][0]["studies"][0]
    files = sorted(done.folder.glob("dicom/**/*.dcm"))
    assert len(files) == 2
    for file, image in zip(files, study["series"][0]["images"], strict=True):
        found = pydicom.dcmread(file)
        assert found.PatientName == "CITIZEN^JANE"
        assert (found.PatientID, found.PatientSex) == ("PID000001", "F")
        assert found.PatientBirthDate == "19700131"
        assert found.StudyDescription == "Chest PA and lateral"
        assert (found.Modality, found.ViewPosition) == ("DX", "PA")
        assert (found.SeriesDescription, found.BodyPartExamined) == ("PA", "CHEST")
        assert found.AccessionNumber == study["accession"]
        assert found.SOPInstanceUID == image["uid"]
        assert found.BurnedInAnnotation == "YES"
    proved = {entry["id"]: entry["outcome"] for entry in done.run["requirements"]}
    assert proved == {"PACS-001": "passed", "PACS-002": "passed"}


EVERY_CHECK = """\
schema: scenario/v1
name: checks
seed: 3
patients:
  - studies:
      - series:
          - {modality: CT, images: 3, size: [32, 32]}
          - {modality: DX, size: [64, 64], body_part: HAND, laterality: R}
steps:
  - generate: {}
  - send: {to: pacs}
    save_as: sent
  - wait: {on: pacs, until: {query: {level: study, match: {StudyInstanceUID: "{{ studies[0].uid }}"}}, count: 1}, every: 100ms, timeout: 5s}
  - wait: {on: pacs, until: {expr: "{{ poll.attempt >= 2 }}"}, every: 0.05, timeout: 5}
  - query:
      on: pacs
      level: study
      match: {StudyDate: 20250101-20251231, ModalitiesInStudy: "", StudyInstanceUID: "{{ studies[0].uid }}"}
      return: [NumberOfStudyRelatedInstances, PatientName]
    save_as: found
  - query: {on: pacs, level: series, match: {StudyInstanceUID: "{{ studies[0].uid }}", Modality: "C?"}, return: [SeriesNumber]}
    save_as: only_ct
  - query: {on: pacs, level: study, match: {StudyInstanceUID: ["{{ studies[0].uid }}", 1.2.3]}}
    save_as: listed
  - query: {on: pacs, level: study, match: {StudyInstanceUID: "{{ studies[0].uid }}", StudyDate: "20260101-"}}
    save_as: later
  - retrieve: {from: pacs}
    save_as: back
  - retrieve: {from: pacs, level: series, match: {StudyInstanceUID: "{{ studies[0].uid }}", SeriesInstanceUID: "{{ series[0].uid }}"}}
    save_as: one_series
  - id: good
    assert:
      - equal: {actual: "{{ found[0].NumberOfStudyRelatedInstances }}", expected: 4}
      - not_equal: {actual: a, expected: b}
      - contains: {actual: [1, 2], expected: 1}
      - contains: {actual: abc, expected: b}
      - contains: {actual: "{{ found[0].ModalitiesInStudy }}", expected: DX}
      - matches: {actual: "{{ studies[0].accession }}", expected: '^\\d{4}[A-Z]{2}\\d{7}$'}
      - between: {actual: 5, min: 1, max: 5}
      - in: {actual: CT, expected: [CT, DX]}
      - empty: {actual: "{{ later }}"}
      - count: {actual: "{{ only_ct }}", expected: 1}
      - count: {actual: "{{ listed }}", expected: {min: 1, max: 1}}
      - count: {actual: "{{ one_series }}", expected: 3}
      - stored: {on: pacs}
      - tags: {of: back, equal: sent}
      - tags: {of: one_series, values: {Modality: CT, SeriesNumber: 1}}
      - pixels: {of: back, equal: sent}
      - conformant: {of: back}
      - status: {of: sent, expected: success}
      - status: {of: sent, expected: "0000"}
      - duration: {of: send, max: 30s}
  - id: bad
    assert:
      - equal: {actual: "{{ found[0].NumberOfStudyRelatedInstances }}", expected: "4"}
      - equal: {actual: true, expected: 1}
      - not_equal: {actual: a, expected: a}
      - contains: {actual: [1, 2], expected: "1"}
      - contains: {actual: 5, expected: z}
      - matches: {actual: "{{ studies[0].accession }}", expected: '^\\d$'}
      - between: {actual: 5, min: 6, max: 9}
      - between: {actual: "5", min: 1, max: 9}
      - in: {actual: MR, expected: [CT, DX]}
      - empty: {actual: "{{ found }}"}
      - empty: {actual: 0}
      - count: {actual: "{{ only_ct }}", expected: 2}
      - count: {actual: "{{ only_ct }}", expected: {min: 2}}
      - tags: {of: one_series, values: {Modality: DX}}
      - status: {of: sent, expected: failure}
      - duration: {of: send, max: 1ms}
finally:
  - delete: {from: pacs}
  - query: {on: pacs, level: study, match: {StudyInstanceUID: "{{ studies[0].uid }}"}}
    save_as: after
  - id: gone
    assert: [count: {actual: "{{ after }}", expected: 0}]
"""


def assert_every_check_judged_rightly(tmp_path: Path, *options: str | Path) -> None:
    done = run(tmp_path, EVERY_CHECK, 1, *options)
    good, bad = done.step("good"), done.step("bad")
    wrong = [check for check in good["checks"] if check["outcome"] != "passed"]
    assert wrong == []
    missed = [check for check in bad["checks"] if check["outcome"] != "failed"]
    assert missed == []
    assert all(check["message"] for check in bad["checks"])
    assert done.step("gone")["outcome"] == "passed"


def test_every_check_holds_and_fails_where_it_should_on_the_embedded_pacs(tmp_path: Path) -> None:
    assert_every_check_judged_rightly(tmp_path)


@pytest.mark.peer
def test_every_check_holds_and_fails_where_it_should_on_orthanc(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        targets = {"pacs": {"dicom": service, "orthanc": {"url": server.http}}}
        site = write_site(tmp_path / "site.yaml", targets)
        assert_every_check_judged_rightly(tmp_path, "--site", site)
