"""DICOM text keeps the characters that the author wrote, from the file to the object and the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom

from tests.acceptance.scripts import run

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """\
schema: scenario/v1
name: scalars
seed: 5
vars: {zeros: 0123456, time: 12:30:45, no: NO, exponent: 12E45, decimal: 1.10, count: 12, yes: true}
patients:
  - id: 0123456
    studies:
      - accession: 12E45
        description: NO
        date: 20260101
        time: 0930
        modality: CT
        tags: {StudyComments: 1.10, StudyID: 0930}
        series:
          - images: 1
            size: [32, 32]
            description: 12:30:45
            protocol: 007
            tags: {StationName: 20260101, KVP: 1.10, "(0011,xx10) TRIAL": {vr: LO, value: 0123}}
steps:
  - generate: {to: dicom}
  - send: {to: pacs}
  - query: {on: pacs, level: study, match: {StudyDescription: NO, StudyID: 0930}}
    save_as: by_description
  - query: {on: pacs, level: study, match: {AccessionNumber: 12E45}}
    save_as: by_accession
  - query: {on: pacs, level: patient, match: {PatientID: 0123456}}
    save_as: by_patient
  - assert:
      - count: {actual: "{{ by_description }}", expected: 1}
      - count: {actual: "{{ by_accession }}", expected: 1}
      - count: {actual: "{{ by_patient }}", expected: 1}
      - equal: {actual: "{{ vars.zeros }}", expected: "0123456"}
      - equal: {actual: "{{ vars.time }}", expected: "12:30:45"}
      - equal: {actual: "{{ vars.no }}", expected: "NO"}
      - equal: {actual: "{{ vars.exponent }}", expected: "12E45"}
      - equal: {actual: "as {{ vars.decimal }}", expected: "as 1.10"}
      - equal: {actual: "{{ vars.count }}", expected: 12}
      - not_equal: {actual: "{{ vars.count }}", expected: "12"}
      - equal: {actual: "{{ vars.yes }}", expected: true}
"""


def test_nothing_that_looks_like_a_number_loses_a_character(tmp_path: Path) -> None:
    done = run(tmp_path, SCENARIO, 0)
    (file,) = done.folder.glob("dicom/**/*.dcm")
    found = pydicom.dcmread(file)
    assert found.PatientID == "0123456"
    assert found.AccessionNumber == "12E45"
    assert (found.StudyDescription, found.SeriesDescription) == ("NO", "12:30:45")
    assert (found.StudyDate, found.StudyTime) == ("20260101", "093000")
    assert (found.StudyComments, found.StudyID, found.ProtocolName) == ("1.10", "0930", "007")
    assert found.StationName == "20260101"
    assert str(found["KVP"].value) == "1.10"
    block = found.private_block(0x0011, "TRIAL")
    assert block[0x10].value == "0123"


NAMES = """\
schema: scenario/v1
name: names
seed: 7
patients:
  - {id: A, name: MÜLLER^JÖRG, studies: [{modality: CT, series: [{images: 1, size: [32, 32]}]}]}
  - {id: B, name: 김^희중, studies: [{modality: CT, series: [{images: 1, size: [32, 32]}]}]}
  - id: C
    name: {family: Yamada, given: Tarou, ideographic: 山田^太郎, phonetic: やまだ^たろう}
    studies: [{modality: CT, series: [{images: 1, size: [32, 32]}]}]
  - {id: D, name: {family: Петров, given: Иван}, studies: [{modality: CT, series: [{images: 1, size: [32, 32]}]}]}
steps:
  - generate: {to: dicom}
  - send: {to: pacs}
  - query: {on: pacs, level: study, match: {PatientName: "müller^*"}, return: [PatientID]}
    save_as: german
  - query: {on: pacs, level: study, match: {PatientName: "*太郎*"}, return: [PatientID]}
    save_as: japanese
  - query: {on: pacs, level: study, match: {PatientName: 김^희중}, return: [PatientID, PatientName]}
    save_as: korean
  - retrieve: {from: pacs}
    save_as: back
  - assert:
      - equal: {actual: "{{ german[0].PatientID }}", expected: A}
      - equal: {actual: "{{ japanese[0].PatientID }}", expected: C}
      - equal: {actual: "{{ korean[0].PatientName }}", expected: 김^희중}
      - tags: {of: back, equal: sent}
"""


def test_names_of_every_script_are_written_declared_and_found_again(tmp_path: Path) -> None:
    done = run(tmp_path, NAMES, 0)
    found = [pydicom.dcmread(file) for file in done.folder.glob("dicom/**/*.dcm")]
    names = {one.PatientID: str(one.PatientName) for one in found}
    assert names == {
        "A": "MÜLLER^JÖRG",
        "B": "김^희중",
        "C": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "D": "Петров^Иван",
    }
    assert all(one.SpecificCharacterSet for one in found)
