"""Real files are taken in, sent and fetched back: no wrong pixel, no wrong text, each refusal with its reason."""

from __future__ import annotations

import shutil
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydicom import Dataset

from scenario_runner.decoding import pixels_of
from scenario_runner.dicom.datasets import read_file
from scenario_runner.imaging.importing.scan import scan
from tests.corpora.corpora import files
from tests.corpora.test_doors import UNDECODABLE
from tests.imaging.importing.case import Import
from tests.running import fabricate, write_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.parametrize("corpus", ["pydicom", "pydicom-data", "pynetdicom"]),
    pytest.mark.filterwarnings("ignore"),
]

REASONS = (
    "has no SOPClassUID and no StudyInstanceUID and no SeriesInstanceUID and no SOPInstanceUID",
    "has no StudyInstanceUID and no SeriesInstanceUID",
    "says it has",
    "is no Value Representation",
    "not a DICOM file",
    "ends in the middle of an item",
    "an item is longer than what it is in",
)
"""Why some cannot be taken in: they are palettes, parts of objects, and damaged on purpose."""
KEPT = ("Modality", "ImageType", "PhotometricInterpretation", "RescaleSlope")


def test_each_alone_keeps_its_pixels_and_what_identifies_nobody(
    corpus: str, tmp_path: Path
) -> None:
    taken = 0
    for number, file in enumerate(files(corpus)):
        done = Import([file], tmp_path / str(number))
        assert not done.problems, (file.name, done.problems)
        if not done.into.files:
            said = [problem.message for problem in done.scan.problems]
            assert done.scan.directories or any(reason in said[0] for reason in REASONS), said
            continue
        [made] = done.into.files.values()
        before, after = read_file(file, force=True), read_file(made)
        for keyword in KEPT:
            assert str(after.get(keyword, "")) == str(before.get(keyword, "")), (file.name, keyword)
        assert set(_meanings(after)) <= set(_meanings(before)) | OURS, file.name
        if "PixelData" in before and file.name not in UNDECODABLE:
            assert np.array_equal(pixels_of(after), pixels_of(before)), file.name
        taken += 1
    assert taken


OURS = {
    "REMOVED",
    "Basic Application Confidentiality Profile",
    "Clean Structured Content Option",
    "Retain Longitudinal Temporal Information Modified Dates Option",
}


def _meanings(dataset: Dataset) -> Iterator[str]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _meanings(item)
        elif element.keyword == "CodeMeaning":
            yield str(element.value)


STEPS: list[Any] = [
    {"import": {"files": "dicom", "burned_in": "accept"}, "save_as": "real"},
    {"send": {"to": "pacs", "what": "real"}, "save_as": "sent"},
    {"wait": {"on": "pacs", "until": {"stored": "all"}, "timeout": "60s"}},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {
        "assert": [
            {"status": {"of": "sent", "expected": "success"}},
            {"stored": {"on": "pacs"}},
            {"tags": {"of": "back", "equal": "sent"}},
            {"pixels": {"of": "back", "equal": "sent"}},
        ]
    },
]


def test_all_together_go_through_a_run(corpus: str, tmp_path: Path) -> None:
    found = scan(files(corpus)).files
    (tmp_path / "dicom").mkdir()
    studies = defaultdict(set)
    for number, file in enumerate(found):
        shutil.copy(file.path, tmp_path / "dicom" / f"{number:03}_{file.path.name}")
        studies[file.patient].add(file.study)
    each = {"count": max(map(len, studies.values())), "description": "Imported", "series": []}
    people = [{"count": len(studies), "studies": [each]}]
    scenario = write_scenario(tmp_path / "scenario.yaml", STEPS, patients=people, seed=5)
    out = tmp_path / "run"
    done = fabricate("run", scenario, "--registry", ":memory:", "--out", out, patience=240).check()
    assert f"{len(found)} of {len(found)} stored" in done.out
    assert f"{len(found)} instances retrieved" in done.out
