"""``retrieve`` under a load: one object after the other, whoever asks for it, and nothing of it kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.amounts import amount
from scenario_runner.api import Received, RetrieveResult, StepContext, StepResult, Target
from scenario_runner.api.timing import operation
from scenario_runner.checks.asked import named_by
from scenario_runner.dicom.retrieve_keys import listed
from scenario_runner.steps.load.calling import LoadedCalls
from scenario_runner.steps.load.queries import RetrieveCalls

if TYPE_CHECKING:
    from scenario_runner.api import SentInstance
    from scenario_runner.api.get_contexts import Portion
    from scenario_runner.dicom.retrieve_keys import Keys
    from scenario_runner.language.loads import Load


def loaded_retrievals(
    context: StepContext,
    target: Target,
    load: Load,
    requests: Sequence[Keys],
    portions: Callable[[Keys], Sequence[Portion]],
    expected: Mapping[str, SentInstance],
    destination: str | None,
) -> StepResult:
    """Retrieve what the requests name in turn, as often as the load says; once each in a closed load without an end.

    portions: what brings one object. expected: what ought to come of all of them, by SOP instance UID, as far as that is known.
    destination: the AE title that it is moved to instead of to us.
    """
    if not requests:
        return StepResult(outcome="failed", message="there is nothing to retrieve", value={})
    known = [portions(keys) for keys in requests]
    to_come = _to_come(requests, expected)

    def bring(number: int) -> tuple[list[RetrieveResult], int, str]:
        came: Counter[str] = Counter()

        def count(received: Received) -> None:
            came[received.sop_instance_uid] += 1

        results, moved = [], 0
        for portion in known[number % len(known)]:
            if destination is None:
                results.append(portion.bring(target, count, context.deadline))
            else:
                one = target.move(portion.request, count, context.deadline, destination=destination)
                moved += one.completed + one.warning
                results.append(one)
        if destination is not None:
            return results, moved, ""
        return results, came.total(), _wrong(came, to_come[number % len(known)])

    name = "C-MOVE" if destination is not None else operation(target, "c-get", "wado")
    calls = LoadedCalls(context, load, name, lambda: RetrieveCalls(bring, name), len(requests))
    facts: Mapping[str, Any] = {"objects": len(requests)}
    return calls.result("retrieval", "instance", facts)


def _to_come(
    requests: Sequence[Keys], expected: Mapping[str, SentInstance]
) -> list[frozenset[str]]:
    """What each request is to bring; nothing where nobody knows."""
    # Of thousands of requests each is to look at its own alone.
    of: dict[str, dict[str, dict[str, SentInstance]]] = {"StudyInstanceUID": {}, "PatientID": {}}
    for uid, one in expected.items():
        study = one.image.series.study
        of["StudyInstanceUID"].setdefault(study.uid, {})[uid] = one
        of["PatientID"].setdefault(study.patient.patient_id, {})[uid] = one
    found = []
    for keys in requests:
        key = next((key for key in of if key in keys), None)
        own = [expected] if key is None else [of[key].get(one, {}) for one in listed(keys[key])]
        found.append(frozenset(uid for some in own for uid in named_by(keys, some)))
    return found


def _wrong(came: Counter[str], to_come: frozenset[str]) -> str:
    """What is wrong with what a request has brought, in words; empty where nothing is."""
    if twice := sum(count > 1 for count in came.values()):
        return f"{amount(twice, 'instance')} came more than once"
    short = len(to_come - came.keys())
    return f"{short} of {amount(len(to_come), 'instance')} did not come" if came and short else ""
