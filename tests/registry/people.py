"""Patients for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scenario_runner.registry.patient import Patient


def person(patient_id: str, name: str = "CITIZEN^JANE", **more: Any) -> Patient:
    given: dict[str, Any] = {"sex": "F", "birth_date": dt.date(1970, 1, 31), **more}
    return Patient(id=patient_id, name=name, **given)
