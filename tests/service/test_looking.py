"""A look at a file before it is uploaded says what the upload would."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.service.service import open_service
from scenario_runner.service.uploads.looking import look
from scenario_runner.service.uploads.taking import take_file
from tests.archive.samples import sample


def test_a_beginning_is_enough_to_tell_whose_study_it_is() -> None:
    file = sample("1.2.3", size=256).file
    told = look("one.dcm", file[:8_000], is_whole=False)
    assert told["is"] == "dicom"
    assert (told["patient_name"], told["patient_id"], told["study_instance_uid"]) == (
        "CITIZEN^JANE", "PID1", "1.2.3",
    )  # fmt: skip
    assert told["sop_class"] == "CT Image Storage"


@pytest.mark.parametrize("length", [0, 100, 131, 132, 140, 300, 500])
def test_a_beginning_that_is_too_short_is_never_taken_for_another_file(length: int) -> None:
    told = look("one.dcm", sample("1.2.3").file[:length], is_whole=False)
    assert told["is"] == "more", told


def test_attributes_are_given_when_they_are_asked_for() -> None:
    told = look("one.dcm", sample("1.2.3").file, is_whole=True, with_tags=True)
    assert "PatientName" in {one["keyword"] for one in told["tags"]}


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"hello", bytes(200), bytes(128) + b"DICM", b"PK\x03\x04" + bytes(200)],
    ids=["empty", "pdf", "text", "zeros", "cut", "zip"],
)
def test_what_is_refused_is_refused_in_the_words_of_the_upload(
    tmp_path: Path, content: bytes
) -> None:
    with open_service(tmp_path, ":memory:") as service:
        refused = take_file(service.home.staging, "it", [content], 1_000_000)
    told = look("it", content, is_whole=True)
    assert told["is"] == "other"
    assert told["error"] == refused.error
