"""What each retrieval of a load is to bring, of what a case has sent."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scenario_runner.checks.asked import named_by
from scenario_runner.steps.load.retrieving import _to_come


def sent(patients: int) -> dict[str, Any]:
    """Two instances of each patient, in a study each, by SOP instance UID."""
    found: dict[str, Any] = {}
    for number in range(patients):
        patient = SimpleNamespace(patient_id=f"P{number}")
        for place in range(2):
            study = SimpleNamespace(uid=f"1.{number}.{place}", patient=patient)
            series = SimpleNamespace(uid=f"{study.uid}.1", study=study)
            uid = f"{series.uid}.1"
            found[uid] = SimpleNamespace(
                image=SimpleNamespace(series=series), status=SimpleNamespace(sop_instance_uid=uid)
            )
    return found


def test_a_request_is_held_to_its_own_patient_or_studies_and_looks_at_no_other(
    monkeypatch: Any,
) -> None:
    looked_at: list[int] = []

    def counted(keys: Any, some: Any) -> Any:
        looked_at.append(len(some))
        return named_by(keys, some)

    monkeypatch.setattr("scenario_runner.steps.load.retrieving.named_by", counted)
    of_patients = _to_come([{"PatientID": f"P{number}"} for number in range(50)], sent(50))
    assert of_patients[7] == {"1.7.0.1.1", "1.7.1.1.1"}
    studies: dict[str, Any] = {"StudyInstanceUID": ["1.3.0", "1.4.1", "9.9"]}
    (of_studies,) = _to_come([studies], sent(50))
    assert of_studies == {"1.3.0.1.1", "1.4.1.1.1"}
    one: dict[str, Any] = {
        "PatientID": "P3",
        "StudyInstanceUID": "1.3.1",
        "SeriesInstanceUID": "1.3.1.1",
    }
    assert _to_come([one], sent(50)) == [{"1.3.1.1.1"}]
    assert max(looked_at) == 2
    assert sum(looked_at) < 200
