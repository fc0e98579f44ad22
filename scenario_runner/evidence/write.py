"""A run folder becomes its reports: at the end of a run, and again whenever somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.evidence.fold import record_from_events
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.manifest import write_manifest
from scenario_runner.evidence.record import PlanFile, RunRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scenario_runner.evidence.api import Reporter

EVENTS = "events.ndjson"
PLAN = "inputs/plan.json"


def write_reports(run_folder: Path, reporters: Iterable[type[Reporter]]) -> RunRecord:
    """Make every report from ``events.ndjson`` and ``inputs/plan.json``, then the manifest.

    A reporter that fails does not keep the others from writing. Returns the record. Raises
    UsageError when the folder is not a run's, MachineError when a report could not be written.
    """
    record = read_record(run_folder)
    failures: list[tuple[str, Exception]] = []
    for reporter in reporters:
        try:
            reporter().write(record, run_folder)
        except Exception as error:  # noqa: BLE001 - a third party's reporter may raise anything
            failures.append((reporter.name, error))
    write_manifest(record.id, run_folder)
    if failures:
        what = "; ".join(f"'{name}': {str(error) or repr(error)}" for name, error in failures)
        raise MachineError(f"not every report could be written: {what}") from failures[0][1]
    return record


def read_record(run_folder: Path) -> RunRecord:
    """The record of a run from its folder. Raises UsageError when the folder is not a run's."""
    log = run_folder / EVENTS
    if not log.is_file():
        raise UsageError(
            f"'{run_folder}' is not a run: it has no {EVENTS}",
            hint="name the folder of one run, for example runs/<run-id>",
        )
    plan, problem = _read_plan(run_folder / PLAN)
    record = record_from_events(read_events(log), plan, run_id=run_folder.resolve().name)
    if problem:
        record.problems.append(problem)
    return record


def read_plan(run_folder: Path) -> PlanFile:
    """The plan of a run from its folder. Raises UsageError when it is missing or cannot be read."""
    plan, problem = _read_plan(run_folder / PLAN)
    if problem:
        raise UsageError(f"'{run_folder}': {problem}")
    return plan


def _read_plan(path: Path) -> tuple[PlanFile, str]:
    """The plan, and what is wrong with it: a run killed early has none, and is still evidence."""
    try:
        return PlanFile.model_validate_json(path.read_bytes()), ""
    except FileNotFoundError:
        return PlanFile(), f"{PLAN} is missing, so patients are not listed"
    except OSError as error:
        return PlanFile(), f"{PLAN} cannot be read ({error.strerror}), so patients are not listed"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return PlanFile(), f"{PLAN} cannot be read ({first['msg']}), so patients are not listed"
