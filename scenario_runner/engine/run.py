"""All cases of a run: one after the other, or several at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby

from scenario_runner.dicom.loading import load_data_sets
from scenario_runner.engine.case import CaseRunner, case_started
from scenario_runner.engine.case_counts import FAILED
from scenario_runner.engine.loaded_cases import LoadedCases
from scenario_runner.engine.services import CasesLoad, Control, Job, Order, Services
from scenario_runner.engine.step import Ending, from_thrown, worst
from scenario_runner.events import CaseFinished

# An error of the machine or a target says more about a run than a failed check, which says more
# than nothing; an interruption overrides all of them.
_EXIT_ORDER = (0, 1, 2, 3, 4, 130)


def run_cases(jobs: Sequence[Job], services: Services, order: Order, control: Control) -> Ending:
    """Run the cases and return how the run ended; its exit code is the gravest of the cases'.

    With ``fail_fast`` the cases after a failed one are in the record as skipped. So are those that
    had not begun when the run was interrupted.
    """
    endings: list[Ending] = []
    for load, part in groupby(jobs, key=lambda job: job.load):
        if is_enough(endings, order):
            endings += [not_run(job, services, control) for job in part]
        elif load is None:
            for job, ending in _run_all(part, services, order, control):
                endings.append(not_run(job, services, control) if ending is None else ending)
        else:
            endings += _under_load(load, list(part), services, order, control)
    return combined(endings, control)


def _under_load(
    load: CasesLoad, jobs: Sequence[Job], services: Services, order: Order, control: Control
) -> Iterator[Ending]:
    """The cases of one load as they arrive, then what it came to."""
    cases = LoadedCases(
        load,
        [job for job in jobs if not job.judges],
        lambda job: run_case(job, services, order, control),
        control,
        fail_fast=order.fail_fast,
    )
    for job, ending in cases.run():
        yield not_run(job, services, control, cases.why) if ending is None else ending
    for job in jobs:
        if job.judges:
            yield run_case(
                cases.counts.judged(job), services, replace(order, from_step=None), control
            )


def is_enough(endings: Iterable[Ending], order: Order) -> bool:
    """Whether no further case begins, since one has failed."""
    return order.fail_fast and any(one.outcome in FAILED for one in endings)


def combined(endings: Sequence[Ending], control: Control) -> Ending:
    """How a run ended whose cases ended so."""
    result = worst(*endings)
    code = max((ending.exit_code for ending in endings), key=_EXIT_ORDER.index)
    if control.stop.is_set():
        return Ending("interrupted", "interrupted", exit_code=130)
    return Ending(result.outcome, result.message, exit_code=code, moot=result.moot)


def _run_all(
    jobs: Iterable[Job], services: Services, order: Order, control: Control
) -> Iterator[tuple[Job, Ending | None]]:
    failed = False

    def run(job: Job) -> Ending | None:
        nonlocal failed
        if control.stop.is_set() or (failed and order.fail_fast):
            return None
        ending = run_case(job, services, order, control)
        failed = failed or ending.outcome in FAILED
        return ending

    if order.workers == 1:
        for job in jobs:
            yield job, run(job)
        return
    load_data_sets()
    with ThreadPoolExecutor(order.workers, thread_name_prefix="case") as pool:
        yield from [
            (job, future.result()) for job, future in [(j, pool.submit(run, j)) for j in jobs]
        ]


def run_case(job: Job, services: Services, order: Order, control: Control) -> Ending:
    """One case and how it ended. Raises nothing."""
    try:
        return CaseRunner(job, services, order, control).run()
    except BaseException as error:  # noqa: BLE001 - the other cases run whatever becomes of one
        return _cannot_begin(job, services, error)


def _cannot_begin(job: Job, services: Services, error: BaseException) -> Ending:
    """A case for which nothing could be made ready: a scratch folder, a builder of a plugin."""
    ending = from_thrown("what makes the objects", error, services)
    services.bus.emit(case_started(job))
    services.bus.emit(
        CaseFinished(
            case=job.case.id, outcome=ending.outcome, duration_s=0.0, message=ending.message
        )
    )
    return ending


def not_run(job: Job, services: Services, control: Control, why: str = "") -> Ending:
    """A case that did not begin: the run was interrupted, stops at the first failure, or as is said."""
    why = why or ("interrupted" if control.stop.is_set() else "--fail-fast")
    services.bus.emit(case_started(job))
    services.bus.emit(
        CaseFinished(case=job.case.id, outcome="skipped", duration_s=0.0, message=f"not run: {why}")
    )
    return Ending("skipped", why)
