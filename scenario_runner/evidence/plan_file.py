"""``inputs/plan.json`` of a run folder: what was planned, as it is read back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from scenario_runner.evidence.record import ScenarioRecord
from scenario_runner.evidence.record_plan import PatientRecord


class PlanCase(BaseModel):
    """A case of ``inputs/plan.json``, as much of it as the record needs."""

    model_config = ConfigDict(defer_build=True, extra="ignore")

    id: str
    name: str = ""
    matrix: dict[str, JsonValue] = {}
    seed: int | None = None
    scenario: ScenarioRecord | None = None
    counts: dict[str, int] = {}
    steps: list[dict[str, JsonValue]] = []
    patients: list[PatientRecord] = []


class PlanFile(BaseModel):
    """``inputs/plan.json``."""

    model_config = ConfigDict(defer_build=True, extra="ignore")

    cases: list[PlanCase] = []
    reserved: dict[str, dict[str, dict[str, int]]] = {}
    """The numbers that each scenario's identifiers hold, by rule."""
