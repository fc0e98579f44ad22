"""What is said of a key of a query that has not the form of its VR."""

from __future__ import annotations

import pytest

from scenario_runner.dicom.key_forms import form_fault


@pytest.mark.parametrize("key", ["StudyDate", "StudyTime", "AcquisitionDateTime", "PatientAge"])
def test_a_lone_asterisk_is_answered_with_what_asks_for_any(key: str) -> None:
    fault = form_fault(key, "*")
    assert fault is not None
    assert fault[1].startswith("an empty value asks for any")
    assert form_fault(key, "") is None
    assert form_fault("Modality", "*") is None
