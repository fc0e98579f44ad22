"""What the answers to retrievals say, for the scenario and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from scenario_runner.api import RetrieveResult, status_class
from scenario_runner.steps.problems import problems


def status_facts(result: RetrieveResult) -> dict[str, Any]:
    """Its status, and HTTP's beside it, for the scenario and the report."""
    told = {
        "status": f"{result.status:04X}",
        "class": status_class(result.status),
        "comment": result.comment,
    }
    return told if result.http is None else {**told, "http": result.http}


def warned(results: Sequence[RetrieveResult]) -> str:
    """What a message adds when sub-operations were answered with a warning."""
    number = sum(result.warning for result in results)
    return f", {number} with a warning" if number else ""


def counts(results: list[RetrieveResult]) -> dict[str, Any]:
    """What the PACS counted, for the report."""
    return {
        "completed_suboperations": sum(result.completed for result in results),
        "warning_suboperations": sum(result.warning for result in results),
        "failed_suboperations": sum(result.failed for result in results),
        "failed_uids": [uid for result in results for uid in result.failed_uids],
        "statuses": dict(Counter(f"{result.status:04X}" for result in results)),
        "problems": problems(p for p in map(status_facts, results) if p["class"] != "success"),
        "association": dict(results[-1].association) if results else {},
    }


def over_http(results: list[RetrieveResult]) -> dict[str, Any]:
    """HTTP's own words, for the report."""
    web = [result for result in results if result.http is not None]
    if not web:
        return {}
    types = dict.fromkeys(result.media_type for result in web)
    return {"http": dict(Counter(str(result.http) for result in web)), "media_types": list(types)}


def lacking(came: int, missing: int, expected: int) -> str:
    """What a message adds when some of what the case sent did not come, whatever else did."""
    if came + missing == expected:
        return f", of {expected} that this case sent"
    return f", and {missing} of {expected} that this case sent did not come"
