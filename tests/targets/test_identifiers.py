"""A query must ask exactly what the scenario says."""

from __future__ import annotations

import pytest

from scenario_runner.api import FindRequest, RetrieveRequest
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE
from scenario_runner.errors import UsageError
from scenario_runner.network.queries import encode
from scenario_runner.targets.identifiers import find_identifier, retrieve_identifier


def test_keys_are_asked_as_written_and_the_unique_key_always() -> None:
    identifier = find_identifier(
        FindRequest(
            level="study",
            match={
                "PatientName": "DOE*",
                "StudyDate": "20260101-20260131",
                "AccessionNumber": 12345,
            },
            returned=["ModalitiesInStudy", "NumberOfStudyRelatedInstances"],
        )
    )
    assert identifier.QueryRetrieveLevel == "STUDY"
    assert identifier.PatientName == "DOE*"
    assert identifier.StudyDate == "20260101-20260131"
    assert identifier.AccessionNumber == "12345"
    assert not identifier.StudyInstanceUID
    assert "ModalitiesInStudy" in identifier
    assert "NumberOfStudyRelatedInstances" in identifier
    assert "SpecificCharacterSet" not in identifier


@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE])
def test_wildcards_lists_and_sequences_can_be_encoded_in_any_vr(syntax: str) -> None:
    identifier = find_identifier(
        FindRequest(
            level="image",
            match={
                "SOPInstanceUID": ["1.2.3", "1.2.4"],
                "StudyDate": "2026*",
                "Rows": 512,
                "RequestAttributesSequence": {"ScheduledProcedureStepID": "SPS?"},
                "InstanceNumber": "7",
                "00111001": "private",
            },
        )
    )
    assert b"1.2.3\\1.2.4" in encode(identifier, syntax)
    assert b"SPS?" in encode(identifier, syntax)


def test_text_beyond_ascii_declares_its_character_set() -> None:
    request = FindRequest(level="study", match={"PatientName": "MÜLLER*"})
    assert find_identifier(request).SpecificCharacterSet == "ISO_IR 192"
    assert "MÜLLER".encode() in encode(find_identifier(request), EXPLICIT_LE)
    latin = find_identifier(request, "ISO_IR 100")
    assert latin.SpecificCharacterSet == "ISO_IR 100"
    assert "MÜLLER".encode("latin-1") in encode(latin, EXPLICIT_LE)


def test_a_word_that_is_no_keyword_is_refused() -> None:
    with pytest.raises(UsageError, match="'PatientNam' is no DICOM keyword"):
        find_identifier(FindRequest(level="study", match={"PatientNam": "X"}))


def test_a_value_its_vr_cannot_hold_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be a value of Rows"):
        find_identifier(FindRequest(level="image", match={"Rows": "many"}))


def test_a_retrieve_names_unique_keys_only() -> None:
    identifier = retrieve_identifier(
        RetrieveRequest(
            level="series",
            keys={"StudyInstanceUID": "1.2", "SeriesInstanceUID": ["1.3", "1.4"]},
            contexts=[],
        )
    )
    assert identifier.QueryRetrieveLevel == "SERIES"
    assert list(identifier.SeriesInstanceUID) == ["1.3", "1.4"]
    assert len(identifier) == 3
