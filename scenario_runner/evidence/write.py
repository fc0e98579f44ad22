"""A run folder becomes its reports: at the end of a run, and again whenever somebody asks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pydantic import ValidationError

from scenario_runner.errors import (
    FabricatorError,
    MachineError,
    UsageError,
    described,
    of_the_machine,
)
from scenario_runner.evidence.digests import file_digest
from scenario_runner.evidence.fold import record_from_events
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.manifest import every_file, write_manifest
from scenario_runner.evidence.outside.files import taken_along
from scenario_runner.evidence.plan_file import PlanFile
from scenario_runner.evidence.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from scenario_runner.evidence.api import Reporter
    from scenario_runner.evidence.record import SignatureRecord

EVENTS = "events.ndjson"
PLAN = "inputs/plan.json"
CARRIED = "inputs/carried.ndjson"
"""Of a run that repeats another: what that told of the cases that were not repeated."""


def write_reports(
    run_folder: Path,
    reporters: Iterable[type[Reporter]],
    digest: Callable[[Path], str] = file_digest,
) -> RunRecord:
    """Make every report from ``events.ndjson`` and ``inputs/plan.json``, then the manifest.

    digest: as ``write_manifest`` has it. A reporter that fails, or is interrupted,
    does not keep the others from writing. Returns the record. Raises
    UsageError when the folder is not a run's, MachineError when a report could not be written.
    """
    record = read_record(run_folder)
    _write(record, run_folder, reporters, digest)
    return record


def _write(
    record: RunRecord,
    folder: Path,
    reporters: Iterable[type[Reporter]],
    digest: Callable[[Path], str] = file_digest,
) -> None:
    failures: list[tuple[str, BaseException]] = []
    interrupted: KeyboardInterrupt | None = None
    for reporter in reporters:
        try:
            reporter().write(record, folder)
        except KeyboardInterrupt as error:
            if interrupted is not None:
                raise  # whoever asks twice waits for no report
            interrupted = error
        except BaseException as error:  # noqa: BLE001 - a third party's reporter may raise anything
            failures.append((reporter.name, error))
    write_manifest(record, folder, digest)
    if interrupted is not None:
        raise interrupted
    if failures:
        what = "; ".join(f"'{name}': {_said(error)}" for name, error in failures)
        first = failures[0][1]
        hint = first.hint if isinstance(first, FabricatorError) else None
        raise MachineError(f"not every report could be written: {what}", hint=hint) from first


def write_reports_elsewhere(
    run_folder: Path,
    out: Path,
    reporters: Iterable[type[Reporter]],
    signatures: Sequence[SignatureRecord] = (),
    *,
    redact: bool = False,
) -> RunRecord:
    """Make every report of a run in a new folder, with its ``evidence/`` and manifest; the run stays as it is.

    signatures: what the reports say of them. redact: people have pseudonyms, and of the evidence only that is taken
    along which shows nobody. Raises UsageError when the folder is there or the run is none, MachineError.
    """
    record = read_record(run_folder)
    record.signatures = list(signatures)
    try:
        out.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(
            f"--out '{out}' is there already", hint="give a folder that is not there yet"
        ) from error
    except OSError as error:
        raise of_the_machine(f"cannot make '{out}'", error) from error
    try:
        if redact:
            record = _taken_outside(record, run_folder, out)
        else:
            _copy_evidence(run_folder, out)
    except OSError as error:
        raise of_the_machine(f"cannot copy '{error.filename}'", error) from error
    _write(record, out, reporters)
    return record


def _copy_evidence(run_folder: Path, out: Path) -> None:
    for name, path in every_file(run_folder):
        if name.startswith("evidence/") and path.is_file() and not path.is_symlink():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out / name)


def _taken_outside(record: RunRecord, run_folder: Path, out: Path) -> RunRecord:
    from scenario_runner.evidence.outside.learning import learned
    from scenario_runner.evidence.outside.record import redacted

    people = learned(record)
    attached = _attachments(record)
    for name, data in taken_along(record, run_folder, people).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    return redacted(record, people, attached - _attachments(record))


def _attachments(record: RunRecord) -> int:
    return sum(len(step.attachments) for case in record.cases for step in case.steps)


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, FabricatorError | OSError) else described(error)


def read_record(run_folder: Path) -> RunRecord:
    """The record of a run from its folder. Raises UsageError when the folder is not a run's."""
    log = run_folder / EVENTS
    if not log.is_file():
        raise UsageError(
            f"'{run_folder}' is not a run: it has no {EVENTS}",
            hint="name the folder of one run, for example runs/<run-id>",
        )
    plan, problem = _read_plan(run_folder / PLAN)
    others = run_folder / CARRIED
    carried = read_events(others) if others.is_file() else ()
    name = run_folder.resolve().name
    record = record_from_events(read_events(log), plan, run_id=name, carried=carried)
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
        return PlanFile.read(path), ""
    except FileNotFoundError:
        return PlanFile(), f"{PLAN} is missing, so patients are not listed"
    except OSError as error:
        return PlanFile(), f"{PLAN} cannot be read ({error.strerror}), so patients are not listed"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return PlanFile(), f"{PLAN} cannot be read ({first['msg']}), so patients are not listed"
