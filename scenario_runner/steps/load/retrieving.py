"""``retrieve`` under a load: one object after the other, whoever asks for it, and nothing of it kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Received, RetrieveResult, StepContext, StepResult, Target
from scenario_runner.api.timing import operation
from scenario_runner.steps.load.calling import LoadedCalls
from scenario_runner.steps.load.queries import RetrieveCalls

if TYPE_CHECKING:
    from scenario_runner.api.get_contexts import Portion
    from scenario_runner.dicom.retrieve_keys import Keys
    from scenario_runner.language.loads import Load


def loaded_retrievals(
    context: StepContext,
    target: Target,
    load: Load,
    requests: Sequence[Keys],
    portions: Callable[[Keys], Sequence[Portion]],
    destination: str | None,
) -> StepResult:
    """Retrieve what the requests name in turn, as often as the load says; once each in a closed load without an end.

    portions: what brings one object. destination: the AE title that it is moved to instead of to us.
    """
    if not requests:
        return StepResult(outcome="failed", message="there is nothing to retrieve", value={})
    known = [portions(keys) for keys in requests]

    def bring(number: int) -> tuple[list[RetrieveResult], int]:
        came = 0

        def count(received: Received) -> None:
            nonlocal came
            del received
            came += 1

        results = []
        for portion in known[number % len(known)]:
            if destination is None:
                results.append(portion.bring(target, count, context.deadline))
            else:
                moved = target.move(
                    portion.request, count, context.deadline, destination=destination
                )
                came += moved.completed + moved.warning
                results.append(moved)
        return results, came

    name = "C-MOVE" if destination is not None else operation(target, "c-get", "wado")
    calls = LoadedCalls(context, load, name, lambda: RetrieveCalls(bring, name), len(requests))
    facts: Mapping[str, Any] = {"objects": len(requests)}
    return calls.result("retrieval", "instance", facts)
