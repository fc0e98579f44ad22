"""Events to record: the one place that knows what an event log means, finished or cut anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner import events as kinds
from scenario_runner.evidence.log import DAMAGED
from scenario_runner.evidence.plan_file import PlanCase, PlanFile
from scenario_runner.evidence.planned_steps import in_order, of_each, readable, skipped, unfinished
from scenario_runner.evidence.record import (
    AttachmentRecord,
    AttemptRecord,
    CaseRecord,
    CheckRecord,
    LogRecord,
    RunRecord,
    ScenarioRecord,
    StepRecord,
    TakenOverRecord,
)
from scenario_runner.evidence.record_latency import LatencyRecord
from scenario_runner.evidence.seen import not_tried, note
from scenario_runner.evidence.sent_images import SentImages
from scenario_runner.evidence.times import seconds_between
from scenario_runner.evidence.traceability import requirements_of
from scenario_runner.evidence.unreadable import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MOST_PROBLEMS = 100
_FROM_BELOW = (
    AttachmentRecord, AttemptRecord, CheckRecord, LatencyRecord, StepRecord, ScenarioRecord, CaseRecord, RunRecord,
)  # fmt: skip
"""Built in this order, each model takes over what is built below it; the other way round all is made again."""


def record_from_events(
    events: Iterable[Mapping[str, Any]],
    plan: PlanFile | None = None,
    *,
    run_id: str = "",
    carried: Iterable[Mapping[str, Any]] = (),
) -> RunRecord:
    """Fold the events of a run into its record.

    events: objects as ``read_events`` yields them; the sequence may end anywhere. Whatever has
    begun and not ended is ``interrupted``; a planned step or case that never began is ``skipped``.
    plan: gives the patients of each case, and the cases never reached. run_id: used only when the
    first event is lost. carried: of a run that repeats another, the events of the cases that were not
    repeated, each with the ``run`` it is from. Nothing is raised for events that make no sense: ``problems`` names them.
    """
    for model in _FROM_BELOW:
        model.model_rebuild()
    fold = _Fold(run_id)
    for event in events:
        fold.take(event)
    for event in carried:
        fold.carry(event)
    return fold.finish(plan or PlanFile())


class _Fold:
    def __init__(self, run_id: str) -> None:
        self._run = RunRecord(id=run_id, outcome="interrupted")
        self._cases: dict[str, CaseRecord] = {}
        self._steps: dict[str, dict[str, StepRecord]] = {}
        self._planned: dict[str, list[Mapping[str, Any]]] = {}
        self._over: set[str] = set()
        self._sent = SentImages()
        self._seq = 0
        self._last_time: str | None = None
        self._problems = 0
        self._take: dict[str, Callable[[Mapping[str, Any]], None]] = {
            kinds.RunStarted.kind: self._run_started,
            kinds.CaseStarted.kind: self._case_started,
            kinds.TakenOver.kind: self._taken_over,
            kinds.StepStarted.kind: self._step_started,
            kinds.Progress.kind: self._progress,
            kinds.Logged.kind: self._logged,
            kinds.LatencyMeasured.kind: self._latency_measured,
            kinds.Attached.kind: self._attached,
            kinds.PeerSeen.kind: self._peer_seen,
            kinds.InstanceSent.kind: self._instance_sent,
            kinds.CheckFinished.kind: self._check_finished,
            kinds.AttemptFinished.kind: self._attempt_finished,
            kinds.StepFinished.kind: self._step_finished,
            kinds.CaseFinished.kind: self._case_finished,
            kinds.RunFinished.kind: self._run_finished,
            DAMAGED: lambda event: self._problem(str(event["message"])),
        }

    def take(self, event: Mapping[str, Any]) -> None:
        self._count(event)
        self._handle(event)

    def carry(self, event: Mapping[str, Any]) -> None:
        """Take an event of another run, which says what became of a case there."""
        self._handle(event)
        if isinstance(event.get("case"), str):
            self._case(event["case"]).from_run = str(event.get("run", ""))

    def _handle(self, event: Mapping[str, Any]) -> None:
        kind = event.get("event")
        handler = self._take.get(kind) if isinstance(kind, str) else None
        if handler is None:
            return
        try:
            handler(event)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            why = first_line(error)
            self._problem(f"event {event.get('seq', '?')} ({kind}) makes no sense: {why}")

    def _count(self, event: Mapping[str, Any]) -> None:
        seq, time = event.get("seq"), event.get("time")
        if isinstance(seq, int):
            if seq > self._seq + 1:
                self._problem(f"events {self._seq + 1} to {seq - 1} are missing")
            self._seq = max(self._seq, seq)
        if isinstance(time, str):
            self._last_time = time

    def _problem(self, text: str) -> None:
        self._problems += 1
        if self._problems <= _MOST_PROBLEMS:
            self._run.problems.append(text)

    def _run_started(self, event: Mapping[str, Any]) -> None:
        if event.get("schema", kinds.SCHEMA) not in kinds.READABLE:
            self._problem(
                f"the log is in the form {str(event['schema'])[:40]!r} of another version of the program; what is "
                f"shown was read as {kinds.SCHEMA}"
            )
        fields = (
            "seed", "seed_given", "command", "environment", "site", "targets", "sources",
            "rerun_of", "remarks",
        )  # fmt: skip
        self._run = RunRecord.model_validate(
            {
                "id": event["run"],
                "started": event.get("time"),
                "outcome": "interrupted",
                "problems": self._run.problems,
                **{name: event[name] for name in fields if name in event},
            }
        )
        for target, known in zip(self._run.targets, event.get("targets", ()), strict=True):
            target.not_tried = not_tried(target.kind, known.get("capabilities", ()), target.url)

    def _case_started(self, event: Mapping[str, Any]) -> None:
        case = CaseRecord.model_validate(
            {
                "id": event["case"],
                "name": event["name"],
                "scenario": event.get("scenario", {}),
                "matrix": event.get("matrix", {}),
                "seed": event.get("seed"),
                "counts": event.get("counts", {}),
                "worker": event.get("worker", ""),
                "started": event.get("time"),
                "outcome": "interrupted",
            }
        )
        self._cases[case.id] = case
        self._steps.setdefault(case.id, {})
        self._planned[case.id] = self._readable(case.id, event.get("steps", []))

    def _readable(self, case: str, planned: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return readable(
            planned,
            lambda why: self._problem(f"a planned step of case {case} makes no sense: {why}"),
        )

    def _taken_over(self, event: Mapping[str, Any]) -> None:
        self._run.taken_over.append(TakenOverRecord.model_validate(_only(event, TakenOverRecord)))
        if not event["part"]:  # begun again from its first step; what a PACS acknowledged stays
            name = event["case"]
            self._steps.pop(name, None)
            self._over = {one for one in self._over if one.partition("\n")[0] != name}

    def _case(self, name: str) -> CaseRecord:
        if name not in self._cases:  # its case_started is lost
            self._cases[name] = CaseRecord(id=name, name=name, outcome="interrupted")
        return self._cases[name]

    def _step(self, event: Mapping[str, Any]) -> StepRecord:
        case, id_ = event["case"], event["id"]
        steps = self._steps.setdefault(self._case(case).id, {})
        if id_ not in steps:
            planned = next((s for s in self._planned.get(case, []) if s.get("id") == id_), {})
            steps[id_] = unfinished({**planned, **event})
        return steps[id_]

    def _step_started(self, event: Mapping[str, Any]) -> None:
        time = event.get("time")
        self._step(event).started = time if isinstance(time, str) else None

    def _progress(self, event: Mapping[str, Any]) -> None:
        done, total = (_counted(event.get(name)) for name in ("done", "total"))
        of = f" of {total}" if total else ""
        self._step(event).progress = f"{done}{of} {event['unit']}"

    def _logged(self, event: Mapping[str, Any]) -> None:
        self._step(event).logs.append(
            LogRecord(time=event["time"], level=event["level"], message=event["message"])
        )

    def _latency_measured(self, event: Mapping[str, Any]) -> None:
        self._step(event).latencies = [
            LatencyRecord.model_validate(one) for one in event["latencies"]
        ]

    def _attached(self, event: Mapping[str, Any]) -> None:
        self._step(event).attachments.append(
            AttachmentRecord.model_validate(_only(event, AttachmentRecord))
        )

    def _peer_seen(self, event: Mapping[str, Any]) -> None:
        for target in self._run.targets:
            if target.name == event["target"]:
                note(target, event)

    def _instance_sent(self, event: Mapping[str, Any]) -> None:
        self._sent.take(event)

    def _check_finished(self, event: Mapping[str, Any]) -> None:
        self._step(event).checks.append(CheckRecord.model_validate(_only(event, CheckRecord)))

    def _attempt_finished(self, event: Mapping[str, Any]) -> None:
        step = self._step(event)
        step.attempt_list.append(AttemptRecord.model_validate(_only(event, AttemptRecord)))
        step.attempts = len(step.attempt_list)

    def _step_finished(self, event: Mapping[str, Any]) -> None:
        before = self._step(event)
        steps = self._steps[event["case"]]
        steps[event["id"]] = StepRecord.model_validate(
            {
                **{name: getattr(before, name) for name in StepRecord.model_fields},
                **_only(event, StepRecord),
                "progress": "",
            }
        )
        self._over.add(f"{event['case']}\n{event['id']}")

    def _case_finished(self, event: Mapping[str, Any]) -> None:
        case = self._case(event["case"])
        ended = CaseRecord.model_validate(
            {"id": case.id, "name": case.name, **_only(event, CaseRecord)}
        )
        case.outcome, case.duration_s, case.message = (
            ended.outcome,
            ended.duration_s,
            ended.message,
        )
        self._over.add(case.id)

    def _run_finished(self, event: Mapping[str, Any]) -> None:
        ended = RunRecord.model_validate(
            {
                "id": self._run.id,
                "outcome": event["outcome"],
                "exit_code": event.get("exit_code"),
                "duration_s": event.get("duration_s", 0.0),
            }
        )
        self._run.outcome, self._run.exit_code = ended.outcome, ended.exit_code
        self._run.duration_s, self._run.finished = ended.duration_s, self._last_time

    def finish(self, plan: PlanFile) -> RunRecord:
        run = self._run
        if self._problems > _MOST_PROBLEMS:
            run.problems.append(f"and {self._problems - _MOST_PROBLEMS} more")
        for case in self._cases.values():
            self._close(case)
        if run.finished is None:
            run.duration_s = seconds_between(run.started, self._last_time)
        for planned in plan.cases:
            if planned.id not in self._cases:
                self._cases[planned.id] = self._unreached(planned)
            self._sent.mark(planned.id, planned.patients)
            self._cases[planned.id].patients = planned.patients
        # As planned, however many ran side by side.
        places = {planned.id: place for place, planned in enumerate(plan.cases)}
        run.cases = sorted(self._cases.values(), key=lambda case: places.get(case.id, len(places)))
        run.requirements = requirements_of(run.cases)
        return run

    def _unreached(self, planned: PlanCase) -> CaseRecord:
        message = "The run ended before this case began."
        return CaseRecord(
            id=planned.id,
            name=planned.name or planned.id,
            scenario=planned.scenario or ScenarioRecord(name=planned.name),
            matrix=planned.matrix,
            seed=planned.seed,
            counts=planned.counts,
            outcome="skipped",
            message=message,
            steps=[skipped(step, message) for step in self._readable(planned.id, planned.steps)],
        )

    def _close(self, case: CaseRecord) -> None:
        """Settle what the log leaves open: durations of what was cut off, steps never reached."""
        steps = self._steps.get(case.id, {})
        over = case.id in self._over
        for step in steps.values():
            if f"{case.id}\n{step.id}" not in self._over:
                where = f", at {step.progress}" if step.progress else ""
                step.message = f"The run ended during this step{where}."
                step.duration_s = seconds_between(step.started, self._last_time)
        if not over:
            case.duration_s = seconds_between(case.started, self._last_time)
            case.message = case.message or "The run ended during this case."
        seen = {*steps, *map(of_each, steps)}
        planned = self._planned.get(case.id, [])
        for one in planned:
            if one["id"] not in seen:
                step = skipped(one, "Not run." if over else "The run ended before this step.")
                steps[step.id] = step
        case.steps = in_order(steps, planned)


def _only(event: Mapping[str, Any], model: type[Any]) -> dict[str, Any]:
    return {name: event[name] for name in model.model_fields if name in event}


def _counted(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else ""
