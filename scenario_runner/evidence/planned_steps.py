"""Steps as they were planned: what is said of those of which a log tells nothing, and in which order all of them are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.evidence.record import StepRecord
from scenario_runner.evidence.unreadable import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Planned = Mapping[str, Any]
    """The fields of a planned step; ``id`` names it."""

_KNOWN = frozenset({
    "id", "step", "title", "section", "requirements", "check_requirements", "tags", "line",
})  # fmt: skip


def readable(planned: Iterable[Planned], problem: Callable[[str], None]) -> list[Planned]:
    """Those whose fields are what they should be; of others at most their names. problem: told why, of each of these."""
    steps: list[Planned] = []
    for step in planned:
        try:
            unfinished(step)
        except (KeyError, TypeError, ValueError) as error:
            problem(first_line(error))
            if isinstance(step, dict) and isinstance(step.get("id"), str) and step["id"]:
                steps.append({"id": step["id"]})
        else:
            steps += [step] if step["id"] else []
    return steps


def unfinished(fields: Planned) -> StepRecord:
    """A step that has begun and not ended. Raises KeyError, TypeError, ValidationError for fields that make no sense."""
    return StepRecord.model_validate(
        {
            "step": fields["id"],
            "outcome": "interrupted",
            **{name: fields[name] for name in _KNOWN if fields.get(name) is not None},
        }
    )


def skipped(planned: Planned, message: str) -> StepRecord:
    """A step that was never begun, and why."""
    step = unfinished(planned)
    step.outcome, step.message = "skipped", message
    return step


def in_order(steps: Mapping[str, StepRecord], planned: Iterable[Planned]) -> list[StepRecord]:
    """Steps by their ids as they were planned. A step under for_each runs once per item, as ``send[0]``, ``send[1]``."""
    # Python's sort is stable: the order of events stays but for steps side by side, ``finally`` comes last.
    places = {step["id"]: place for place, step in enumerate(planned)}
    last = 0
    order = {}
    for id_ in steps:
        last = places.get(id_, places.get(of_each(id_), last))
        order[id_] = last
    return sorted(steps.values(), key=lambda step: (step.section == "finally", order[step.id]))


def of_each(id_: str) -> str:
    """The planned step that a step ``send[0]`` under for_each is one of."""
    return id_.rpartition("[")[0]
